// The emulator as a process of its own, and its control plane.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export async function startEmulator() {
  const child = spawn(process.env.FRAMEKEY_BIN, ["emulate", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the emulator ended with ${code}`)));
    createInterface(child.stdout).once("line", resolve);
  });
  const info = JSON.parse(line);
  const control = async (method, path, body) => {
    const response = await fetch(info.control + path, { method, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json().catch(() => undefined);
  };
  return {
    info,
    advance: (seconds) => control("POST", "/clock", { advance: seconds }),
    journal: () => control("GET", "/journal"),
    clearJournal: () => control("DELETE", "/journal"),
    fault: (fault) => control("POST", "/faults", fault),
    clearFaults: () => control("DELETE", "/faults"),
    stop() {
      child.removeAllListeners("exit");
      child.kill("SIGINT");
      return new Promise((resolve) => child.once("exit", resolve));
    },
  };
}
