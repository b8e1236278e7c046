// The WebAssembly module, started once.
import start, { Client } from "./glue.js";
import { load } from "./load.js";
import { refused } from "./raise.js";

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
    const text = "the WebAssembly module cannot be loaded from where it was; give `init()` its bytes or its URL";
    throw refused("configuration", "config.module", text, error);
  });
  return ready;
}

async function begin(source) {
  await start({ module_or_path: await (source ?? load()) });
  return Client;
}
