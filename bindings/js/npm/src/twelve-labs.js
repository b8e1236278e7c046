export { init } from "./core.js";
export { FramekeyError } from "./failure.js";
export * from "./generated/errors.js";
export { TwelveLabs } from "./generated/twelve-labs.js";
