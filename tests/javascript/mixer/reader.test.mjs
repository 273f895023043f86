import assert from "node:assert/strict";
import { test } from "node:test";
import { Reader, TURN_SAMPLES } from "../../../static/js/mixer/reader.js";
import { Timeline } from "../../../static/js/mixer/timeline.js";
import { MemoryStore } from "./memory-store.mjs";

const LENGTH = 5000;
const CHUNK = 700;
const counting = () =>
  new MemoryStore((c, n) => n + c / 8, { length: LENGTH, chunkSamples: CHUNK });
const buffers = (count) => Array.from({ length: 2 }, () => new Float32Array(count));

test("it reads across the edges of chunks, all channels at once", () => {
  const reader = new Reader(counting(), new Timeline(650, LENGTH, null));
  const out = buffers(1500);
  assert.equal(reader.read(0, 1500, out), true);
  for (let i = 0; i < 1500; i += 1) {
    assert.equal(out[0][i], 650 + i);
    assert.equal(out[1][i], 650 + i + 1 / 8);
  }
});

test("it writes from the place on that it is told, and nothing beside it", () => {
  const reader = new Reader(counting(), new Timeline(0, LENGTH, null));
  const out = buffers(30).map((channel) => channel.fill(-1));
  reader.read(100, 10, out, 5);
  assert.deepEqual([...out[0].subarray(3, 7)], [-1, -1, 100, 101]);
  assert.deepEqual([...out[0].subarray(13, 17)], [108, 109, -1, -1]);
});

test("before the first chunk and behind the last one lies silence", () => {
  const reader = new Reader(counting(), new Timeline(0, LENGTH, null));
  const out = buffers(20).map((channel) => channel.fill(-1));
  assert.equal(reader.read(-10, 20, out), true);
  assert.deepEqual([...out[0].subarray(8, 12)], [0, 0, 0, 1]);
  reader.read(counting().count * CHUNK - 2, 4, out);
  assert.deepEqual([...out[0].subarray(2, 4)], [0, 0]);
});

test("it says when a chunk is missing", () => {
  const store = counting();
  store.lost.add(2);
  const reader = new Reader(store, new Timeline(0, LENGTH, null));
  assert.equal(reader.read(0, 2 * CHUNK, buffers(2 * CHUNK)), true);
  assert.equal(reader.read(0, 2 * CHUNK + 1, buffers(2 * CHUNK + 1)), false);
});

test("a loop that turns gains no sample and loses none", () => {
  const loop = { start: 1000, end: 2000 };
  const reader = new Reader(counting(), new Timeline(1000, LENGTH, loop));
  const out = buffers(2500);
  reader.read(0, 2500, out);
  for (const i of [0, 1, 500, 1000 - TURN_SAMPLES - 1]) {
    assert.equal(out[0][i], 1000 + i);
    assert.equal(out[0][1000 + i], 1000 + i);
  }
});

test("the end of a loop fades into what leads up to its start, without a jump", () => {
  const loop = { start: 1000, end: 2000 };
  const reader = new Reader(counting(), new Timeline(1000, LENGTH, loop));
  const out = buffers(1010);
  reader.read(0, 1010, out);
  const steps = Array.from({ length: 1009 }, (_, i) => Math.abs(out[0][i + 1] - out[0][i]));
  assert.ok(Math.max(...steps) < 1000 / TURN_SAMPLES + 2, `a jump of ${Math.max(...steps)}`);
  assert.ok(Math.abs(out[0][999] - 999) < 5);
});

test("a turn that is read in two parts sounds like one that is read at once", () => {
  const loop = { start: 1000, end: 2000 };
  const [whole, parts] = [buffers(1100), buffers(1100)];
  new Reader(counting(), new Timeline(1000, LENGTH, loop)).read(0, 1100, whole);
  const reader = new Reader(counting(), new Timeline(1000, LENGTH, loop));
  for (let n = 0; n < 1100; n += 100) reader.read(n, 100, parts, n);
  assert.deepEqual(parts, whole);
});

test("a loop shorter than its fade, at the start of the song, fades into silence", () => {
  const loop = { start: 0, end: 100 };
  const out = buffers(300);
  assert.equal(new Reader(counting(), new Timeline(0, LENGTH, loop)).read(0, 300, out), true);
  assert.ok(out[0].every((value) => value >= 0 && value < 100));
});
