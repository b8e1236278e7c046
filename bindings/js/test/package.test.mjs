// What is in the installed package: its size, its declarations, and what it does not have.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const require = createRequire(import.meta.url);

test("the wasm module with all three services has less than 80 kB gzipped", (t) => {
  const size = gzipSync(readFileSync(require.resolve("framekey/framekey.wasm")), { level: 9 }).length;
  t.diagnostic(`${size} bytes gzipped`);
  assert.ok(size < 80_000, `${size} bytes`);
});

test("there are no dependencies and no install scripts", () => {
  const manifest = require("framekey/package.json");
  for (const key of ["dependencies", "peerDependencies", "optionalDependencies", "scripts"]) {
    assert.equal(manifest[key], undefined, key);
  }
});

const PROGRAM = `
import { ApiVideo, NotFoundError, TwelveLabs, VideoVector, init, type CallOptions, type TokenProvider } from "framekey";
import { ApiVideo as Alone } from "framekey/api-video";
import { Emulator } from "framekey/emulator";

const options: CallOptions = { signal: new AbortController().signal, timeout: 5 };
const av = new ApiVideo({ apiKey: "k", sandbox: true });
const same: ApiVideo = new Alone({ uploadToken: "to" });
export async function main() {
  await init();
  const page = await av.videos.list({ pageSize: 50, tags: ["a"] }, options);
  await av.videos.get("vi1", options);
  await same.videos.uploadWithToken({ file: new Blob(["x"]) });
  await new TwelveLabs().indexes.indexedAssets.list("index", { pageLimit: 10 });
  await new VideoVector({ jwt: "j" }).apiKeys.rotate("key");
  new TwelveLabs({ apiKey: async () => "k" });
  const provider: TokenProvider = () => ({ token: "t", expiresAt: new Date() });
  new VideoVector({ tokenProvider: provider });
  new ApiVideo({ tokenProvider: async () => "t" });
  // @ts-expect-error a token is a text
  new ApiVideo({ tokenProvider: async () => 1 });
  // @ts-expect-error Twelve Labs takes API keys only
  new TwelveLabs({ tokenProvider: provider });
  await using emulator = await Emulator.start({ scenario: { seed: 3 } });
  new ApiVideo({ ...emulator.apiVideo, timeout: 5 });
  await emulator.fault({ operation: "videos.*", after_commit: true, reset: true });
  // @ts-expect-error the document's own names
  await emulator.fault({ afterCommit: true });
  // @ts-expect-error a video's id is a text
  await av.videos.get(1);
  // @ts-expect-error no such argument
  await av.videos.list({ pageSise: 50 });
  // @ts-expect-error no such option
  new ApiVideo({ apiKeys: "k" });
  // @ts-expect-error no such verb
  await av.videos.fetch("vi1");
  try {
    return page.data;
  } catch (error) {
    if (error instanceof NotFoundError) return error.requestId?.length ?? error.retryAfter ?? error.status;
    throw error;
  }
}
`;

for (const [name, extra] of Object.entries({
  "ES modules in Node": ["--module", "nodenext"],
  "CommonJS in Node": ["--module", "nodenext"],
  "a bundler": ["--module", "esnext", "--moduleResolution", "bundler"],
})) {
  test(`the declarations fit ${name}`, () => {
    const folder = mkdtempSync(join(process.cwd(), "types-"));
    const file = join(folder, name.startsWith("CommonJS") ? "program.cts" : "program.mts");
    writeFileSync(file, PROGRAM);
    const tsc = join(process.env.FRAMEKEY_ROOT, "bindings/js/node_modules/.bin/tsc");
    const common = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--types", ""];
    try {
      execFileSync(tsc, [...common, ...extra, file], { cwd: process.cwd(), encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  });
}
