// JSON for the core, which brings no reader and no writer of its own. A value crosses as a list of
// texts, each with a mark before it; lists and objects say how many follow.

/** Deeper is refused, as Rust's JSON does: both sides call themselves for each level. */
const DEEPEST = 128;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The one value that some bytes hold; undefined where they are not JSON. */
export function readJson(bytes) {
  try {
    const list = [];
    put(list, JSON.parse(utf8.decode(bytes)), 0);
    return list;
  } catch {
    return undefined;
  }
}

function put(list, value, depth) {
  if (depth > DEEPEST) throw new RangeError("too deep");
  if (value === null) list.push("n");
  else if (value === true) list.push("t");
  else if (value === false) list.push("f");
  else if (typeof value === "number") list.push(`#${value}`);
  else if (typeof value === "string") list.push(`"${value}`);
  else if (Array.isArray(value)) {
    list.push(`[${value.length}`);
    for (const item of value) put(list, item, depth + 1);
  } else {
    const fields = Object.entries(value);
    list.push(`{${fields.length}`);
    for (const [name, field] of fields) {
      list.push(name);
      put(list, field, depth + 1);
    }
  }
}

/** The text of a value. Numbers are written as they came. */
export function writeJson(list) {
  return write(list[Symbol.iterator]());
}

function write(list) {
  const text = list.next().value;
  const rest = text.slice(1);
  const times = (make) => Array.from({ length: Number(rest) }, make).join(",");
  switch (text[0]) {
    case "n":
      return "null";
    case "t":
      return "true";
    case "f":
      return "false";
    case "#":
      return rest;
    case "[":
      return `[${times(() => write(list))}]`;
    case "{":
      return `{${times(() => `${JSON.stringify(list.next().value)}:${write(list)}`)}}`;
    default:
      return JSON.stringify(rest);
  }
}
