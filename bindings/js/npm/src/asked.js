// Functions of the caller's that give a secret.

/** How long one may take, as in the other languages. */
const LIMIT = 30;

/** A function as the core takes it; undefined where there is none. */
export function asked(ask) {
  return ask && { ask, pending: undefined };
}

/** What `source` gives: `{ secret, end }`; fails with a text that says what it did. All who ask meanwhile share it. */
export function give(source) {
  source.pending ??= answer(source.ask).finally(() => {
    source.pending = undefined;
  });
  return source.pending;
}

async function answer(ask) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(LATE), LIMIT * 1000);
    // The call that waits has a timer of its own; where it was given up, nothing is waited for.
    timer.unref?.();
  });
  let given;
  try {
    given = await Promise.race([ask(), late]);
  } catch (error) {
    throw error === LATE ? `gave nothing in ${LIMIT} s` : `threw ${kind(error)}`;
  } finally {
    clearTimeout(timer);
  }
  return read(given);
}

const LATE = Symbol();

/** A text, or a text and its end. Another thing is told by its type: it may hold a secret all the same. */
function read(given) {
  if (typeof given === "string") return { secret: given };
  const secret = typeof given === "object" ? given?.token : undefined;
  if (typeof secret !== "string") throw `gave ${kind(given)}, not a text`;
  const { expiresAt } = given;
  if (expiresAt == null) return { secret };
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  if (typeof end !== "number" || !isFinite(end)) throw `gave an expiresAt that is ${kind(expiresAt)}, not a time`;
  return { secret, end };
}

/** The class or type of a value: what is thrown may quote a secret, so its words are not kept. */
function kind(value) {
  const name = value === null ? "null" : typeof value === "object" && value.constructor?.name;
  return typeof name === "string" && /^\w{1,60}$/.test(name) ? name : typeof value;
}
