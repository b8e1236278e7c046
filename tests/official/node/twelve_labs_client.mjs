// The Twelve Labs client against its emulator, and objects that are ready for use.
import assert from "node:assert/strict";
import { TwelveLabs } from "twelvelabs-js";

export const CLIENT = "twelve-labs-node";
export const TEXT = "A river runs through a valley while the sun rises over the hills.";
// A refusal is the answer, and not to be tried again.
export const ONCE = { maxRetries: 0 };

export function connected({ info }, apiKey = info["twelve-labs"].api_key) {
  // The one way to tell this client where to go.
  process.env.TWELVELABS_BASE_URL = info["twelve-labs"].base_url;
  return new TwelveLabs({ apiKey });
}

export const refused = async (call, status) =>
  assert.rejects(call, (error) => {
    assert.equal(error.statusCode, status, error.message);
    return true;
  });

export async function all(pages) {
  const items = [];
  for await (const item of await pages) items.push(item);
  return items;
}

export async function readyAsset(tl, emulator, name = "clip.mp4") {
  const asset = await tl.assets.create({ method: "url", url: `https://example.com/${name}` });
  await emulator.advance(3);
  assert.equal((await tl.assets.retrieve(asset.id)).status, "ready");
  return asset.id;
}

export async function newIndex(tl, indexName) {
  const models = [{ modelName: "marengo3.0", modelOptions: ["visual", "audio"] }];
  return (await tl.indexes.create({ indexName, models })).id;
}
