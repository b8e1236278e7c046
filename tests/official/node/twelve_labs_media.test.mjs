// Twelve Labs: assets, uploads in chunks, indexes, what is in them, and tasks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emulatorOf } from "./helper.mjs";
import { all, CLIENT, connected, newIndex, ONCE, readyAsset, refused } from "./twelve_labs_client.mjs";

const emulator = await emulatorOf(CLIENT);
const tl = connected(emulator);

test("a wrong key is refused", async () => {
  const wrong = connected(emulator, "tlk_WRONG");
  await refused(() => all(wrong.indexes.list()), 401);
});

test("an asset from upload to deletion", async () => {
  const file = new File(["12345"], "my clip.mp4", { type: "video/mp4" });
  const made = await tl.assets.create({ method: "direct", file, enableHls: true, userMetadata: '{"team":"red"}' });
  assert.deepEqual([made.filename, made.method, made.status], ["my clip.mp4", "direct", "processing"]);
  await emulator.advance(4);
  const asset = await tl.assets.retrieve(made.id);
  assert.deepEqual([asset.status, asset.size, asset.hls.status], ["ready", 5, "ready"]);
  assert.deepEqual(asset.userMetadata, { team: "red" });
  await tl.assets.updateUserMetadata(made.id, { userMetadata: { team: "blue", take: 2 } });
  assert.deepEqual((await tl.assets.retrieve(made.id)).userMetadata, { team: "blue", take: 2 });
  await tl.assets.replaceUserMetadata(made.id, { userMetadata: { only: true } });
  assert.deepEqual((await tl.assets.retrieve(made.id)).userMetadata, { only: true });
  await tl.assets.deleteUserMetadata(made.id);
  assert.equal((await tl.assets.retrieve(made.id)).userMetadata, undefined);
  const found = await all(tl.assets.list({ assetIds: [made.id], filename: "MY" }));
  assert.deepEqual(found.map(({ id }) => id), [made.id]);
  const text = await tl.assets.retrieveTranscription(made.id, { include: ["sentences"] });
  assert.deepEqual([text.status, text.sentences[1].value, text.words], ["ready", "The sun rises.", undefined]);
  await tl.assets.delete(made.id);
  await refused(() => tl.assets.retrieve(made.id), 404);
});

test("a session, its chunks and its end", async () => {
  const size = (10 << 20) + 1;
  const session = await tl.multipartUpload.create({ filename: "a.mp4", type: "video", totalSize: size });
  assert.deepEqual([session.totalChunks, session.chunkSize, session.uploadUrls.length], [3, 5 << 20, 3]);
  const more = await tl.multipartUpload.getAdditionalPresignedUrls(session.uploadId, { start: 3, count: 5 });
  assert.deepEqual(more.uploadUrls.map(({ chunkIndex }) => chunkIndex), [3]);
  const open = await all(tl.multipartUpload.listIncompleteUploads());
  assert.equal(open.find(({ uploadId }) => uploadId === session.uploadId).totalSize, size);
  const completedChunks = [];
  for (const { chunkIndex, url } of session.uploadUrls) {
    const bytes = new Uint8Array(chunkIndex === 3 ? 1 : 5 << 20);
    const sent = await fetch(url, { method: "PUT", body: bytes });
    assert.equal(sent.status, 200);
    completedChunks.push({ chunkIndex, proof: sent.headers.get("etag").replaceAll('"', ""), proofType: "etag", chunkSize: bytes.length });
    assert.equal((await fetch(url, { method: "PUT", body: bytes })).status, 403, "an address works once");
  }
  const half = await tl.multipartUpload.reportChunkBatch(session.uploadId, { completedChunks: completedChunks.slice(0, 2) });
  assert.deepEqual([half.processedChunks, half.totalCompleted, half.url], [2, 2, undefined]);
  const chunks = await all(tl.multipartUpload.getStatus(session.uploadId));
  assert.deepEqual(chunks.map(({ status }) => status), ["completed", "completed", "pending"]);
  const done = await tl.multipartUpload.reportChunkBatch(session.uploadId, { completedChunks });
  assert.deepEqual([done.processedChunks, done.duplicateChunks, done.assetId], [1, 2, session.assetId]);
  await emulator.advance(2);
  assert.deepEqual((await tl.assets.retrieve(session.assetId)).size, size);
});

