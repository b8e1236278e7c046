// The methods of a client, made from its list of operations: `"videos.chapters.get video_id language +"`.
import { fold } from "./options.js";
import { refused } from "./raise.js";

/** Puts resources and methods on a client. `perform` takes operation, arguments, files, options. */
export function attach(client, operations, perform) {
  const made = [];
  for (const line of operations) {
    const [operation, ...names] = line.split(" ");
    const takesMore = names.at(-1) === "+";
    if (takesMore) names.pop();
    const path = operation.split(".").map(camel);
    const verb = path.pop();
    let owner = client;
    for (const name of path) {
      if (!Object.hasOwn(owner, name)) {
        const part = {};
        Object.defineProperty(owner, name, { value: part, enumerable: true });
        made.push(part);
      }
      owner = owner[name];
    }
    owner[verb] = async (...given) => {
      const { args, files, options } = sort(operation, names, takesMore, given);
      return perform(operation, args, files, options);
    };
  }
  made.forEach(Object.freeze);
}

function camel(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** What was given, sorted into arguments, files and options. */
function sort(operation, names, takesMore, given) {
  const wrong = (code, message) => refused("usage", code, `\`${operation}\`: ${message}`);
  const most = names.length + (takesMore ? 2 : 1);
  if (given.length > most) throw wrong("usage.bad_value", `takes at most ${most} arguments, not ${given.length}`);
  const args = {};
  const files = [];
  const known = new Set();
  const once = (name) => {
    if (known.has(fold(name))) throw wrong("usage.bad_value", `argument \`${name}\` is given twice`);
    known.add(fold(name));
  };
  names.forEach((name, at) => {
    if (given[at] === undefined) return;
    once(name);
    args[name] = given[at];
  });
  let rest = given.slice(names.length);
  if (takesMore) {
    const [more = {}, ...others] = rest;
    rest = others;
    if (!isPlain(more)) throw wrong("usage.bad_value", "takes its named arguments as one object");
    for (const [name, value] of Object.entries(more)) {
      if (value === undefined) continue;
      once(name);
      const blobs = asBlobs(value);
      if (blobs === undefined) args[name] = value;
      else files.push(...blobs.map((blob) => ({ argument: name, blob })));
    }
  }
  const [options = {}] = rest;
  if (!isPlain(options)) throw wrong("usage.bad_value", "takes the settings of a call as an object: { signal, timeout }");
  for (const name of Object.keys(options)) {
    if (name !== "signal" && name !== "timeout") {
      throw wrong("usage.unknown_argument", `a call has no setting \`${name}\`; it has signal and timeout`);
    }
  }
  const { signal, timeout } = options;
  if (signal != null && !(typeof signal.addEventListener === "function" && typeof signal.aborted === "boolean")) {
    throw wrong("usage.bad_value", "`signal` takes an AbortSignal");
  }
  if (timeout != null && !(typeof timeout === "number" && timeout > 0 && timeout < Infinity)) {
    throw wrong("usage.bad_value", "`timeout` takes a positive number of seconds");
  }
  return { args, files, options: { signal: signal ?? undefined, timeout: timeout ?? undefined } };
}

function isPlain(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && asBlobs(value) === undefined;
}

/** The value as files, if it is one or a list of some. */
function asBlobs(value) {
  const blobs = (Array.isArray(value) ? value : [value]).map(asBlob);
  return blobs.length > 0 && blobs.every((blob) => blob !== undefined) ? blobs : undefined;
}

function asBlob(value) {
  if (value instanceof Blob) return value;
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new Blob([value]) : undefined;
}
