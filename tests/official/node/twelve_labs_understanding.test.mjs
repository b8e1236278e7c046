// Twelve Labs: search, embeddings, and analysis at once, in the background and in batches.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emulatorOf } from "./helper.mjs";
import { all, CLIENT, connected, newIndex, ONCE, readyAsset, refused, TEXT } from "./twelve_labs_client.mjs";

const emulator = await emulatorOf(CLIENT);
const tl = connected(emulator);
const video = async (name) => ({ type: "asset_id", assetId: await readyAsset(tl, emulator, name) });

test("a search and its pages", async () => {
  const indexId = await newIndex(tl, "searched");
  const media = [];
  for (const name of ["one.mp4", "two.mp4"]) {
    const assetId = await readyAsset(tl, emulator, name);
    media.push((await tl.indexes.indexedAssets.create(indexId, { assetId })).id);
  }
  await emulator.advance(5);
  const asked = { indexId, searchOptions: ["visual"], queryText: "a river" };
  const first = await tl.search.create({ ...asked, pageLimit: 3 });
  assert.deepEqual([first.data.length, first.pageInfo.totalResults, first.searchPool.totalCount], [3, 4, 2]);
  assert.deepEqual(first.data.map(({ videoId }) => videoId), [media[0], media[0], media[1]]);
  const second = await tl.search.retrieve(first.pageInfo.nextPageToken);
  assert.deepEqual(second.data.map(({ rank }) => rank), [4]);
  assert.equal(second.pageInfo.nextPageToken, undefined);
  const walked = await all(tl.search.query({ ...asked, pageLimit: 1 }));
  assert.deepEqual(walked.map(({ rank }) => rank), [1, 2, 3, 4]);
  await emulator.advance(3600);
  await refused(() => tl.search.retrieve(first.pageInfo.nextPageToken), 400);
});

test("embeddings at once", async () => {
  const old = await tl.embed.create({ modelName: "marengo3.0", text: "a river" });
  assert.deepEqual([old.modelName, old.textEmbedding.segments[0].float.length], ["marengo3.0", 512]);
  const again = await tl.embed.v2.create({ inputType: "text", modelName: "marengo3.0", text: { inputText: "a river" } });
  assert.deepEqual(again.data[0].embedding, old.textEmbedding.segments[0].float);
  const image = { mediaSource: { url: "https://example.com/a.png" } };
  const still = await tl.embed.v2.create({ inputType: "image", modelName: "marengo3.0", image });
  assert.deepEqual([still.data.length, still.metadata.inputUrl], [1, "https://example.com/a.png"]);
});

test("embeddings in the background, by both versions", async () => {
  const old = await tl.embed.tasks.create({ modelName: "marengo3.0", videoUrl: "https://example.com/e.mp4", videoClipLength: 5 });
  assert.equal((await tl.embed.tasks.status(old.id)).status, "processing");
  const audio = { mediaSource: { url: "https://example.com/a.mp3" }, embeddingOption: ["audio"], embeddingScope: ["asset"] };
  const made = await tl.embed.v2.tasks.create({ inputType: "audio", modelName: "marengo3.0", audio });
  assert.equal((await tl.embed.v2.tasks.retrieve(made.id)).status, "processing");
  await emulator.advance(2);
  const done = await tl.embed.tasks.retrieve(old.id, { embeddingOption: ["audio"] });
  assert.deepEqual([done.status, done.videoEmbedding.segments[0].endOffsetSec], ["ready", 5]);
  assert.ok((await all(tl.embed.tasks.list({ status: "ready" }))).some(({ id }) => id === old.id));
  const newer = await tl.embed.v2.tasks.retrieve(made.id);
  assert.deepEqual([newer.status, newer.data[0].embeddingScope, newer.metadata.inputUrl], ["ready", "asset", "https://example.com/a.mp3"]);
  assert.ok((await all(tl.embed.v2.tasks.list())).some(({ id }) => id === made.id));
});

test("an analysis at once", async () => {
  const asked = { video: await video("asked.mp4"), prompt: "What is it?" };
  const said = await tl.analyze(asked);
  assert.deepEqual([said.data, said.finishReason, said.usage.outputTokens], [TEXT, "stop", 13]);
  const short = await tl.analyze({ ...asked, maxTokens: 3 });
  assert.deepEqual([short.data, short.finishReason], ["A river runs", "length"]);
  const events = [];
  for await (const event of await tl.analyzeStream(asked)) events.push(event);
  assert.deepEqual([events[0].eventType, events.at(-1).eventType], ["stream_start", "stream_end"]);
  assert.equal(events.slice(1, -1).map(({ text }) => text).join(""), TEXT);
  await refused(() => tl.analyze({ video: { type: "asset_id", assetId: "0".repeat(24) }, prompt: "?" }), 404);
});

test("an analysis in the background", async () => {
  const about = await video("later.mp4");
  const made = await tl.analyzeAsync.tasks.create({ video: about, prompt: "x".repeat(40), customId: "mine-1" });
  assert.equal(made.status, "queued");
  await refused(() => tl.analyzeAsync.tasks.delete(made.taskId, ONCE), 409);
  await emulator.advance(3);
  const done = await tl.analyzeAsync.tasks.retrieve(made.taskId);
  assert.deepEqual([done.status, done.customId, done.result.data], ["ready", "mine-1", TEXT]);
  const page = await tl.analyzeAsync.tasks.list({ assetId: about.assetId, status: "ready" });
  assert.deepEqual(page.data.map(({ taskId, requestParams }) => [taskId, requestParams.prompt]), [[made.taskId, "x".repeat(30)]]);
  await tl.analyzeAsync.tasks.delete(made.taskId);
  await refused(() => tl.analyzeAsync.tasks.retrieve(made.taskId), 404);
});

test("a batch", async () => {
  const requests = [];
  for (const customId of ["one", "two"]) {
    requests.push({ customId, video: await video(`${customId}.mp4`), prompt: { inputText: "What is it?" } });
  }
  const asked = { modelName: "pegasus1.5", analysisMode: "general", requests };
  const made = await tl.analyzeAsync.batches.create(asked);
  assert.deepEqual([made.totalItems, made.items.map(({ customId }) => customId)], [2, ["one", "two"]]);
  await emulator.advance(3);
  const done = await tl.analyzeAsync.batches.retrieve(made.batchId);
  assert.deepEqual([done.status, done.readyItems], ["completed", 2]);
  const lines = [];
  for await (const line of await tl.analyzeAsync.batches.results(made.batchId)) lines.push(line);
  assert.deepEqual(lines.map(({ customId, data }) => [customId, data.data]), [["one", TEXT], ["two", TEXT]]);
  const listed = await all(tl.analyzeAsync.batches.list({ status: ["completed"] }));
  assert.ok(listed.some(({ batchId }) => batchId === made.batchId));
  await tl.analyzeAsync.batches.delete(made.batchId);
  const other = await tl.analyzeAsync.batches.create(asked);
  assert.deepEqual((await tl.analyzeAsync.batches.cancel(other.batchId)).status, "canceling");
  await emulator.advance(1);
  assert.equal((await tl.analyzeAsync.batches.retrieve(other.batchId)).canceledItems, 2);
});
