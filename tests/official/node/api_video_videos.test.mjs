// api.video's own Node client: keys, videos, uploads in every form, upload tokens, tags, analytics.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PART, refused, start, until } from "./api_video.mjs";

const { client, emulator, file } = await start();
const { videos, uploadTokens, tags, analytics } = client;

const playable = (id) =>
  until(async () => {
    const status = await videos.getStatus(id);
    return status.encoding.playable && status;
  }, "playable");

test("the key is exchanged for an access token", async () => {
  const token = await client.getAccessToken();
  assert.equal(token.tokenType, "Bearer");
  assert.equal(token.expiresIn, 3600);
  assert.equal(token.accessToken.split(".").length, 3);
});

test("what is created is kept, changed, found and deleted", async () => {
  const body = { title: "Kept", description: "of node", tags: ["node", "two"], metadata: [{ key: "Author", value: "Anna" }] };
  const made = await videos.create({ ...body, _public: false });
  const video = await videos.get(made.videoId);
  assert.deepEqual([video.title, video.description, video._public], ["Kept", "of node", false]);
  assert.deepEqual(video.tags, ["node", "two"]);
  assert.ok(video.createdAt instanceof Date);
  const changed = await videos.update(made.videoId, { title: "Changed" });
  assert.deepEqual([changed.title, changed.tags], ["Changed", ["node", "two"]]);
  const found = await videos.list({ tags: ["node"], metadata: { Author: "Anna" }, sortBy: "title", sortOrder: "asc", pageSize: 1 });
  assert.deepEqual([found.data[0].videoId, found.pagination.itemsTotal], [made.videoId, 1]);
  assert.deepEqual((await tags.list({ value: "NOD" })).data.map((tag) => [tag.value, tag.videoCount]), [["node", 1]]);
  await videos.delete(made.videoId);
  assert.deepEqual((await refused(videos.get(made.videoId))).kind, "resource-not-found");
  assert.equal((await videos.getDiscarded(made.videoId)).title, "Changed");
  assert.equal((await videos.listDiscarded({ title: "Changed" })).data[0].videoId, made.videoId);
  assert.equal((await videos.updateDiscarded(made.videoId, { discarded: false })).discarded, false);
  assert.equal((await videos.get(made.videoId)).title, "Changed");
});

test("a file is uploaded whole, though its part bears its own name", async () => {
  const { videoId } = await videos.create({ title: "whole" });
  assert.equal((await videos.getStatus(videoId)).ingest.status, "uploading");
  assert.equal((await videos.upload(videoId, file("small.mp4", "twelve bytes"))).title, "whole");
  const status = await playable(videoId);
  assert.deepEqual([status.ingest.status, status.ingest.filesize], ["ingested", 12]);
  const again = await refused(videos.upload(videoId, file("small.mp4", "again")));
  assert.deepEqual([again.status, again.kind], [400, "video-source-already-uploaded"]);
});

test("a large file goes in chunks, and parts go one by one", async () => {
  const { videoId } = await videos.create({ title: "chunks" });
  let last;
  await videos.upload(videoId, file("large.mp4", Buffer.alloc(2 * PART + 7)), (progress) => (last = progress));
  assert.equal((await videos.getStatus(videoId)).ingest.filesize, 2 * PART + 7);
  assert.equal(last.totalBytes, 2 * PART + 7);
  const parts = await videos.create({ title: "parts" });
  const session = videos.createUploadProgressiveSession(parts.videoId);
  await session.uploadPart(file("1.part", Buffer.alloc(PART)));
  assert.deepEqual((await videos.getStatus(parts.videoId)).ingest.receivedParts.parts, [1]);
  assert.equal((await session.uploadLastPart(file("2.part", "end"))).videoId, parts.videoId);
  assert.equal((await playable(parts.videoId)).ingest.filesize, PART + 3);
});

test("upload tokens, and uploads by them alone", async () => {
  const made = await uploadTokens.createToken({ ttl: 300 });
  assert.equal((await uploadTokens.getToken(made.token)).ttl, 300);
  const listed = await uploadTokens.list({ sortBy: "ttl", sortOrder: "desc" });
  assert.equal(listed.data[0].token, made.token);
  const small = await videos.uploadWithUploadToken(made.token, file("small.mp4"));
  assert.equal((await videos.get(small.videoId)).title, "small.mp4");
  const session = videos.createUploadWithUploadTokenProgressiveSession(made.token);
  const first = await session.uploadPart(file("a.part", Buffer.alloc(PART)));
  const last = await session.uploadLastPart(file("b.part", "end"));
  assert.equal(last.videoId, first.videoId ?? last.videoId);
  assert.equal((await videos.getStatus(last.videoId)).ingest.filesize, PART + 3);
  await uploadTokens.deleteToken(made.token);
  assert.equal((await refused(uploadTokens.getToken(made.token))).status, 404);
  assert.equal((await refused(videos.uploadWithUploadToken(made.token, file("late.mp4")))).status, 401);
});

test("pictures", async () => {
  const { videoId } = await videos.create({ title: "pictured" });
  assert.match((await videos.uploadThumbnail(videoId, file("picture.jpg"))).assets.thumbnail, /custom/);
  assert.doesNotMatch((await videos.pickThumbnail(videoId, { timecode: "00:00:01" })).assets.thumbnail, /custom/);
  const wrong = await refused(videos.uploadThumbnail(videoId, file("picture.txt")));
  assert.equal(wrong.kind, "uploaded-file-extension-invalid");
});

test("figures add up", async () => {
  const { videoId } = await videos.create({ title: "watched" });
  await videos.upload(videoId, file("watched.mp4"));
  await playable(videoId);
  const whole = await analytics.getAggregatedMetrics({ metric: "play", aggregation: "count", filterBy: { mediaId: [videoId] } });
  assert.equal(whole.context.metric, "play");
  const split = await analytics.getMetricsBreakdown({ metric: "play", breakdown: "media-id", pageSize: 100 });
  assert.equal(split.data.find((item) => item.dimensionValue === videoId).metricValue, whole.data);
  const series = await analytics.getMetricsOverTime({ metric: "play", interval: "hour" });
  assert.deepEqual([series.context.interval, series.data.length], ["hour", 24]);
  const sum = (list) => list.reduce((total, item) => total + item.metricValue, 0);
  assert.equal(sum(series.data), sum(split.data));
});

test("a wrong key is refused in the services own words", async () => {
  const { base_url: baseUri } = emulator.info["api-video"];
  const Client = client.constructor;
  const wrong = await refused(new Client({ baseUri, apiKey: "wrong" }).videos.list());
  assert.deepEqual([wrong.status, wrong.kind], [401, "authentication-invalid-api-key"]);
});
