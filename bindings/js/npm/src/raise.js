// From what went wrong, in the core or here, to an error of its class.
import { FramekeyError } from "./failure.js";
import { KINDS } from "./generated/errors.js";

/** A failure that the core reports as names and values in turn; anything else is a fault of ours. */
export function raised(failure) {
  if (!Array.isArray(failure)) {
    return make({ kind: "internal", message: "framekey failed. Please report this.", code: "internal", cause: failure });
  }
  const fields = {};
  for (let at = 0; at < failure.length; at += 2) fields[failure[at]] = failure[at + 1];
  if (fields.cause !== undefined) fields.cause = new Error(fields.cause);
  return make(fields);
}

/** A failure that is seen before the core sees the call. */
export function refused(kind, code, message, cause) {
  return make({ kind, code, message: `${message} [${code}]`, attempts: 0, cause });
}

function make({ message, ...fields }) {
  return new (KINDS[fields.kind] ?? FramekeyError)(named(message, fields), fields);
}

/** The core names options and arguments as Rust does; here they are `pageSize`. */
function named(message, { status, serverMessage }) {
  if (status === undefined) return inCamelCase(message);
  // The service has names of its own, in its words and around them: only options are ours.
  const ours = (text) => text.replace(/option `[a-z_]+`/g, camel);
  return serverMessage ? message.split(serverMessage).map(ours).join(serverMessage) : ours(message);
}

function inCamelCase(message) {
  return message.replace(/`[a-z0-9]+(_[a-z0-9]+)+`/g, camel).replace(/; it (has|takes) [\w, ]+/, camel);
}

function camel(text) {
  return text.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}
