// What the generated clients of the services stand on.
import { core } from "./core.js";
import { host, lend, release } from "./host.js";
import { raised, refused } from "./raise.js";
import { attach } from "./resources.js";

const INSPECT = Symbol.for("nodejs.util.inspect.custom");
const KEYS = new Set(["apikey", "jwt", "accesstoken", "refreshtoken"]);

export class ServiceClient {
  #name;
  #service;
  #options;
  #client;
  #baseUrl;

  constructor(name, service, operations, options = {}) {
    const { dangerouslyAllowBrowser, ...rest } = options ?? {};
    this.#name = name;
    this.#service = service;
    this.#options = write(rest, "config.bad_option", "configuration");
    if (!dangerouslyAllowBrowser) refuseKeysInBrowser(name, rest);
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
        this.#client = new Client(this.#service, this.#options, host);
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
    return JSON.stringify(value);
  } catch (error) {
    const place = operation === undefined ? "an option" : `\`${operation}\`: an argument`;
    throw refused(kind, code, `${place} cannot be written as JSON`, error);
  }
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

function refuseKeysInBrowser(name, options) {
  if (!inBrowser()) return;
  for (const [option, value] of Object.entries(options)) {
    if (value == null || !KEYS.has(option.replace(/[_-]/g, "").toLowerCase())) continue;
    throw refused(
      "configuration",
      "auth.browser",
      `${name}: every visitor of a page can read its \`${option}\`. Keep it on a server, or set ` +
        "`dangerouslyAllowBrowser: true` where all visitors may have it",
    );
  }
}

/** A page or one of its workers; servers that are built like workers are not. */
function inBrowser() {
  if (typeof window !== "undefined" && typeof window.document !== "undefined") return true;
  return (
    typeof WorkerGlobalScope !== "undefined" &&
    globalThis instanceof WorkerGlobalScope &&
    globalThis.navigator?.userAgent !== "Cloudflare-Workers"
  );
}
