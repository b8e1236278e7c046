// The installed package in Node, by require.
const assert = require("node:assert/strict");
const { test } = require("node:test");

test("require gives the same classes as import, with one core", async () => {
  const required = require("framekey");
  const imported = await import("framekey");
  const names = Object.keys(required).filter((name) => name !== "__esModule");
  assert.ok(names.length > 15, names.join());
  for (const name of names) assert.equal(imported[name], required[name], name);
});

test("each subpath holds its service and the errors", async () => {
  for (const [path, name] of [["api-video", "ApiVideo"], ["twelve-labs", "TwelveLabs"], ["videovector", "VideoVector"]]) {
    const part = require(`framekey/${path}`);
    assert.equal(part[name], require("framekey")[name]);
    assert.equal((await import(`framekey/${path}`))[name], part[name]);
    assert.equal(part.FramekeyError, require("framekey").FramekeyError);
  }
});

test("a call works", async () => {
  const { Emulator } = require("framekey/emulator");
  const emulator = await Emulator.start();
  try {
    const { TwelveLabs } = require("framekey/twelve-labs");
    assert.ok(Array.isArray((await new TwelveLabs(emulator.twelveLabs).indexes.list()).data));
  } finally {
    await emulator.stop();
  }
});
