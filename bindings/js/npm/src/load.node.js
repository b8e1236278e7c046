// Takes the place of load.js in the CommonJS build, which is what Node runs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export function load() {
  return readFile(join(__dirname, "..", "framekey.wasm"));
}
