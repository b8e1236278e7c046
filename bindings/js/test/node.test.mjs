// The installed package in Node, as ES modules, against the emulator.
import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";

import * as framekey from "framekey";
import { Emulator } from "framekey/emulator";

import { makeCall, makeClients } from "./rows.mjs";

const { ApiVideo, TwelveLabs, VideoVector } = framekey;
const calls = JSON.parse(await readFile(join(process.env.FRAMEKEY_ROOT, "bindings/generated/calls.json"), "utf8"));

let emulator;
let info;
const apiVideo = (more) => new ApiVideo({ ...emulator.apiVideo, ...more });

/** A client with a key that no other test has: clients of one process share what they know of a key. */
async function freshApiVideo(test) {
  await emulator.apply({ credentials: { api_video_key: `key-of-${test.name.replaceAll(/\W+/g, "-")}` } });
  return apiVideo();
}

/** A Twelve Labs client of a service that answers as `handler` says; `call` is made while it is there. */
async function against(handler, call) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await call(new TwelveLabs({ apiKey: "tlk_canary", baseUrl: `http://127.0.0.1:${server.address().port}` }));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

before(async () => {
  emulator = await Emulator.start();
  info = await emulator.control("GET", "/info");
});
after(() => emulator?.stop());

describe("every row of the operation table", () => {
  let clients;
  before(async () => {
    clients = await makeClients(framekey, info);
  });
  test("there are 259 of them", () => assert.equal(calls.length, 259));
  for (const call of calls) {
    test(`${call.service} ${call.operation}`, async () => {
      await emulator.clearJournal();
      await makeCall(clients, info, call);
      const last = (await emulator.journal()).at(-1);
      assert.equal(last.operation, call.operation);
      assert.ok(last.status >= 200 && last.status < 300, `status ${last.status}`);
    });
  }
});

test("e01 64 promises at an ended token share one exchange", async (t) => {
  const av = await freshApiVideo(t);
  await av.videos.list({ pageSize: 1 });
  await emulator.clearJournal();
  await emulator.advance(3700);
  const pages = await Promise.all(Array.from({ length: 64 }, () => av.videos.list({ pageSize: 1 })));
  assert.ok(pages.every((page) => Array.isArray(page.data)));
  const journal = await emulator.journal();
  assert.equal(journal.filter((entry) => entry.operation === "access_tokens.create").length, 1);
});

test("e01 two clients of one key share one exchange, also after an early revocation", async (t) => {
  const clients = [await freshApiVideo(t), apiVideo()];
  const exchanges = async () => {
    await emulator.clearJournal();
    const calls = Array.from({ length: 64 }, (_, at) => clients[at % 2].videos.list({ pageSize: 1 }));
    await Promise.all(calls);
    return (await emulator.journal()).filter((entry) => entry.operation === "access_tokens.create").length;
  };
  await emulator.advance(3700);
  assert.equal(await exchanges(), 1);
  assert.equal(await exchanges(), 0);
  await emulator.revokeAccessTokens();
  assert.equal(await exchanges(), 1);
});

test("values pass as they are, null included", async (t) => {
  const av = await freshApiVideo(t);
  const title = "Ünïcode – 影片";
  const made = await av.videos.create({ title, tags: ["a", "b"], metadata: [{ key: "k", value: "v" }] });
  assert.equal(made.title, title);
  assert.deepEqual(made.tags, ["a", "b"]);
  assert.equal((await av.videos.list({ title })).data.length, 1);
  assert.equal(await av.videos.delete(made.videoId), undefined);
  await assert.rejects(av.videos.get(made.videoId), framekey.NotFoundError);
});

test("a file on disk is uploaded byte for byte", async (t) => {
  const file = join(tmpdir(), `framekey-${process.pid}.mp4`);
  await writeFile(file, new Uint8Array(300_000).map((_, at) => at % 251));
  const av = await freshApiVideo(t);
  const { videoId } = await av.videos.create({ title: "from disk" });
  await emulator.clearJournal();
  const video = await av.videos.upload(videoId, { file: await openAsBlob(file) });
  assert.equal(video.videoId, videoId);
  const sent = (await emulator.journal()).at(-1);
  assert.equal(sent.operation, "videos.upload");
  assert.equal(sent.body_bytes, 300_000);
});

test("a form is written as RFC 7578 says, with its length announced", async () => {
  const bytes = new Uint8Array(100_000).map((_, at) => at % 251);
  let headers;
  const handler = async (request, response) => {
    headers = request.headers;
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const form = await new Response(Buffer.concat(chunks), { headers: { "content-type": headers["content-type"] } }).formData();
    const file = form.get("file");
    const same = Buffer.from(await file.arrayBuffer()).equals(Buffer.from(bytes));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ same, name: file.name, type: file.type, method: form.get("method") }));
  };
  const got = await against(handler, (tl) =>
    tl.assets.create({ method: "direct", file: new File([bytes], 'a "b" ü.mp4', { type: "video/mp4" }) }));
  assert.deepEqual(got, { same: true, name: 'a "b" ü.mp4', type: "video/mp4", method: "direct" });
  assert.ok(Number(headers["content-length"]) > 100_000);
  assert.equal(headers["x-api-key"], "tlk_canary");
  assert.equal(headers.referer, undefined);
});

test("a redirect is not followed and is told as what it is", async () => {
  let asked = 0;
  const handler = (request, response) => {
    asked += 1;
    response.writeHead(302, { location: "http://127.0.0.1:9/elsewhere" }).end();
  };
  await against(handler, (tl) =>
    assert.rejects(tl.indexes.list(), (error) => error instanceof framekey.APIStatusError && error.code === "http.redirect"));
  assert.equal(asked, 1);
});

