export { init } from "./core.js";
export { FramekeyError } from "./failure.js";
export * from "./generated/errors.js";
export { ApiVideo } from "./generated/api-video.js";
