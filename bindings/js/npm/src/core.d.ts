/** The WebAssembly module `framekey/framekey.wasm`: its bytes, compiled, as a response, or where it is. */
export type InitInput = WebAssembly.Module | BufferSource | Response | URL | string;

/**
 * Starts the core. Not needed where the package finds its module by itself, in Node, in browsers and
 * in most bundlers; call it before the first call of a client where it does not.
 */
export function init(source?: InitInput | Promise<InitInput>): Promise<void>;
