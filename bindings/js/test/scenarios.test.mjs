// Every scenario of tests/scenarios has the outcome that tests/scenario-outcomes.json gives for all languages.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ApiVideo, FramekeyError, TwelveLabs, VideoVector } from "framekey";
import { Emulator } from "framekey/emulator";

import { camel } from "./rows.mjs";

const TESTS = join(process.env.FRAMEKEY_ROOT, "tests");
const OUTCOMES = JSON.parse(await readFile(join(TESTS, "scenario-outcomes.json"), "utf8"));

const pointed = (document, pointer) => pointer.split("/").slice(1).reduce((value, name) => value[name], document);

class Story {
  clients = new Map();

  constructor(emulator) {
    this.emulator = emulator;
    this.access = { "api-video": emulator.apiVideo, "twelve-labs": emulator.twelveLabs, videovector: emulator.videovector };
    this.saved = { $api_key: emulator.apiVideo.apiKey, $jwt: emulator.videovector.jwt };
  }

  filled(values) {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), this.saved[value] ?? value]));
  }

  client({ credential }, service) {
    const { apiKey, baseUrl } = this.access[service];
    const options = { baseUrl, ...(credential ? this.filled(credential) : { apiKey }) };
    const name = service + JSON.stringify(options);
    const Client = { "api-video": ApiVideo, "twelve-labs": TwelveLabs, videovector: VideoVector }[service];
    if (!this.clients.has(name)) this.clients.set(name, new Client(options));
    return this.clients.get(name);
  }

  async call(step) {
    const [service, operation] = step.call.split(" ");
    const names = operation.split(".").map(camel);
    const verb = names.pop();
    const resource = names.reduce((owner, name) => owner[name], this.client(step, service));
    try {
      return { answer: await resource[verb](this.filled(step.arguments ?? {}), { timeout: step.timeout ?? 10 }) };
    } catch (error) {
      if (error instanceof FramekeyError) return { error };
      throw error;
    }
  }

  async play(step) {
    if ("advance" in step) {
      await this.emulator.advance(step.advance);
    } else if ("now" in step) {
      assert.deepEqual(await this.emulator.now(), new Date(step.now));
    } else if ("key" in step) {
      assert.equal(this.access[step.key].apiKey, step.is);
    } else if ("counters" in step) {
      const counted = await this.emulator.counters();
      for (const [part, counters] of Object.entries(step.counters)) {
        for (const [name, count] of Object.entries(counters)) assert.equal(counted[part][name] ?? 0, count, name);
      }
    } else if ("put" in step) {
      const signal = AbortSignal.timeout((step.timeout ?? 10) * 1000);
      const put = fetch(this.saved[step.put], { method: "PUT", body: new Uint8Array(9), signal });
      assert.equal(await put.then((answer) => answer.status, () => null), step.status, JSON.stringify(step));
    } else if ("tally" in step) {
      const tally = {};
      for (let count = 0; count < step.repeat; count += 1) {
        const code = (await this.call(step)).error?.code ?? "ok";
        tally[code] = (tally[code] ?? 0) + 1;
      }
      assert.deepEqual(tally, step.tally);
    } else {
      const { answer, error } = await this.call(step);
      assert.equal(error?.code, step.error, `${JSON.stringify(step)}: ${error}`);
      if ("retry_after" in step) assert.equal(error.retryAfter ?? null, step.retry_after);
      if ("server_code" in step) assert.equal(error.serverCode, step.server_code);
      for (const [pointer, value] of Object.entries(step.answer ?? {})) assert.deepEqual(pointed(answer, pointer), value);
      for (const [name, pointer] of Object.entries(step.save ?? {})) this.saved[`$${name}`] = pointed(answer, pointer);
    }
  }
}

test("every scenario has an outcome", async () => {
  const files = (await readdir(join(TESTS, "scenarios"))).filter((name) => name.endsWith(".json"));
  assert.deepEqual(files.map((name) => name.replace(".json", "")).sort(), Object.keys(OUTCOMES).sort());
});

for (const [name, steps] of Object.entries(OUTCOMES)) {
  test(`e36 scenario ${name}`, async () => {
    const emulator = await Emulator.start({ scenario: join(TESTS, "scenarios", `${name}.json`) });
    try {
      const story = new Story(emulator);
      for (const step of steps) await story.play(step);
    } finally {
      await emulator.stop();
    }
  });
}
