// The base of all errors.

export class FramekeyError extends Error {
  constructor(message, { cause, ...fields } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    Object.assign(this, fields);
  }
}

/** Minifiers rename classes; users match on names. */
export function named(kind, name) {
  Object.defineProperty(kind.prototype, "name", { value: name, configurable: true, writable: true });
}

named(FramekeyError, "FramekeyError");
