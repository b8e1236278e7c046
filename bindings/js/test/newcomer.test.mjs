// What somebody meets who has read only the README: every mistake is told as one of ours, by the names
// that JavaScript has, and nothing is sent.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";

import * as framekey from "framekey";

const { ApiVideo, TwelveLabs, VideoVector } = framekey;
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

let server;
let baseUrl;
let asked = 0;
before(async () => {
  server = createServer((_, response) => {
    asked += 1;
    response.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(unhandled, []);
});

const vv = (more) => new VideoVector({ apiKey: "k", baseUrl, ...more });
const circular = {};
circular.self = circular;

const MISTAKES = {
  "a key alone": [() => new ApiVideo("canary").videos.list(), "config.bad_option", /takes its options as an object/],
  "a list of options": [() => new ApiVideo(["canary"]).videos.list(), "config.bad_option", /as an object/],
  "a misspelt option": [() => vv({ apiKeyy: "canary" }).indexes.list(), "config.bad_option", /did you mean `apiKey`\?/],
  "an option that is far off": [() => vv({ colour: 1 }).indexes.list(), "config.bad_option", /it has apiKey, jwt, jwtKind, .*baseUrl/],
  "a misspelt function": [() => vv({ tokenProvder: () => "canary" }).indexes.list(), "config.bad_option", /`tokenProvder` does not take a function; .*`tokenProvider` do/],
  "a token for a provider": [() => vv({ tokenProvider: "canary" }).indexes.list(), "config.bad_option", /`tokenProvider` takes a function/],
  "a listener, which is not there": [() => vv({ onNotice: () => {} }).indexes.list(), "config.bad_option", /`onNotice` does not take a function; in JavaScript only `apiKey` and `tokenProvider` do \[/],
  "one, where keys are all there is": [() => new TwelveLabs({ onNotice: () => {} }).indexes.list(), "config.bad_option", /`onNotice` does not take a function; in JavaScript only `apiKey` does \[/],
  "a function for a JWT": [() => vv({ jwt: () => "canary" }).indexes.list(), "config.bad_option", /`jwt` does not take a function/],
  "a key under two names": [() => vv({ api_key: "canary" }).indexes.list(), "config.bad_option", /option `apiKey` is given twice/],
  "a number for a key": [() => vv({ apiKey: 5 }).indexes.list(), "config.bad_option", /`apiKey` takes a text/],
  "an object for a key": [() => vv({ apiKey: { key: "canary" } }).indexes.list(), "config.bad_option", /`apiKey` takes a text/],
  "a text for a time limit": [() => vv({ timeout: "5" }).indexes.list(), "config.bad_option", /`timeout` takes a number of seconds/],
  "no number for a time limit": [() => vv({ timeout: NaN }).indexes.list(), "config.bad_option", /`timeout` does not take NaN/],
  "no end for a time limit": [() => vv({ timeout: Infinity }).indexes.list(), "config.bad_option", /`timeout` does not take Infinity/],
  "an empty key": [() => vv({ apiKey: "" }).indexes.list(), "auth.malformed", /option `apiKey` is empty/],
  "no key": [() => new TwelveLabs({ baseUrl }).indexes.list(), "auth.missing", /TWELVE_LABS_API_KEY or pass the option `apiKey`/],
  "a text for a call's time limit": [() => vv().indexes.list({}, { timeout: "5" }), "usage.bad_value", /positive number of seconds/],
  "a big number for it": [() => vv().indexes.list({}, { timeout: 5n }), "usage.bad_value", /positive number of seconds/],
  "a controller for its signal": [() => vv().indexes.get("v", { signal: new AbortController() }), "usage.bad_value", /takes an AbortSignal/],
  "a misspelt argument": [() => vv().indexes.list({ includeDefault: true }), "usage.unknown_argument", /did you mean `includeDefaults`\?/],
  "a signal among the arguments": [() => vv().indexes.list({ signal: AbortSignal.timeout(1000) }), "usage.unknown_argument", /`signal`/],
  "an argument that is no number": [() => vv().indexes.list({ includeDefaults: NaN }), "usage.bad_value", /cannot be written as JSON/],
  "an argument that is a function": [() => vv().indexes.create({ name: () => "canary" }), "usage.bad_value", /cannot be written as JSON/],
  "an argument in two spellings": [() => vv().indexes.list({ include_defaults: true, includeDefaults: false }), "usage.bad_value", /argument `includeDefaults` is given twice/],
  "an argument in its place and by name": [() => vv().indexes.listVideos("v", { indexId: "w" }), "usage.bad_value", /argument `indexId` is given twice/],
  "half of a surrogate pair": [() => vv().indexes.create({ name: "a\ud83d" }), "usage.bad_value", /cannot be written as JSON/],
  "half of one in a name": [() => vv().indexes.create({ metadata: { "\udc00": 1 } }), "usage.bad_value", /cannot be written as JSON/],
  "an argument that holds itself": [() => vv().indexes.create({ name: circular }), "usage.bad_value", /cannot be written as JSON/],
};

for (const [what, [call, code, text]] of Object.entries(MISTAKES)) {
  test(`e41 ${what} is told`, async () => {
    delete process.env.TWELVE_LABS_API_KEY;
    const before = asked;
    await assert.rejects(async () => call(), (error) => {
      assert.ok(error instanceof framekey.FramekeyError, inspect(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, text);
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes("canary"), inspect(error));
      return true;
    });
    assert.equal(asked, before);
  });
}

test("a module that cannot be loaded is told, and another try may succeed", async () => {
  // The build for browsers, which Node does not take by itself, has a core of its own: a second copy.
  const other = await import(new URL("../node_modules/framekey/dist/esm/index.js", import.meta.url));
  const client = new other.VideoVector({ apiKey: "k", baseUrl });
  await assert.rejects(client.indexes.list(), (error) => {
    assert.ok(error instanceof other.ConfigurationError && !(error instanceof framekey.FramekeyError));
    assert.equal(error.code, "config.module");
    assert.match(error.message, /`init\(\)`/);
    assert.ok(error.cause instanceof Error);
    return true;
  });
  await other.init(await readFile(new URL("../node_modules/framekey/dist/framekey.wasm", import.meta.url)));
  await client.indexes.list();
  await vv().indexes.list();
});

test("what a service refuses is told by the names that JavaScript has, and its own words stay", async () => {
  const refusing = createServer((_, response) => {
    const answer = { title: "the option `api_key` is not `api_key`", status: 401 };
    response.writeHead(401, { "content-type": "application/problem+json" }).end(JSON.stringify(answer));
  });
  await new Promise((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${refusing.address().port}`;
  try {
    const told = async (call) => (await call.catch((error) => error)).message;
    const exchange = await told(new ApiVideo({ apiKey: "wrong", baseUrl }).videos.list());
    assert.match(exchange, /from option `apiKey`/);
    const upload = new ApiVideo({ uploadToken: "to1wrong", baseUrl }).videos.uploadWithToken;
    assert.match(await told(upload({ file: new Blob(["a film"]) })), /401: the option `api_key` is not `api_key`\. .* from option `uploadToken`/);
    const key = await told(vv({ apiKey: "sk_live_wrong", baseUrl }).indexes.list());
    assert.match(key, /from option `apiKey`/);
  } finally {
    refusing.closeAllConnections();
    await new Promise((resolve) => refusing.close(resolve));
  }
});

test("what is nothing counts as left out", async () => {
  const client = new VideoVector({ apiKey: "k", baseUrl: new URL(baseUrl), jwt: null, tokenProvider: undefined, timeout: null });
  await client.indexes.list({ includeDefaults: undefined }, { signal: null, timeout: null });
  await client.indexes.list(undefined, undefined);
  const { list } = client.indexes;
  await list();
});

test("e10 neither a clone nor an error on its way elsewhere holds a secret", async () => {
  const client = vv({ apiKey: "canary-key", tokenProvider: undefined });
  await client.indexes.list();
  assert.throws(() => structuredClone(client), (error) => !inspect(error).includes("canary-key"));
  assert.ok(!JSON.stringify([client, { ...client }]).includes("canary-key"));
  const failed = await client.indexes.list({}, { timeout: -1 }).catch((error) => error);
  assert.ok(!JSON.stringify(failed).includes("canary-key") && structuredClone(failed) instanceof Error);
});

test("a worker thread has a core of its own", async () => {
  const program = `
    const { TwelveLabs } = require("framekey");
    new TwelveLabs({ apiKey: "tlk_x", baseUrl: "${baseUrl}" }).indexes.list().then(
      () => require("worker_threads").parentPort.postMessage("answered"));`;
  const worker = new Worker(program, { eval: true });
  const said = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.equal(said, "answered");
});

test("a call that nobody waits for leaves a rejection to its maker alone", async () => {
  const controller = new AbortController();
  const call = vv().indexes.list({}, { signal: controller.signal });
  const seen = call.catch((error) => error.name);
  controller.abort();
  assert.equal(await seen, "AbortError");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(unhandled, []);
});
