// One emulator for each test file, and a record of what its client called, for coverage.py.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

async function start() {
  const child = spawn(process.env.FRAMEKEY_BIN, ["emulate", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the emulator ended with ${code}`)));
    createInterface(child.stdout).once("line", resolve);
  });
  return { child, info: JSON.parse(line) };
}

// By service: how often each operation was answered with success.
function called(journal) {
  const services = {};
  for (const { service, operation, status } of journal) {
    if (!operation || status < 200 || status >= 300) continue;
    services[service] ??= {};
    services[service][operation] = (services[service][operation] ?? 0) + 1;
  }
  return services;
}

/**
 * A fresh emulator for the tests of this file: `info` has base URLs and keys, `control` the switches.
 * `client` is a name of tests/official/offered.json. It is stopped after the last test.
 */
export async function emulatorOf(client) {
  const { child, info } = await start();
  const control = async (method, path, body) => {
    const response = await fetch(info.control + path, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json().catch(() => undefined);
  };
  after(async () => {
    const folder = process.env.FRAMEKEY_OFFICIAL_OUT;
    if (folder) {
      const record = { client, called: called(await control("GET", "/journal")) };
      writeFileSync(join(folder, `${client}.${process.pid}.json`), JSON.stringify(record));
    }
    child.removeAllListeners("exit");
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("exit", resolve));
  });
  return { info, control, advance: (seconds) => control("POST", "/clock", { advance: seconds }) };
}
