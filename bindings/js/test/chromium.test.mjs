// The installed package in a page, unbundled, against the emulator.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { after, before, describe, test } from "node:test";

import { Emulator } from "framekey/emulator";

const { chromium } = createRequire(join(process.env.FRAMEKEY_ROOT, "bindings/js/package.json"))("playwright-core");
const calls = JSON.parse(await readFile(join(process.env.FRAMEKEY_ROOT, "bindings/generated/calls.json"), "utf8"));
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

let emulator;
let server;
let profile;
let browser;
let page;

/** The folder that the package is installed in, as a web site; `/` is an empty page. */
function serve() {
  const folder = process.cwd();
  const site = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://site").pathname));
    if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
    const type = TYPES[extname(path)];
    if (type === undefined) return response.writeHead(404).end();
    const file = createReadStream(join(folder, path));
    file.once("error", () => response.writeHead(404).end());
    file.once("open", () => response.setHeader("content-type", type));
    return file.pipe(response);
  });
  return new Promise((resolve) => site.listen(0, "127.0.0.1", () => resolve(site)));
}

before(async () => {
  emulator = await Emulator.start();
  server = await serve();
  profile = await mkdtemp(join(tmpdir(), "framekey-chromium-"));
  browser = await chromium.launchPersistentContext(profile, { executablePath: process.env.FRAMEKEY_CHROMIUM, headless: true, args: FLAGS });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async (info) => {
    const framekey = await import("/node_modules/framekey/dist/esm/index.js");
    const rows = await import("/test/rows.mjs");
    Object.assign(globalThis, { framekey, rows, info });
  }, await emulator.control("GET", "/info"));
});

after(async () => {
  await browser?.close();
  server?.close();
  await emulator?.stop();
  if (profile) await rm(profile, { recursive: true, force: true });
});

describe("every row of the operation table in a page", () => {
  before(() =>
    page.evaluate(async () => {
      globalThis.clients = await rows.makeClients(framekey, info, { dangerouslyAllowBrowser: true });
    }),
  );
  for (const call of calls) {
    test(`${call.service} ${call.operation}`, async () => {
      await emulator.clearJournal();
      await page.evaluate(async (call) => {
        await rows.makeCall(clients, info, call);
      }, call);
      const last = (await emulator.journal()).at(-1);
      assert.equal(last.operation, call.operation);
      assert.ok(last.status >= 200 && last.status < 300, `status ${last.status}`);
    });
  }
});

test("an expired access token is exchanged once and the call succeeds in a page", async () => {
  await page.evaluate(async () => {
    const { api_key: apiKey, base_url: baseUrl } = info["api-video"];
    globalThis.av = new framekey.ApiVideo({ apiKey, baseUrl, dangerouslyAllowBrowser: true });
    await av.videos.list({ pageSize: 1 });
  });
  await emulator.clearJournal();
  await emulator.advance(3700);
  const pages = await page.evaluate(() => Promise.all(Array.from({ length: 8 }, () => av.videos.list({ pageSize: 1 }))));
  assert.ok(pages.every(({ data }) => Array.isArray(data)));
  const exchanges = (await emulator.journal()).filter((entry) => entry.operation === "access_tokens.create");
  assert.equal(exchanges.length, 1);
});

test("a key is refused in a page and in its workers, an upload token is not", async () => {
  const codes = await page.evaluate(async () => {
    const attempt = (make) => {
      try {
        make();
        return "taken";
      } catch (error) {
        return `${error.name} ${error.code}`;
      }
    };
    const { ApiVideo, VideoVector } = framekey;
    const inPage = [
      attempt(() => new ApiVideo({ apiKey: "canary" })),
      attempt(() => new ApiVideo({ api_key: "canary" })),
      attempt(() => new VideoVector({ jwt: "canary" })),
      attempt(() => new ApiVideo({ apiKey: () => "canary" })),
      attempt(() => new ApiVideo({ apiKey: "canary", dangerouslyAllowBrowser: "false" })),
      attempt(() => new ApiVideo({ uploadToken: "to1" })),
      attempt(() => new VideoVector({ tokenProvider: () => "canary" })),
    ];
    const code = `
      import { ApiVideo } from "${location.origin}/node_modules/framekey/dist/esm/api-video.js";
      try { new ApiVideo({ apiKey: "canary" }); postMessage("taken"); }
      catch (error) { postMessage(error.name + " " + error.code); }`;
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
    const inWorker = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
    });
    return [...inPage, inWorker];
  });
  const refused = "ConfigurationError auth.browser";
  assert.deepEqual(codes, [refused, refused, refused, refused, refused, "taken", "taken", refused]);
});

test("br_01 a page calls with the tokens that its server gives, and asks again when one is refused", async () => {
  await emulator.clearJournal();
  const asked = await page.evaluate(async () => {
    const { api_key: apiKey, base_url: baseUrl } = info["api-video"];
    const { access_token: good } = await av.accessTokens.create({ apiKey });
    let asked = 0;
    const tokenProvider = async () => {
      asked += 1;
      return { token: asked === 1 ? "refused-token" : good, expiresAt: Date.now() + 3600_000 };
    };
    const inPage = new framekey.ApiVideo({ tokenProvider, baseUrl });
    for (let call = 0; call < 3; call += 1) await inPage.videos.list();
    return asked;
  });
  assert.equal(asked, 2);
  const lists = (await emulator.journal()).filter((entry) => entry.operation === "videos.list");
  assert.deepEqual(lists.map((entry) => entry.status), [401, 200, 200, 200]);
});

test("a delegated upload from a page needs nothing but the token", async () => {
  await emulator.clearJournal();
  const video = await page.evaluate(async () => {
    const { base_url: baseUrl } = info["api-video"];
    const { token } = await av.uploadTokens.create();
    const uploader = new framekey.ApiVideo({ uploadToken: token, baseUrl });
    return uploader.videos.uploadWithToken({ file: new File([new Uint8Array(200_000)], "clip.mp4") });
  });
  assert.match(video.videoId, /^vi/);
  const sent = (await emulator.journal()).at(-1);
  assert.equal(sent.operation, "videos.upload_with_token");
  assert.equal(sent.credential.kind, "upload_token");
  assert.equal(sent.body_bytes, 200_000);
});

test("an aborted call fails with the signal's reason in a page", async () => {
  const name = await page.evaluate(async () => {
    const controller = new AbortController();
    const call = av.videos.list({}, { signal: controller.signal });
    controller.abort();
    return call.then(() => "answered", (error) => error.name);
  });
  assert.equal(name, "AbortError");
});
