// RD-01, BR-02: a redirect takes no credential anywhere, in Node and in a page.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";

import * as framekey from "framekey";

import { failing, KINDS } from "./redirect-calls.mjs";
import { CHANGES, CODES, SECRETS, startSite } from "./redirects.mjs";

const { chromium } = createRequire(join(process.env.FRAMEKEY_ROOT, "bindings/js/package.json"))("playwright-core");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

let site;
before(async () => {
  site = await startSite();
});
after(() => site.stop());

/** Every code and change with one kind; `call` gives what it fails with. */
async function all(kind, call, codes = CODES) {
  site.home.length = 0;
  const errors = [];
  for (const code of codes) {
    for (const change of CHANGES) {
      const error = await call(kind, `${site.url}/${code}/${change}/${kind}`);
      for (const secret of SECRETS) assert.ok(!error.text.includes(secret), `${code} ${change}: a secret in the error`);
      errors.push(error);
    }
  }
  assert.deepEqual(site.sink, []);
  return errors;
}

for (const kind of KINDS) {
  test(`RD-01: in Node, no redirect takes the credential of ${kind}`, async () => {
    const errors = await all(kind, (kind, url) => failing(framekey, kind, url));
    for (const [index, { code, status }] of errors.entries()) {
      assert.deepEqual([code, status], ["http.redirect", CODES[Math.floor(index / CHANGES.length)]]);
    }
    assert.equal(site.home.length, CODES.length * CHANGES.length);
  });
}

test("RD-01: in Node, a redirected exchange is not followed", async () => {
  await all("exchange", (kind, url) => failing(framekey, kind, url), [307]);
  assert.ok(site.home.length >= CHANGES.length);
});

test("RD-01: in a page, no redirect takes any credential", async () => {
  const folder = process.cwd();
  const files = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://site").pathname));
    if (path === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>test</title>");
    const file = createReadStream(join(folder, path));
    file.once("error", () => response.writeHead(404).end());
    file.once("open", () => response.setHeader("content-type", TYPES[extname(path)] ?? "text/plain"));
    return file.pipe(response);
  });
  await new Promise((resolve) => files.listen(0, "127.0.0.1", resolve));
  const profile = await mkdtemp(join(tmpdir(), "framekey-chromium-"));
  const browser = await chromium.launchPersistentContext(profile, { executablePath: process.env.FRAMEKEY_CHROMIUM, headless: true, args: FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${files.address().port}/`);
    await page.evaluate(async () => {
      globalThis.framekey = await import("/node_modules/framekey/dist/esm/index.js");
      globalThis.calls = await import("/test/redirect-calls.mjs");
    });
    for (const kind of KINDS) {
      await all(kind, (kind, url) => page.evaluate(([kind, url]) => calls.failing(framekey, kind, url, { dangerouslyAllowBrowser: true }), [kind, url]));
      assert.ok(site.home.length >= CODES.length * CHANGES.length, `${kind}: ${site.home.length} calls`);
    }
  } finally {
    await browser.close();
    files.close();
    await rm(profile, { recursive: true, force: true });
  }
});
