// Twelve Labs: entities, knowledge stores and conversations about them, connections and imports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emulatorOf } from "./helper.mjs";
import { all, CLIENT, connected, ONCE, readyAsset, refused } from "./twelve_labs_client.mjs";

const emulator = await emulatorOf(CLIENT);
const tl = connected(emulator);
const names = async (pages) => (await all(pages)).map(({ name }) => name);

test("entities", async () => {
  const images = [];
  for (const name of ["one.png", "two.png"]) images.push(await readyAsset(tl, emulator, name));
  const team = await tl.entityCollections.create({ name: "team", description: "players" });
  assert.equal((await tl.entityCollections.retrieve(team.id)).description, "players");
  assert.equal((await tl.entityCollections.update(team.id, { name: "the team" })).name, "the team");
  assert.deepEqual(await names(tl.entityCollections.list({ name: "the team" })), ["the team"]);
  const { entities } = tl.entityCollections;
  const made = await entities.create(team.id, { name: "Ada", assetIds: images.slice(0, 1), metadata: { shirt: 7 } });
  assert.equal(made.status, "processing");
  await emulator.advance(1);
  const found = await entities.retrieve(team.id, made.id);
  assert.deepEqual([found.status, found.metadata, found.assetIds], ["ready", { shirt: 7 }, images.slice(0, 1)]);
  assert.deepEqual((await entities.createAssets(team.id, made.id, { assetIds: images.slice(1) })).assetIds, images);
  assert.deepEqual((await entities.deleteAssets(team.id, made.id, { assetIds: images.slice(1) })).assetIds, images.slice(0, 1));
  assert.equal((await entities.update(team.id, made.id, { description: "striker" })).description, "striker");
  const bulk = await entities.createBulk(team.id, {
    entities: [{ name: "Bo", assetIds: images.slice(1) }, { name: "Cy", assetIds: ["0".repeat(24)] }],
  });
  assert.deepEqual([bulk.successCount, bulk.failedCount, bulk.errors[0].entityName], [1, 1, "Cy"]);
  assert.deepEqual(await names(entities.list(team.id, { sortBy: "name", sortOption: "asc" })), ["Ada", "Bo"]);
  assert.deepEqual(await names(entities.listByAsset(images[1])), ["Bo"]);
  await entities.delete(team.id, made.id);
  await refused(() => entities.retrieve(team.id, made.id), 404);
  await tl.entityCollections.delete(team.id);
  await refused(() => tl.entityCollections.retrieve(team.id), 404);
});

async function storeWithItems() {
  const store = await tl.knowledgeStores.create({ name: "films", metadata: { kind: "archive" } });
  const items = [];
  for (const name of ["one.mp4", "poster.png"]) {
    const assetId = await readyAsset(tl, emulator, name);
    items.push((await tl.knowledgeStoreItems.create(store.id, { assetId })).id);
  }
  await emulator.advance(3);
  return [store.id, items];
}

test("knowledge stores, items and their groups", async () => {
  const [store, items] = await storeWithItems();
  const found = await tl.knowledgeStores.retrieve(store);
  assert.deepEqual([found.name, found.itemCount, found.metadata], ["films", 2, { kind: "archive" }]);
  assert.equal((await tl.knowledgeStores.update(store, { description: "some" })).description, "some");
  assert.deepEqual(await names(tl.knowledgeStores.list()), ["films"]);
  const item = await tl.knowledgeStoreItems.retrieve(store, items[1]);
  assert.deepEqual([item.assetType, item.status, item.systemMetadata.filename], ["image", "ready", "poster.png"]);
  const listed = await all(tl.knowledgeStoreItems.list(store, { sortOption: "asc", status: ["ready"] }));
  assert.deepEqual(listed.map(({ id }) => id), items);
  const groups = tl.knowledgeStoreItemCollections;
  const group = await groups.create(store, { name: "seen" });
  assert.equal((await groups.addItems(store, group.id, { itemIds: items })).memberCount, 2);
  assert.deepEqual((await all(groups.listItems(store, group.id))).length, 2);
  await groups.removeItems(store, group.id, { itemIds: items.slice(0, 1) });
  assert.equal((await groups.retrieve(store, group.id)).memberCount, 1);
  assert.equal((await groups.update(store, group.id, { name: "unseen" })).name, "unseen");
  assert.deepEqual(await names(groups.list(store)), ["unseen"]);
  await groups.delete(store, group.id);
  await refused(() => groups.retrieve(store, group.id), 404);
  await tl.knowledgeStoreItems.delete(store, items[0]);
  await refused(() => tl.knowledgeStoreItems.retrieve(store, items[0]), 404);
  await tl.knowledgeStores.delete(store);
  await refused(() => tl.knowledgeStores.retrieve(store), 404);
});

