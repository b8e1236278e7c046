// What the core gets from its surroundings: fetch, clocks, randomness, the environment.

import { give } from "./asked.js";
import { readJson, writeJson } from "./json.js";

const blobs = new Map();
let last = 0;

/** Keeps a Blob for the core, which knows it by the number that is given back. */
export function lend(blob) {
  last = (last + 1) >>> 0;
  blobs.set(last, blob);
  return last;
}

/** Lets a Blob go. */
export function release(number) {
  blobs.delete(number);
}

export const host = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
  readJson,
  writeJson,

  env(name) {
    const process = globalThis.process;
    return process?.versions?.node === undefined ? undefined : process.env[name];
  },

  sleep(milliseconds) {
    let end;
    let timer;
    const promise = new Promise((resolve) => {
      end = resolve;
      // Longer than a timer can count is as good as never.
      timer = setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1));
    });
    return {
      promise,
      cancel() {
        clearTimeout(timer);
        end();
      },
    };
  },

  ask(source) {
    // Others may wait for it too, so nobody breaks it off.
    return { promise: give(source), cancel() {} };
  },

  send(method, url, headers, body) {
    const controller = new AbortController();
    const promise = transmit(method, url, headers, body, controller).catch((error) => {
      throw fault(error);
    });
    return { promise, cancel: () => controller.abort() };
  },
};

async function transmit(method, url, headers, body, controller) {
  const fields = [];
  for (let at = 0; at < headers.length; at += 2) fields.push([headers[at], headers[at + 1]]);
  const response = await fetch(url, {
    method,
    headers: fields,
    body: body && assemble(body),
    signal: controller.signal,
    // Not followed, and told apart from a connection that broke, which "error" would not be.
    redirect: "manual",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    cache: "no-store",
  });
  if (response.type === "opaqueredirect") throw new Redirect();
  const reader = response.body?.getReader();
  return {
    status: response.status,
    headers: [...response.headers].flat(),
    read() {
      const promise = next(reader).catch((error) => {
        throw fault(error);
      });
      return { promise, cancel: () => controller.abort() };
    },
    cancel: () => controller.abort(),
  };
}

async function next(reader) {
  return (await reader?.read())?.value;
}

/** One piece is sent as it is; several become a Blob, which reads files while they are sent. */
function assemble(pieces) {
  if (pieces.length === 1) return pieces[0];
  return new Blob(pieces.map((piece) => (typeof piece === "number" ? blobs.get(piece) : piece)));
}

class Redirect extends Error {}

const UNREACHED = /^(ECONNREFUSED|EADDRNOTAVAIL|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|UND_ERR_CONNECT_TIMEOUT)$/;
const UNTRUSTED = /^(CERT_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_|SELF_SIGNED_|UNABLE_TO_)/;

/** How far the request came. Only codes are passed on: the texts of fetch may quote the URL. */
function fault(error) {
  if (error instanceof Redirect) {
    return { stage: "sent", message: "the service answered with a redirect, which is never followed" };
  }
  const code = String(error?.cause?.code ?? error?.code ?? "");
  if (UNREACHED.test(code)) return { stage: "connect", message: code };
  if (UNTRUSTED.test(code)) return { stage: "tls", message: code };
  return { stage: "sent", message: code || "the host's fetch failed and does not say why" };
}
