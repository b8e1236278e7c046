// The local emulator of the three services, for tests: started, controlled and ended from Node.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { EmulatorError, Process } from "./launch.js";

export { EmulatorError };

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Where a service is and a key that opens it, as options of its client; nothing else is listed. */
class Access {
  constructor({ base_url: baseUrl, api_key: apiKey }) {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
  }

  [INSPECT]() {
    return `<Access ${this.baseUrl}>`;
  }
}

class VideoVectorAccess extends Access {
  #info;

  constructor(info) {
    super(info);
    this.#info = info;
  }

  get jwt() {
    return this.#info.jwt;
  }

  get oauth() {
    return this.#info.oauth;
  }
}

export class Emulator {
  #process;
  #info;

  static async start({ binary, scenario, port, state, startTimeout = 10 } = {}) {
    const options = port === undefined ? [] : ["--port", String(port)];
    if (state !== undefined) options.push("--state", String(state));
    const emulator = new Emulator();
    await asFile(scenario, async (named) => {
      emulator.#process = await Process.start(binary, [...options, ...named], startTimeout);
    });
    emulator.#info = emulator.#process.info;
    return emulator;
  }

  async stop() {
    const process = this.#process;
    this.#process = undefined;
    await process?.stop();
  }

  get apiVideo() {
    return new Access(this.#part("api-video"));
  }

  get apiVideoSandbox() {
    return new Access(this.#part("api-video-sandbox"));
  }

  get twelveLabs() {
    return new Access(this.#part("twelve-labs"));
  }

  get videovector() {
    return new VideoVectorAccess(this.#part("videovector"));
  }

  get filesOrigin() {
    return this.#part("files");
  }

  async now() {
    return moment(await this.control("GET", "/clock"));
  }

  freeze(at) {
    return this.#setClock({ speed: 0, now: at?.toISOString() });
  }

  advance(seconds) {
    return this.#setClock({ advance: seconds });
  }

  setSpeed(speed) {
    return this.#setClock({ speed });
  }

  async #setClock(setting) {
    return moment(await this.control("POST", "/clock", setting));
  }

  fault(fault) {
    return this.control("POST", "/faults", fault);
  }

  faults() {
    return this.control("GET", "/faults");
  }

  clearFaults() {
    return this.control("DELETE", "/faults");
  }

  journal() {
    return this.control("GET", "/journal");
  }

  clearJournal() {
    return this.control("DELETE", "/journal");
  }

  counters() {
    return this.control("GET", "/counters");
  }

  switches() {
    return this.control("GET", "/switches");
  }

  switch(switches) {
    return this.control("POST", "/switches", switches);
  }

  async revokeAccessTokens() {
    return (await this.control("POST", "/revoke")).access_tokens;
  }

  async apply(scenario) {
    await this.#turn("POST", "/scenario", isPath(scenario) ? JSON.parse(await readFile(scenario, "utf8")) : scenario);
  }

  reset() {
    return this.#turn("POST", "/reset");
  }

  snapshot() {
    return this.control("GET", "/state");
  }

  restore(state) {
    return this.#turn("PUT", "/state", state);
  }

  async control(method, path, document) {
    const process = this.#running();
    let answer;
    try {
      answer = await send(method, this.#info.control + path, document);
    } catch (error) {
      const how = (await process.ended()) ?? `does not answer: ${error.message}`;
      throw new EmulatorError(`${method} ${path}: the emulator ${how}`);
    }
    const parsed = answer.text ? JSON.parse(answer.text) : undefined;
    if (answer.status >= 400) throw new EmulatorError(`${method} ${path}: ${parsed.error}`);
    return parsed;
  }

  #running() {
    if (this.#process !== undefined) return this.#process;
    throw new EmulatorError("the emulator is not running: `await Emulator.start()` gives one that is");
  }

  #part(name) {
    this.#running();
    return this.#info[name];
  }

  async #turn(method, path, document) {
    await this.control(method, path, document);
    // The keys may be others now.
    this.#info = await this.control("GET", "/info");
  }

  [INSPECT]() {
    return `<Emulator ${this.#process === undefined ? "not running" : this.#info.control}>`;
  }
}

// Node 20 and later have the symbol from 20.5; `await using` is TypeScript's until Node 24.
if (Symbol.asyncDispose) {
  Object.defineProperty(Emulator.prototype, Symbol.asyncDispose, { value: Emulator.prototype.stop });
}

/** Not fetch: tests put their own in its place, and it may be told to use a proxy. */
function send(method, url, document) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent: new Agent(), timeout: 60_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.once("end", () => resolve({ status: response.statusCode, text }));
      response.once("error", reject);
    });
    asked.once("timeout", () => asked.destroy(new Error("nothing for 60 seconds")));
    asked.once("error", reject);
    asked.end(document === undefined ? undefined : JSON.stringify(document));
  });
}

/** The option that names the scenario; a document is in a file while the emulator starts. */
async function asFile(scenario, start) {
  if (scenario === undefined) return start([]);
  if (isPath(scenario)) return start(["--scenario", scenario instanceof URL ? fileURLToPath(scenario) : scenario]);
  const folder = await mkdtemp(join(tmpdir(), "framekey-"));
  try {
    const file = join(folder, "scenario.json");
    await writeFile(file, JSON.stringify(scenario));
    return await start(["--scenario", file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isPath = (scenario) => typeof scenario === "string" || scenario instanceof URL;

/** JavaScript knows milliseconds. */
const moment = ({ now }) => new Date(now);
