// The emulator as a user's tests start it: found, ready, ended, and what is said where it is not.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspect, promisify } from "node:util";

import { ApiVideo, TwelveLabs, VideoVector } from "framekey";
import { Emulator, EmulatorError } from "framekey/emulator";

const run = promisify(execFile);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "framekey-test-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function listens(url) {
  return new Promise((resolve) => {
    const socket = connect(new URL(url).port, "127.0.0.1");
    socket.once("connect", () => resolve(true) ?? socket.destroy()).once("error", () => resolve(false));
  });
}

async function goneWithinASecond(url) {
  for (let waited = 0; waited < 1000; waited += 20) {
    if (!(await listens(url))) return true;
    await pause(20);
  }
  return false;
}

/** A program of ES modules, beside the installed package. */
async function program(name, text) {
  const file = join(process.cwd(), "test", `${name}-${process.pid}.mjs`);
  await writeFile(file, text);
  return file;
}

/** What the start of an emulator fails with. */
async function said(options) {
  const failure = await Emulator.start(options).catch((error) => error);
  assert.ok(failure instanceof EmulatorError, inspect(failure));
  return failure.message;
}

test("e36 it starts, serves and ends", async () => {
  const emulator = await Emulator.start();
  for (const access of [emulator.apiVideo, emulator.apiVideoSandbox]) {
    assert.deepEqual((await new ApiVideo(access).videos.list()).data, []);
  }
  assert.deepEqual((await new TwelveLabs(emulator.twelveLabs).indexes.list()).data, []);
  const { baseUrl, jwt, oauth } = emulator.videovector;
  assert.ok(Array.isArray(await new VideoVector(emulator.videovector).indexes.list()) && oauth);
  assert.ok((await new VideoVector({ baseUrl, jwt }).apiKeys.create({ name: "n" })).key_id);
  const url = emulator.apiVideo.baseUrl;
  assert.ok(!inspect([emulator, emulator.apiVideo], { depth: 9, showHidden: true }).includes(emulator.apiVideo.apiKey));
  await emulator.stop();
  assert.equal(await listens(url), false);
  assert.throws(() => emulator.apiVideo, /is not running/);
  await emulator.stop();
});

test("e36 two at once, and the end of a block", async () => {
  const [one, other] = await Promise.all([Emulator.start(), Emulator.start({ scenario: { seed: 2 } })]);
  assert.notEqual(one.apiVideo.baseUrl, other.apiVideo.baseUrl);
  assert.notEqual(one.apiVideo.apiKey, other.apiVideo.apiKey);
  await new ApiVideo(one.apiVideo).videos.create({ title: "only here" });
  assert.deepEqual((await new ApiVideo(other.apiVideo).videos.list()).data, []);
  const url = one.apiVideo.baseUrl;
  await Promise.all([one[Symbol.asyncDispose](), other.stop()]);
  assert.equal(await listens(url), false);
});

test("e36 a killed parent leaves no emulator", async () => {
  const file = await program("killed", `
    import { Emulator } from "framekey/emulator";
    console.log((await Emulator.start()).apiVideo.baseUrl);
    setTimeout(() => {}, 60_000);`);
  const parent = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(parent.stdout, "data");
  const url = String(line).trim();
  assert.ok(await listens(url));
  parent.kill("SIGKILL");
  assert.ok(await goneWithinASecond(url));
});

test("one that nobody stops keeps no program from its end, and ends with it", async () => {
  const file = await program("forgotten", `
    import { Emulator } from "framekey/emulator";
    const emulator = await Emulator.start();
    await emulator.now();
    console.log(emulator.apiVideo.baseUrl);`);
  const { stdout } = await run(process.execPath, [file], { timeout: 10_000 });
  assert.ok(await goneWithinASecond(stdout.trim()));
});

test("where the command is looked for", async () => {
  const { FRAMEKEY_BIN, PATH } = process.env;
  try {
    process.env.FRAMEKEY_BIN = "no/variable";
    assert.match(
      await said({ binary: "no/argument" }),
      /^`no\/argument` \(the option `binary`\) was not found. Install it with `cargo install framekey-cli`/,
    );
    assert.match(await said(), /^`no\/variable` \(FRAMEKEY_BIN\) was not found/);
    delete process.env.FRAMEKEY_BIN;
    process.env.PATH = folder;
    assert.match(await said(), /^`framekey` \(on PATH, since neither `binary` nor FRAMEKEY_BIN is set\) was not found/);
    await copyFile(FRAMEKEY_BIN, join(folder, "framekey"));
    await (await Emulator.start()).stop();
  } finally {
    Object.assign(process.env, { FRAMEKEY_BIN, PATH });
  }
});

for (const [does, message, startTimeout] of [
  ["echo out of luck >&2; exit 3", "ended with 3. It said: out of luck"],
  ["echo bad dream >&2; kill -9 $$", "was ended by SIGKILL. It said: bad dream"],
  ["echo hello", "is not the framekey command: it said `hello`"],
  ["echo null", "is not the framekey command: it said `null`"],
  ["printf half", "ended with 0, without a word"],
  ["sleep 60; exit 1", "was not ready within 0.3 seconds, without a word", 0.3],
  ["echo dozing >&2; exec sleep 60", "was not ready within 0.3 seconds. It said: dozing", 0.3],
  [`echo '{"control": "http://x"}'`, "is version unknown, and this package is"],
  [`echo '{"control": "http://x", "version": "7.0.0"}'`, "`cargo install framekey-cli --version"],
]) {
  test(`a command that is none is told with what it said: ${does}`, async () => {
    const binary = join(folder, "none");
    await writeFile(binary, `#!/bin/sh\n${does}\n`);
    await chmod(binary, 0o700);
    const start = performance.now();
    const failure = await said({ binary, startTimeout });
    assert.ok(performance.now() - start < 20_000, "what it started is not waited for");
    assert.ok(failure.includes(message) && failure.includes(binary), failure);
  });
}

test("a port in use and a wrong scenario are told", async () => {
  const emulator = await Emulator.start();
  const port = Number(new URL(emulator.apiVideo.baseUrl).port);
  assert.match(await said({ port }), new RegExp(`port ${port} on 127.0.0.1 is in use`));
  await emulator.stop();
  const again = await Emulator.start({ port });
  assert.equal(Number(new URL(again.apiVideo.baseUrl).port), port);
  await again.stop();
  assert.match(await said({ scenario: { faults: [{ status: "x" }] } }), /scenario of the emulator: faults\[0\].status: invalid type/);
  assert.match(await said({ scenario: "no/such.json" }), /no\/such.json: there is no such file/);
});

test("an emulator that died says so", async () => {
  const binary = join(folder, "exec");
  await writeFile(binary, `#!/bin/sh\necho $$ > ${folder}/pid\nexec "$FRAMEKEY_BIN" "$@"\n`);
  await chmod(binary, 0o700);
  const emulator = await Emulator.start({ binary });
  process.kill(Number(await readFile(join(folder, "pid"), "utf8")), "SIGKILL");
  assert.ok(await goneWithinASecond(emulator.apiVideo.baseUrl));
  await assert.rejects(emulator.journal(), /GET \/journal: the emulator was ended by SIGKILL/);
  await emulator.stop();
});

test("elsewhere than in Node it says what it needs", async () => {
  const { Emulator: Elsewhere } = await import(new URL("../node_modules/framekey/dist/esm/emulator.js", import.meta.url));
  await assert.rejects(Elsewhere.start(), /needs Node/);
});
