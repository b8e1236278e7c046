// The control plane from JavaScript.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { promisify } from "node:util";

import { ApiVideo, InternalServerError, TwelveLabs } from "framekey";
import { Emulator } from "framekey/emulator";

const BIRTH = new Date("2026-01-31T00:00:00Z");
let emulator;
before(async () => {
  emulator = await Emulator.start();
});
// Clients of one process share what they know of a key: each test has its own.
let tests = 0;
beforeEach(() => emulator.apply({ credentials: { api_video_key: `key-of-test-${(tests += 1)}` } }));
after(() => emulator?.stop());

test("the clock is the tests'", async () => {
  assert.deepEqual(await emulator.freeze(BIRTH), BIRTH);
  assert.deepEqual(await emulator.now(), BIRTH);
  assert.equal((await emulator.advance(1.5)) - BIRTH, 1500);
  assert.equal((await emulator.freeze()) - BIRTH, 1500);
  assert.ok((await emulator.setSpeed(1_000_000)) < (await emulator.now()));
  await assert.rejects(emulator.setSpeed(-1), /POST \/clock: speed: a number from 0/);
});

test("faults are planted, counted and cleared", async () => {
  const tl = new TwelveLabs(emulator.twelveLabs);
  await emulator.fault({ service: "twelve-labs", operation: "indexes.*", calls: [2], status: 503 });
  await tl.indexes.list();
  await assert.rejects(tl.indexes.list(), InternalServerError);
  assert.deepEqual((await emulator.faults()).map(({ seen, met }) => [seen, met]), [[2, 1]]);
  await emulator.clearFaults();
  assert.deepEqual(await emulator.faults(), []);
});

test("journal, counters, switches and revocation", async () => {
  const before = await emulator.switches();
  assert.equal((await emulator.switch({ api_video: { token_life: 60 } })).api_video.token_life, 60);
  assert.notDeepEqual(await emulator.switches(), before);
  const av = new ApiVideo(emulator.apiVideo);
  await av.videos.list();
  assert.equal(await emulator.revokeAccessTokens(), 1);
  await av.videos.list();
  const operations = (await emulator.journal()).map(({ operation }) => operation);
  assert.equal(operations.filter((operation) => operation === "access_tokens.create").length, 2);
  assert.equal((await emulator.counters())["api-video"]["access_tokens.create"], 2);
  await emulator.clearJournal();
  assert.deepEqual(await emulator.journal(), []);
});

test("state and scenarios", async () => {
  const av = new ApiVideo(emulator.apiVideo);
  await av.videos.create({ title: "kept" });
  const saved = await emulator.snapshot();
  const key = emulator.apiVideo.apiKey;
  await emulator.apply({ credentials: { api_video_key: "a-key-of-ours" } });
  assert.equal(emulator.apiVideo.apiKey, "a-key-of-ours");
  await emulator.restore(saved);
  assert.equal(emulator.apiVideo.apiKey, key);
  assert.deepEqual((await av.videos.list()).data.map(({ title }) => title), ["kept"]);
  await emulator.reset();
  assert.equal(emulator.apiVideo.apiKey, "a-key-of-ours", "as the last scenario has it");
  await assert.rejects(emulator.apply({ faults: 1 }), /POST \/scenario: faults: invalid type/);
});

test("a state file is loaded and saved", async () => {
  const state = join(tmpdir(), `framekey-${process.pid}.json`);
  try {
    for (const count of [0, 1]) {
      const own = await Emulator.start({ state });
      const av = new ApiVideo(own.apiVideo);
      assert.equal((await av.videos.list()).data.length, count);
      await av.videos.create({ title: "kept" });
      await own.stop();
    }
  } finally {
    await rm(state, { force: true });
  }
});

test("the example of the README does what it says", async () => {
  const readme = await readFile(new URL("../node_modules/framekey/README.md", import.meta.url), "utf8");
  const example = readme.split("```js\n").map((text) => text.split("```")[0]).find((text) => text.includes("Emulator.start"));
  const file = join(process.cwd(), "test", `readme-${process.pid}.mjs`);
  await writeFile(file, example);
  assert.equal((await promisify(execFile)(process.execPath, [file])).stdout, "2\n");
});

test("the declarations have the emulator's fields", async () => {
  const declared = await readFile(new URL("../node_modules/framekey/dist/esm/emulator.d.ts", import.meta.url), "utf8");
  const fields = (text) => [...text.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name).sort();
  const declaration = (name) => declared.split(`interface ${name} {`)[1].split("\n}")[0];
  const known = async (path, document) => {
    const { message } = await emulator.control("POST", path, document).catch((error) => error);
    return [...message.split("expected ")[1].matchAll(/`(\w+)`/g)].map(([, name]) => name).sort();
  };
  assert.deepEqual(fields(declaration("Fault")), await known("/faults", { "?": 1 }));
  assert.deepEqual(fields(declaration("Switches")), await known("/switches", { "?": 1 }));
  assert.deepEqual(fields(declaration("Scenario")), await known("/scenario", { "?": 1 }));
  const inner = [...declaration("Switches").matchAll(/^ {4}(\w+)\?:/gm)].map(([, name]) => name).sort();
  assert.deepEqual(inner, await known("/switches", { api_video: { "?": 1 } }));
});
