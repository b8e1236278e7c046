// The WebAssembly module, started once.
import start, { Client } from "./glue.js";
import { load } from "./load.js";

let ready;

/** Starts the core; the first call of any client does it where nobody has. */
export async function init(source) {
  await core(source);
}

/** The core's one class. */
export function core(source) {
  ready ??= begin(source).catch((error) => {
    // The network may be back at the next try.
    ready = undefined;
    throw error;
  });
  return ready;
}

async function begin(source) {
  await start({ module_or_path: await (source ?? load()) });
  return Client;
}