test("search in a knowledge store", async () => {
  const [store, items] = await storeWithItems();
  const query = { text: "a river" };
  const first = await tl.knowledgeStores.search(store, { query, pageSize: 2 });
  assert.deepEqual(first.data.map(({ rank, itemId }) => [rank, itemId]), [[1, items[0]], [2, items[0]]]);
  assert.equal(first.data[1].matches[0].startSec, 5);
  const rest = await tl.knowledgeStores.search(store, { query, pageSize: 2, pageToken: first.nextPageToken });
  assert.deepEqual([rest.data.map(({ itemId }) => itemId), rest.nextPageToken], [[items[1]], undefined]);
  await emulator.advance(3600);
  await refused(() => tl.knowledgeStores.search(store, { query, pageToken: first.nextPageToken }), 410);
});

test("a conversation", async () => {
  const [knowledgeStoreId, items] = await storeWithItems();
  const input = [{ type: "message", role: "user", content: "What is there?" }];
  const said = await tl.responses.create({ knowledgeStoreId, input });
  const part = said.output[0].content[0];
  assert.deepEqual([said.status, part.text, part.annotations[0].itemId], ["completed", "A river runs through a valley [1].", items[0]]);
  const events = [];
  for await (const event of await tl.responses.createStream({ knowledgeStoreId, input, sessionId: said.sessionId })) events.push(event);
  assert.deepEqual([events[0].type, events.at(-1).type], ["response.created", "response.completed"]);
  const text = events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta).join("");
  assert.equal(text, "A river runs through a valley again [1].");
  assert.equal(events.at(-1).response.sessionId, said.sessionId);
});

test("connections and imports", async () => {
  const redirectUri = "https://app.example.com/back";
  const { dataConnectors, imports } = tl;
  const back = await dataConnectors.createRedirectUri({ redirectUri });
  assert.deepEqual((await dataConnectors.listRedirectUris()).data.map((uri) => uri.redirectUri), [redirectUri]);
  await refused(() => dataConnectors.createRedirectUri({ redirectUri }, ONCE), 409);
  const begun = await dataConnectors.authorizeConnection({ provider: "google_drive", redirectUri, customId: "user-1" });
  const moved = await fetch(begun.authorizeUrl, { redirect: "manual" });
  const told = new URL(moved.headers.get("location")).searchParams;
  assert.deepEqual([moved.status, told.get("status"), told.get("custom_id")], [302, "ok", "user-1"]);
  const connection = told.get("connection_id");
  const found = await dataConnectors.retrieveConnection(connection);
  assert.deepEqual([found.status, found.customId], ["active", "user-1"]);
  assert.deepEqual((await dataConnectors.listConnections()).data.map(({ id }) => id), [connection]);
  assert.equal((await dataConnectors.createConnectionPickerToken(connection)).expiresIn, 3600);
  const taken = await imports.importFiles(connection, { items: [{ sourceId: "file-1" }, { sourceId: "missing-2" }] });
  assert.deepEqual([taken.hasFailures, taken.items.map(({ action }) => action)], [true, ["created", "rejected"]]);
  await emulator.advance(2);
  const later = await imports.retrieveImport(connection, taken.id);
  assert.deepEqual([later.itemCount, later.items[0].status], [2, "ready"]);
  assert.deepEqual((await imports.listImports(connection)).data.map(({ id }) => id), [taken.id]);
  await dataConnectors.deleteRedirectUri(back.id);
  assert.deepEqual((await dataConnectors.listRedirectUris()).data, []);
  await dataConnectors.deleteConnection(connection);
  await refused(() => dataConnectors.retrieveConnection(connection), 404);
});