test("an index from creation to deletion, and pages to the end", async () => {
  const made = [];
  for (let number = 10; number < 22; number += 1) made.push(await newIndex(tl, `node ${number}`));
  assert.deepEqual((await all(tl.indexes.list({ sortOption: "asc" }))).map(({ id }) => id), made);
  const found = await tl.indexes.retrieve(made[0]);
  assert.deepEqual([found.indexName, found.models[0].modelName, found.videoCount], ["node 10", "marengo3.0", 0]);
  await tl.indexes.update(made[0], { indexName: "renamed" });
  assert.deepEqual((await all(tl.indexes.list({ indexName: "renamed" }))).map(({ id }) => id), [made[0]]);
  await tl.indexes.delete(made[0]);
  await refused(() => tl.indexes.retrieve(made[0]), 404);
});

test("media of an index", async () => {
  const [index, asset] = [await newIndex(tl, "media"), await readyAsset(tl, emulator, "in.mp4")];
  const entry = await tl.indexes.indexedAssets.create(index, { assetId: asset, enableVideoStream: true, userMetadata: { scene: "river" } });
  assert.equal((await tl.indexes.indexedAssets.retrieve(index, entry.id)).status, "pending");
  await emulator.advance(3);
  const found = await tl.indexes.indexedAssets.retrieve(index, entry.id, { embeddingOption: ["visual"], transcription: true });
  assert.deepEqual([found.status, found.systemMetadata.filename, found.userMetadata.scene], ["ready", "in.mp4", "river"]);
  assert.equal(found.embedding.videoEmbedding.segments[0].float.length, 512);
  assert.equal(found.transcription[0].value, "A river runs.");
  const ids = async (pages) => (await all(pages)).map(({ id }) => id);
  assert.deepEqual(await ids(tl.indexes.indexedAssets.list(index, { status: ["ready"] })), [entry.id]);
  assert.deepEqual((await all(tl.indexes.indexedAssets.listByAsset(asset))).map((place) => place.index.name), ["media"]);
  await refused(() => tl.assets.delete(asset, {}, ONCE), 409);
  await tl.indexes.indexedAssets.update(index, entry.id, { userMetadata: { scene: "sea" } });
  const video = await tl.indexes.videos.retrieve(index, entry.id);
  assert.deepEqual([video.userMetadata.scene, video.systemMetadata.duration], ["sea", 10]);
  assert.deepEqual(await ids(tl.indexes.videos.list(index, { filename: "in.mp4" })), [entry.id]);
  await tl.indexes.videos.update(index, entry.id, { userMetadata: { take: 3 } });
  assert.equal((await tl.indexes.videos.retrieve(index, entry.id)).userMetadata.take, 3);
  await tl.indexes.videos.delete(index, entry.id);
  await refused(() => tl.indexes.indexedAssets.retrieve(index, entry.id), 404);
  const again = await tl.indexes.indexedAssets.create(index, { assetId: asset });
  await tl.indexes.indexedAssets.delete(index, again.id);
  assert.deepEqual(await ids(tl.indexes.indexedAssets.list(index)), []);
});

test("a task uploads and indexes", async () => {
  const indexId = await newIndex(tl, "tasks");
  const task = await tl.tasks.create({ indexId, videoFile: new File(["123"], "t.mp4", { type: "video/mp4" }) });
  assert.equal((await tl.tasks.retrieve(task.id)).status, "validating");
  await emulator.advance(5);
  const done = await tl.tasks.waitForDone(task.id, { sleepInterval: 0.1 });
  assert.deepEqual([done.status, done.videoId, done.systemMetadata.filename], ["ready", task.videoId, "t.mp4"]);
  assert.deepEqual((await all(tl.tasks.list({ indexId, status: ["ready"] }))).map(({ id }) => id), [task.id]);
  await tl.indexes.videos.delete(indexId, task.videoId);
  await tl.tasks.delete(task.id);
  await refused(() => tl.tasks.retrieve(task.id), 404);
});
