// Where the WebAssembly module is, in a browser. The URL is written out, so that bundlers see it.

export function load() {
  return new URL("../framekey.wasm", import.meta.url);
}
