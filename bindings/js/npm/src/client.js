// What the generated clients of the services stand on.
import { asked } from "./asked.js";
import { core } from "./core.js";
import { host, lend, release } from "./host.js";
import { readOptions } from "./options.js";
import { raised, refused } from "./raise.js";
import { attach } from "./resources.js";

const LONE_SURROGATE = /\p{Surrogate}/u;
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

export class ServiceClient {
  #name;
  #service;
  #options;
  #client;
  #baseUrl;

  constructor(name, service, operations, options) {
    const { plain, apiKey, tokenProvider } = readOptions(name, options);
    this.#name = name;
    this.#service = service;
    this.#options = [write(plain, "config.bad_option", "configuration"), host, asked(apiKey), asked(tokenProvider)];
    attach(this, operations, (...call) => this.#call(...call));
  }

  toJSON() {
    return { client: this.#name, service: this.#service, baseUrl: this.#baseUrl };
  }

  toString() {
    return this.#baseUrl === undefined ? this.#name : `${this.#name} ${this.#baseUrl}`;
  }

  [INSPECT]() {
    return `<${this}>`;
  }

  get [Symbol.toStringTag]() {
    return this.#name;
  }

  async #core() {
    const Client = await core();
    if (this.#client === undefined) {
      try {
        this.#client = new Client(this.#service, ...this.#options);
      } catch (failure) {
        throw raised(failure);
      }
      this.#options = undefined;
      this.#baseUrl = this.#client.baseUrl;
    }
    return this.#client;
  }

  async #call(operation, args, files, { signal, timeout }) {
    const text = write(args, "usage.bad_value", "usage", operation);
    signal?.throwIfAborted();
    const client = await this.#core();
    signal?.throwIfAborted();
    let cancel;
    const cancelled = signal && new Promise((resolve) => (cancel = resolve));
    signal?.addEventListener("abort", cancel, { once: true });
    const lent = files.map(({ blob }) => lend(blob));
    const named = files.flatMap(({ argument, blob }, at) => [argument, blob.name ?? "", blob.type, String(lent[at])]);
    try {
      const [, media, body] = await client.call(operation, text, named, timeout, cancelled);
      return read(operation, media, body);
    } catch (failure) {
      if (signal?.aborted && failure === null) throw signal.reason;
      throw failure instanceof Error && "kind" in failure ? failure : raised(failure);
    } finally {
      signal?.removeEventListener("abort", cancel);
      // A promise that nobody settles would be kept by the core for ever.
      cancel?.();
      lent.forEach(release);
    }
  }
}

function write(value, code, kind, operation) {
  try {
    return JSON.stringify(value, writable);
  } catch (error) {
    const place = operation === undefined ? "an option" : `\`${operation}\`: an argument`;
    throw refused(kind, code, `${place} cannot be written as JSON`, error);
  }
}

/** What JSON would leave out or turn into null, or UTF-8 into another text, and so nobody would see. */
function writable(name, value) {
  const type = typeof value;
  if (LONE_SURROGATE.test(name) || (type === "string" && LONE_SURROGATE.test(value))) {
    throw new TypeError(`\`${name}\` has half of a surrogate pair, which is no character`);
  }
  if (type !== "function" && type !== "symbol" && (type !== "number" || isFinite(value))) return value;
  throw new TypeError(`\`${name}\` is ${type === "number" ? value : `a ${type}`}, which JSON does not have`);
}

function read(operation, media, body) {
  if (body.length === 0) return undefined;
  const kind = media.split(";")[0].trim().toLowerCase();
  if (kind !== "application/json" && !kind.endsWith("+json")) return body;
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw refused("decode", "decode.body", `\`${operation}\`: the answer says that it is JSON, and is not`);
  }
}
