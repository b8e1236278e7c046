// api.video's own Node client: captions, chapters, players, live streams, watermarks, summaries, webhooks.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { refused, start, until } from "./api_video.mjs";

const { client, emulator, file } = await start();
const { videoId } = await client.videos.create({ title: "with everything" });

const isGone = async (call) => assert.equal((await refused(call)).kind, "resource-not-found");

test("captions", async () => {
  const { captions } = client;
  for (const language of ["en", "fr"]) {
    assert.equal((await captions.upload(videoId, language, file("track.vtt", "WEBVTT"))).srclang, language);
  }
  assert.equal((await captions.get(videoId, "fr")).languageName, "Français");
  assert.equal((await captions.update(videoId, "fr", { _default: true }))._default, true);
  const listed = await captions.list({ videoId });
  assert.deepEqual(listed.data.map((one) => [one.srclang, one._default]), [["en", false], ["fr", true]]);
  await captions.delete(videoId, "fr");
  await isGone(captions.get(videoId, "fr"));
});

test("chapters", async () => {
  const { chapters } = client;
  assert.equal((await chapters.upload(videoId, "de", file("track.vtt", "WEBVTT"))).language, "de");
  assert.equal((await chapters.get(videoId, "de")).uri, `/videos/${videoId}/chapters/de`);
  assert.deepEqual((await chapters.list({ videoId })).data.map((one) => one.language), ["de"]);
  await chapters.delete(videoId, "de");
  await isGone(chapters.get(videoId, "de"));
});

test("players", async () => {
  const players = client.playerThemes;
  const { playerId } = await players.create({ name: "Mine", hideTitle: true });
  const changed = await players.update(playerId, { name: "Ours" });
  assert.deepEqual([changed.name, changed.hideTitle, changed.enableApi], ["Ours", true, true]);
  const logo = await players.uploadLogo(playerId, file("logo.png"), "https://example.com/");
  assert.equal(logo.assets.link, "https://example.com/");
  await players.deleteLogo(playerId);
  assert.equal((await players.get(playerId)).assets, undefined);
  assert.equal((await players.list({ sortBy: "createdAt", sortOrder: "desc" })).data[0].playerId, playerId);
  await players.delete(playerId);
  await isGone(players.get(playerId));
});

test("live streams, from the air to the recording", async () => {
  const streams = client.liveStreams;
  const restreams = [{ name: "other", serverUrl: "rtmp://example.com/live", streamKey: "key" }];
  const { liveStreamId, streamKey } = await streams.create({ name: "On air", restreams });
  const changed = await streams.update(liveStreamId, { name: "Still on air" });
  assert.deepEqual([changed.name, changed.restreams[0].serverUrl], ["Still on air", "rtmp://example.com/live"]);
  assert.match((await streams.uploadThumbnail(liveStreamId, file("a.png"))).assets.thumbnail, /custom/);
  assert.doesNotMatch((await streams.deleteThumbnail(liveStreamId)).assets.thumbnail, /custom/);
  assert.deepEqual((await streams.list({ streamKey })).data.map((one) => one.liveStreamId), [liveStreamId]);
  await emulator.control("POST", "/broadcast", { live_stream: liveStreamId });
  assert.equal((await streams.get(liveStreamId)).broadcasting, true);
  await streams.complete(liveStreamId);
  await emulator.advance(5);
  assert.equal((await streams.get(liveStreamId)).broadcasting, false);
  const [recorded] = (await client.videos.list({ liveStreamId })).data;
  assert.equal(recorded.source.liveStream.liveStreamId, liveStreamId);
  await streams.delete(liveStreamId);
  await isGone(streams.get(liveStreamId));
});

test("watermarks", async () => {
  const { watermarks, videos } = client;
  const { watermarkId } = await watermarks.upload(file("mark.png"));
  assert.deepEqual((await watermarks.list({ sortOrder: "desc" })).data.map((one) => one.watermarkId), [watermarkId]);
  const body = { title: "marked", watermark: { id: watermarkId, top: "0px" } };
  assert.equal((await videos.create(body)).title, "marked");
  await watermarks.delete(watermarkId);
  assert.equal((await refused(videos.create(body))).problem.name, "watermark");
});

test("summaries", async () => {
  const { summaries } = client;
  const { summaryId, sourceStatus } = await summaries.create({ videoId });
  assert.equal(sourceStatus, "missing");
  assert.deepEqual((await refused(summaries.create({ videoId }))).status, 409);
  await summaries.update(summaryId, { _abstract: "short", takeaways: ["a", "b"] });
  const source = await summaries.getSummarySource(summaryId);
  assert.deepEqual([source._abstract, source.takeaways], ["short", ["a", "b"]]);
  assert.equal((await summaries.list({ videoId, sourceStatus: "completed" })).data[0].summaryId, summaryId);
  await summaries.delete(summaryId);
  assert.equal((await summaries.list({ videoId })).data.length, 0);
});

test("a webhook is called and signed", async () => {
  const calls = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    calls.push({ headers: request.headers, body });
    response.writeHead(202).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/hook`;
  const events = ["video.caption.generated"];
  const { webhookId, signatureSecret } = await client.webhooks.create({ url, events });
  assert.equal((await client.webhooks.get(webhookId)).signatureSecret, signatureSecret);
  assert.deepEqual((await client.webhooks.list({ events: events[0] })).data.map((hook) => hook.url), [url]);
  const spoken = await client.videos.create({ title: "spoken", transcript: true, language: "es" });
  await client.videos.upload(spoken.videoId, file("spoken.mp4"));
  const { headers, body } = await until(() => calls[0], "a call");
  assert.equal(headers["x-api-video-webhookid"], webhookId);
  assert.equal(headers["x-api-video-signature"], createHmac("sha256", signatureSecret).update(body).digest("hex"));
  const told = JSON.parse(body);
  assert.deepEqual([told.type, told.videoId, told.language], [events[0], spoken.videoId, "es"]);
  await client.webhooks.delete(webhookId);
  await isGone(client.webhooks.get(webhookId));
  server.close();
});