test("bytes in memory are uploaded too", async (t) => {
  const av = await freshApiVideo(t);
  const { videoId } = await av.videos.create({ title: "from memory" });
  assert.equal((await av.videos.upload(videoId, { file: new Uint8Array(1000) })).videoId, videoId);
});

test("an aborted call fails with the signal's reason, before and while it runs", async () => {
  const reason = new Error("enough");
  await assert.rejects(apiVideo().videos.list({}, { signal: AbortSignal.abort(reason) }), reason);
  let gone;
  const brokenOff = new Promise((resolve) => (gone = resolve));
  await against((request) => request.socket.once("close", gone), async (tl) => {
    const controller = new AbortController();
    const call = tl.indexes.list({}, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(call, reason);
    await brokenOff;
  });
});

test("a call that takes longer than its limit says so, and leaves no request behind", async () => {
  let gone;
  const brokenOff = new Promise((resolve) => (gone = resolve));
  await against((request) => request.socket.once("close", gone), async (tl) => {
    await assert.rejects(tl.indexes.list({}, { timeout: 0.2 }), (error) => {
      assert.ok(error instanceof framekey.APITimeoutError && error instanceof framekey.APIConnectionError);
      assert.equal(error.code, "timeout.deadline");
      return true;
    });
    await brokenOff;
  });
});

test("errors are classes with fields", async () => {
  const wrong = new TwelveLabs({ apiKey: "tlk_wrong", baseUrl: info["twelve-labs"].base_url });
  await assert.rejects(wrong.indexes.list(), (error) => {
    assert.ok(error instanceof framekey.AuthenticationError);
    assert.ok(error instanceof framekey.APIStatusError && error instanceof framekey.FramekeyError);
    assert.equal(error.name, "AuthenticationError");
    assert.equal(error.kind, "authentication");
    assert.equal(error.code, "auth.key_rejected");
    assert.equal(error.status, 401);
    assert.equal(error.service, "twelve-labs");
    assert.equal(error.operation, "indexes.list");
    assert.equal(error.serverCode, "api_key_invalid");
    assert.equal(error.attempts, 1);
    assert.ok(!inspect(error, { depth: 9 }).includes("tlk_wrong"));
    return true;
  });
});

test("what cannot be sent is refused before it is sent", async () => {
  const vv = new VideoVector({ apiKey: info.videovector.api_key, baseUrl: info.videovector.base_url });
  await emulator.clearJournal();
  const refused = (call, kind, code) =>
    assert.rejects(call, (error) => error instanceof kind && error.code === code && error.attempts === 0);
  await refused(vv.apiKeys.create({ name: "x" }), framekey.CredentialError, "auth.wrong_kind");
  await refused(vv.indexes.list({ colour: 1 }), framekey.UsageError, "usage.unknown_argument");
  await refused(vv.apiKeys.get(), framekey.UsageError, "usage.missing_argument");
  await refused(vv.apiKeys.get(".."), framekey.UsageError, "usage.bad_id");
  await refused(vv.apiKeys.get("a", {}, {}), framekey.UsageError, "usage.bad_value");
  await refused(vv.apiKeys.list({ retries: 3 }), framekey.UsageError, "usage.unknown_argument");
  await refused(vv.apiKeys.get(1n), framekey.UsageError, "usage.bad_value");
  await refused(vv.apiKeys.list({ timeout: 0 }), framekey.UsageError, "usage.bad_value");
  assert.deepEqual(await emulator.journal(), []);
});

test("a client that is configured wrongly says so", async () => {
  const refused = (client, code) =>
    assert.rejects(client.videos.list(), (error) => error instanceof framekey.ConfigurationError && error.code === code);
  await refused(new ApiVideo({ apiKey: "k", baseUrl: "http://example.com" }), "auth.insecure");
  await refused(new ApiVideo({ apiKey: "k", baseUrl: "nonsense" }), "config.bad_base_url");
  await refused(new ApiVideo({ apiKey: "k", colour: "red" }), "config.bad_option");
  await refused(new ApiVideo({ apiKey: "canary\ncanary", baseUrl: info["api-video"].base_url }), "auth.malformed");
});

test("a service that is not there is a connection error", async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const tl = new TwelveLabs({ apiKey: "tlk_x", baseUrl: `http://127.0.0.1:${port}` });
  await assert.rejects(tl.indexes.list(), (error) => {
    assert.ok(error instanceof framekey.APIConnectionError, String(error));
    assert.equal(error.code, "net.connect");
    assert.ok(error.message.includes(`could not connect to http://127.0.0.1:${port} (`), error.message);
    return true;
  });
});

test("keys come from the environment of Node", async () => {
  process.env.TWELVE_LABS_API_KEY = info["twelve-labs"].api_key;
  try {
    const tl = new TwelveLabs({ baseUrl: info["twelve-labs"].base_url });
    assert.ok(Array.isArray((await tl.indexes.list()).data));
  } finally {
    delete process.env.TWELVE_LABS_API_KEY;
  }
});

test("a client shows no secret", async (t) => {
  const av = await freshApiVideo(t);
  const key = emulator.apiVideo.apiKey;
  const shown = () =>
    [inspect(av, { depth: 9, showHidden: true }), JSON.stringify(av), String(av), Object.keys(av).join(), JSON.stringify({ ...av })].join("\n");
  assert.ok(!shown().includes(key));
  await av.videos.list();
  assert.ok(!shown().includes(key));
  assert.match(inspect(av), /ApiVideo http:\/\/127\.0\.0\.1/);
});
