// Functions that give a credential: when they are asked, and what follows when they fail.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { inspect } from "node:util";

import * as framekey from "framekey";

const { ApiVideo, TwelveLabs, VideoVector } = framekey;
const CANARY = "canary0123456789canary";
const TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";

let server;
let baseUrl;
let sent = [];
let status = () => 204;
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(reason));

before(async () => {
  server = createServer((request, response) => {
    sent.push(request.headers.authorization ?? request.headers["x-api-key"] ?? "");
    response.writeHead(status(sent.length)).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(unhandled, []);
});

/** What the service was sent while `work` was done, if it answers 401 where `refuses` says so. */
async function sentBy(work, refuses = () => false) {
  sent = [];
  status = (number) => (refuses(number) ? 401 : 204);
  await work();
  return sent;
}

/** Numbers its answers, and counts them. */
function counting(make) {
  const ask = () => make(++ask.times);
  ask.times = 0;
  return ask;
}

test("e32 a token provider is asked on each attempt, for api.video too", async () => {
  for (const [Client, call] of [[VideoVector, (vv) => vv.apiKeys.list()], [ApiVideo, (av) => av.videos.list()]]) {
    const tokenProvider = counting(async (number) => `${TOKEN}${number}`);
    const client = new Client({ tokenProvider, baseUrl });
    const got = await sentBy(async () => {
      await call(client);
      await call(client);
    });
    assert.deepEqual(got, [`Bearer ${TOKEN}1`, `Bearer ${TOKEN}2`]);
  }
});

test("e32 a token that says its end is kept until shortly before, and calls share one answer", async () => {
  const tokenProvider = counting(async (number) => ({ token: `${TOKEN}${number}`, expiresAt: new Date(Date.now() + 3600_000) }));
  const vv = new VideoVector({ tokenProvider, baseUrl });
  const got = await sentBy(() => Promise.all(Array.from({ length: 64 }, () => vv.apiKeys.list())));
  assert.deepEqual(new Set(got), new Set([`Bearer ${TOKEN}1`]));
  await vv.apiKeys.list();
  assert.equal(tokenProvider.times, 1);
});

test("e32 a token that has ended by this clock is sent once and not kept", async () => {
  for (const expiresAt of [Date.now() - 1000, new Date(0), Math.floor(Date.now() / 1000), -1]) {
    const tokenProvider = counting((number) => ({ token: `${TOKEN}${number}`, expiresAt }));
    const vv = new VideoVector({ tokenProvider, baseUrl });
    const got = await sentBy(async () => {
      await vv.apiKeys.list();
      await vv.apiKeys.list();
    });
    assert.deepEqual(got, [`Bearer ${TOKEN}1`, `Bearer ${TOKEN}2`]);
  }
});

test("e32 a refused token is followed by a new one and never sent again", async () => {
  for (const more of [{}, { expiresAt: Date.now() + 3600_000 }]) {
    const tokenProvider = counting((number) => ({ token: `${TOKEN}${number}`, ...more }));
    const vv = new VideoVector({ tokenProvider, baseUrl });
    const got = await sentBy(() => vv.apiKeys.list(), (number) => number === 1);
    assert.equal(got.length, 2);
    assert.equal(new Set(got).size, 2);
    const same = new VideoVector({ tokenProvider: () => ({ token: TOKEN, ...more }), baseUrl });
    const advice = /The callback `tokenProvider` gives a token that is refused; have it get a new one\./;
    const told = (error) => error.code === "auth.token_rejected" && advice.test(error.message);
    const again = await sentBy(() => assert.rejects(same.apiKeys.list(), told), () => true);
    assert.equal(again.length, 1);
  }
});

test("e32 a key function is asked once, and again when the key is refused", async () => {
  const apiKey = counting(async (number) => `tlk_${"A".repeat(31)}${number}`);
  const tl = new TwelveLabs({ apiKey, baseUrl });
  assert.equal(apiKey.times, 0);
  const got = await sentBy(async () => {
    await Promise.all([tl.indexes.list(), tl.indexes.list()]);
    await tl.indexes.list();
  }, (number) => number === 3);
  assert.deepEqual(got.map((key) => key.at(-1)), ["1", "1", "1", "2"]);
});

const BAD = {
  "throws": [() => { throw new TypeError(CANARY); }, "auth.source", "threw TypeError"],
  "rejects": [async () => { throw new RangeError(CANARY); }, "auth.source", "threw RangeError"],
  "throws a text": [() => { throw CANARY; }, "auth.source", "threw string"],
  "throws nothing": [() => Promise.reject(), "auth.source", "threw undefined"],
  "throws with a telling name": [() => { throw Object.assign(new Error(CANARY), { name: CANARY }); }, "auth.source", "threw Error"],
  "has a bad then": [() => ({ get then() { throw new Error(CANARY); } }), "auth.source", "threw Error"],
  "gives nothing": [() => undefined, "auth.source", "gave undefined, not a text"],
  "gives null": [async () => null, "auth.source", "gave null, not a text"],
  "gives a number": [() => 1, "auth.source", "gave number, not a text"],
  "gives bytes": [() => new TextEncoder().encode(CANARY), "auth.source", "gave Uint8Array, not a text"],
  "gives another object": [() => ({ access_token: CANARY }), "auth.source", "gave Object, not a text"],
  "gives a bad end": [() => ({ token: CANARY, expiresAt: CANARY }), "auth.source", "gave an expiresAt that is string, not a time"],
  "gives an invalid date": [() => ({ token: CANARY, expiresAt: new Date(NaN) }), "auth.source", "gave an expiresAt that is Date, not a time"],
  "gives two lines": [() => `${TOKEN}\nx-other: ${CANARY}`, "auth.source"],
  "gives an empty text": [() => "", "auth.source"],
};

for (const [how, [tokenProvider, code, did = ""]] of Object.entries(BAD)) {
  test(`py_02 a token provider that ${how} is told without its words, and nothing is sent`, async () => {
    const vv = new VideoVector({ tokenProvider, baseUrl });
    const got = await sentBy(async () => {
      for (const _ of [1, 2]) {
        await assert.rejects(vv.apiKeys.list(), (error) => {
          assert.ok(error instanceof framekey.CredentialError, inspect(error));
          assert.equal(error.code, code);
          assert.match(error.message, /callback `tokenProvider`/);
          assert.ok(error.message.includes(did), error.message);
          assert.equal(error.cause, undefined);
          assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes("canary"));
          return true;
        });
      }
    });
    assert.deepEqual(got, []);
  });
}

test("py_02 an api key function that gives junk is told as a token provider is", async () => {
  for (const [how, text] of [[() => 1, /callback `apiKey` gave number, not a text/], [() => "", /API key from callback `apiKey` is empty/]]) {
    await assert.rejects(new TwelveLabs({ apiKey: how, baseUrl }).indexes.list(), (error) => {
      return error instanceof framekey.CredentialError && text.test(error.message);
    });
  }
});

test("py_02 a failure is not latched", async () => {
  const tokenProvider = counting((number) => {
    if (number === 1) throw new Error(CANARY);
    return TOKEN;
  });
  const vv = new VideoVector({ tokenProvider, baseUrl });
  await assert.rejects(vv.apiKeys.list(), { code: "auth.source" });
  assert.deepEqual(await sentBy(() => vv.apiKeys.list()), [`Bearer ${TOKEN}`]);
});

test("py_02 a token provider that hangs holds neither its call nor one that is broken off", async () => {
  const vv = new VideoVector({ tokenProvider: () => new Promise(() => {}), baseUrl });
  await assert.rejects(vv.apiKeys.list({ timeout: 0.2 }), framekey.APITimeoutError);
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await assert.rejects(vv.apiKeys.list({ signal: controller.signal }), reason);
});

test("py_02 a token provider that fails when nobody waits any more leaves no rejection behind", async () => {
  let fail;
  const vv = new VideoVector({ tokenProvider: () => new Promise((_, reject) => (fail = reject)), baseUrl });
  await assert.rejects(vv.apiKeys.list({ signal: AbortSignal.timeout(50) }), { name: "TimeoutError" });
  fail(new Error(CANARY));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(unhandled, []);
});

test("e02 a program ends while a function hangs", () => {
  const program = `
    import { VideoVector } from "framekey";
    const vv = new VideoVector({ tokenProvider: () => new Promise(() => {}) });
    await vv.apiKeys.list({ timeout: 0.1 }).catch((error) => console.log(error.code));`;
  const start = performance.now();
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: process.cwd(), encoding: "utf8" });
  assert.equal(said, "timeout.deadline\n");
  assert.ok(performance.now() - start < 10_000);
});

test("e10 a client with a function shows nothing of it", async () => {
  const tokenProvider = Object.assign(() => TOKEN, { secret: CANARY });
  const vv = new VideoVector({ tokenProvider, baseUrl });
  await vv.apiKeys.list();
  assert.ok(!inspect(vv, { depth: 9, showHidden: true }).includes("canary"));
});

test("a function beside another credential, or where there is none, is refused", async () => {
  const refused = (client, call, code, text) =>
    assert.rejects(call(client), (error) => error.code === code && text.test(error.message) && !/_from/.test(error.message));
  await refused(new TwelveLabs({ tokenProvider: () => TOKEN }), (tl) => tl.indexes.list(), "config.bad_option", /API keys only.*tokenProvider/);
  await refused(new VideoVector({ jwt: TOKEN, tokenProvider: () => TOKEN }), (vv) => vv.apiKeys.list(), "auth.conflict", /jwt.*tokenProvider/);
  await refused(new ApiVideo({ apiKey: "k", tokenProvider: () => TOKEN }), (av) => av.videos.list(), "auth.conflict", /tokenProvider/);
});
