// api.video's own Node client, pointed at the emulator, and small files for it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ApiVideoClient from "@api.video/nodejs-client";
import { after } from "node:test";
import { emulatorOf } from "./helper.mjs";

export const PART = 5 * 1024 * 1024;

export async function start() {
  const emulator = await emulatorOf("api-video-node");
  const { base_url: baseUri, api_key: apiKey } = emulator.info["api-video"];
  const client = new ApiVideoClient({ baseUri, apiKey, chunkSize: PART });
  const folder = mkdtempSync(join(tmpdir(), "framekey-official-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name, content = "bytes") => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  return { emulator, client, file };
}

/** The first true answer; the emulator's clocks take less than a second. */
export async function until(condition, what) {
  for (let round = 0; round < 200; round += 1) {
    const found = await condition();
    if (found) return found;
    await sleep(20);
  }
  throw new Error(`not within four seconds: ${what}`);
}

/** The problem that a call is refused with: its status, and the last part of its type. */
export async function refused(call) {
  try {
    await call;
  } catch (error) {
    const problem = error.problemDetails;
    return { status: error.code, kind: problem.type?.split("/").at(-1), problem };
  }
  throw new Error("the call was not refused");
}
