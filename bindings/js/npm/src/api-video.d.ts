export { init } from "./core.js";
export type { InitInput } from "./core.js";
export type { CallOptions, FileInput, GivenToken, Json, TokenProvider } from "./client.js";
export { FramekeyError } from "./failure.js";
export * from "./generated/errors.js";
export * from "./generated/api-video.js";
