// The options of a client as the core takes them: what is plain as JSON, and the caller's functions.
import { refused } from "./raise.js";

const KEYS = new Set(["apikey", "jwt", "accesstoken", "refreshtoken"]);
const FUNCTIONS = new Set(["apikey", "tokenprovider"]);

/** Gives `{ plain, apiKey, tokenProvider }`; refuses what is seen to be wrong without the core. */
export function readOptions(client, options) {
  options ??= {};
  const wrong = (what) => refused("configuration", "config.bad_option", `${client}: ${what}`);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw wrong("takes its options as an object: { apiKey: … }");
  }
  const { dangerouslyAllowBrowser, ...rest } = options;
  if (dangerouslyAllowBrowser !== true) refuseKeysInBrowser(client, rest);
  const functions = {};
  const given = new Set();
  for (const [name, value] of Object.entries(rest)) {
    const known = fold(name);
    if (given.has(known)) throw wrong(`option \`${name}\` is given twice, in two spellings`);
    given.add(known);
    const type = typeof value;
    if (type === "function" && FUNCTIONS.has(known)) {
      functions[known] = value;
      delete rest[name];
    } else if (known === "tokenprovider" && value != null) {
      throw wrong(`option \`${name}\` takes a function`);
    } else if (type === "function" || type === "symbol" || type === "bigint" || (type === "number" && !isFinite(value))) {
      const takers = client === "TwelveLabs" ? "`apiKey` does" : "`apiKey` and `tokenProvider` do";
      const hint = type === "function" ? `; in JavaScript only ${takers}` : "";
      throw wrong(`option \`${name}\` does not take ${type === "number" ? value : `a ${type}`}${hint}`);
    }
  }
  return { plain: rest, apiKey: functions.apikey, tokenProvider: functions.tokenprovider };
}

function refuseKeysInBrowser(client, options) {
  if (!inBrowser()) return;
  for (const [option, value] of Object.entries(options)) {
    if (value == null || !KEYS.has(fold(option))) continue;
    throw refused(
      "configuration",
      "auth.browser",
      `${client}: every visitor of a page can read its \`${option}\`. Keep it on a server and pass a \`tokenProvider\`, ` +
        "or set `dangerouslyAllowBrowser: true` where all visitors may have it",
    );
  }
}

/** Case, underscores and dashes do not matter, as the core has it. */
export function fold(name) {
  return name.replace(/[_-]/g, "").toLowerCase();
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
