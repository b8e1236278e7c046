// Finds the `framekey` command, runs its emulator as a child process, and ends it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const VARIABLE = "FRAMEKEY_BIN";
const HOW = `Install it with \`cargo install framekey-cli\`, or set ${VARIABLE} to the path of the command.`;
const KEPT = 1 << 20;
// As they were when this was loaded: tests put clocks of their own in their place.
const { setTimeout, clearTimeout } = globalThis;

export class EmulatorError extends Error {
  name = "EmulatorError";
}

/** A running emulator. It ends with this process, however that ends: the pipe to it closes then. */
export class Process {
  #child;
  #name;
  #said = "";
  #over;

  /** Starts it and waits until it can be called. */
  static async start(binary, options, patience) {
    const started = new Process(binary, options);
    try {
      started.info = await started.#ready(patience);
    } catch (error) {
      await started.stop();
      throw error;
    }
    started.#keep("unref");
    return started;
  }

  constructor(binary, options) {
    const [command, origin] = find(binary);
    this.#name = `\`${command}\` (${origin})`;
    this.#child = spawn(command, ["emulate", "--json", "--until-stdin-closes", ...options], {
      stdio: "pipe",
      windowsHide: true,
      // Ctrl-C in a terminal is for the tests; they end the emulator when they have ended.
      detached: process.platform !== "win32",
    });
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#said = (this.#said + text).slice(-KEPT)));
    this.#over = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(`${why(error)}. ${HOW}`));
      // Once its output is read to the end as well.
      this.#child.once("close", (code, signal) => resolve(how(code, signal) + this.#words()));
    });
  }

  /** How it ended and what it said, if it has; what it left behind may be noticed a little before. */
  ended() {
    return Promise.race([this.#over, new Promise((resolve) => setTimeout(resolve, 500))]);
  }

  async #ready(patience) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, patience * 1000)));
    const silent = late.then(() => {
      this.#kill();
      throw new EmulatorError(`${this.#name} was not ready within ${patience} seconds${this.#words()}`);
    });
    const ended = this.#over.then((how) => {
      throw new EmulatorError(`${this.#name} ${how}`);
    });
    try {
      return this.#fitting(await Promise.race([firstLine(this.#child.stdout), ended, silent]));
    } finally {
      clearTimeout(timer);
    }
  }

  #fitting(line) {
    let info;
    try {
      info = JSON.parse(line);
    } catch {
      // Told below.
    }
    if (typeof info?.control !== "string") {
      throw new EmulatorError(`${this.#name} is not the framekey command: it said \`${line.slice(0, 80)}\`. ${HOW}`);
    }
    const { version: ours } = JSON.parse(readFileSync(join(__dirname, "..", "..", "package.json"), "utf8"));
    const its = String(info.version ?? "unknown");
    if (series(ours) !== series(its)) {
      const fits = `\`cargo install framekey-cli --version ${ours}\` fits`;
      throw new EmulatorError(`${this.#name} is version ${its}, and this package is ${ours}: ${fits}`);
    }
    return info;
  }

  #words() {
    const said = this.#said.trim();
    return said ? `. It said: ${said}` : ", without a word";
  }

  /** A program that forgets to stop it ends all the same, and the emulator with it. */
  #keep(how) {
    const { stdin, stdout, stderr } = this.#child;
    stdout.resume();
    for (const part of [this.#child, stdin, stdout, stderr]) part[how]();
  }

  /** Ends it, as Ctrl-C would, and waits for that. */
  async stop() {
    const child = this.#child;
    this.#keep("ref");
    child.stdin.destroy();
    // A process that was started meanwhile may hold the pipe too. On Windows this would kill it.
    if (process.platform !== "win32") child.kill("SIGTERM");
    const timer = setTimeout(() => this.#kill(), 5000);
    await this.#over;
    clearTimeout(timer);
  }

  /** Ends it, and what it started: a script in its place may have a child that holds the pipes. */
  #kill() {
    const { pid } = this.#child;
    if (process.platform === "win32" || pid === undefined) return this.#child.kill("SIGKILL");
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended, and all with it.
    }
  }
}

/** The command, and where it is said: the option, the variable, else whatever is on PATH. */
function find(binary) {
  if (binary !== undefined) return [String(binary), "the option `binary`"];
  const named = process.env[VARIABLE];
  if (named) return [named, VARIABLE];
  return ["framekey", `on PATH, since neither \`binary\` nor ${VARIABLE} is set`];
}

/** Never, where the output ends before. */
function firstLine(stream) {
  return new Promise((resolve) => {
    let text = "";
    stream.setEncoding("utf8").on("data", function more(chunk) {
      text += chunk;
      if (!text.includes("\n") && text.length < KEPT) return;
      stream.off("data", more);
      resolve(text.split("\n", 1)[0]);
    });
  });
}

const series = (version) => version.split(".").slice(0, 2).join(".");
const why = (error) => (error.code === "ENOENT" ? "was not found" : `cannot be run: ${error.message}`);
const how = (code, signal) => (signal ? `was ended by ${signal}` : `ended with ${code}`);
