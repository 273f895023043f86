import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../../static/js/mixer/timeline.js";

const LOOP = { start: 100, end: 150 };
const spans = (way, n, count) => [...way.spans(n, count)];

test("without a loop the way goes straight on", () => {
  const way = new Timeline(20, 1000, null);
  assert.equal(way.song(0), 20);
  assert.equal(way.song(500), 520);
  assert.equal(way.left(0), 980);
  assert.equal(way.left(980), 0);
  assert.ok(way.left(981) < 0);
});

test("a loop is played round and round, sample for sample", () => {
  const way = new Timeline(140, 1000, LOOP);
  const heard = Array.from({ length: 120 }, (_, n) => way.song(n));
  const wanted = Array.from({ length: 120 }, (_, n) => (n < 10 ? 140 + n : 100 + ((n - 10) % 50)));
  assert.deepEqual(heard, wanted);
  assert.equal(way.left(1e9), Infinity);
});

test("who sets out before a loop reaches it and stays in it", () => {
  const way = new Timeline(90, 1000, LOOP);
  assert.equal(way.song(59), 149);
  assert.equal(way.song(60), 100);
});

test("who sets out behind a loop, or at its end, plays on to the end of the song", () => {
  for (const start of [150, 151, 900]) {
    const way = new Timeline(start, 1000, LOOP);
    assert.equal(way.song(60), start + 60);
    assert.equal(way.left(0), 1000 - start);
  }
});

test("a loop without length is none", () => {
  const way = new Timeline(20, 1000, { start: 30, end: 30 });
  assert.equal(way.song(50), 70);
  assert.equal(way.left(0), 980);
});

test("a stretch of the way is one stretch of the song where no loop turns", () => {
  assert.deepEqual(spans(new Timeline(20, 1000, null), 5, 300), [{ from: 25, length: 300, at: 0 }]);
  assert.deepEqual(spans(new Timeline(100, 1000, LOOP), 0, 50), [{ from: 100, length: 50, at: 0 }]);
});

test("a stretch across the turns of a loop is cut at each", () => {
  assert.deepEqual(spans(new Timeline(140, 1000, LOOP), 0, 70), [
    { from: 140, length: 10, at: 0 },
    { from: 100, length: 50, at: 10 },
    { from: 100, length: 10, at: 60 },
  ]);
});

test("the spans of a stretch follow each other without a gap and say what each sample says", () => {
  const way = new Timeline(117, 1000, LOOP);
  let at = 0;
  for (const span of way.spans(7, 333)) {
    assert.equal(span.at, at);
    for (let i = 0; i < span.length; i += 1) assert.equal(span.from + i, way.song(7 + at + i));
    at += span.length;
  }
  assert.equal(at, 333);
});

test("a stretch of nothing has no spans", () => {
  assert.deepEqual(spans(new Timeline(20, 1000, null), 0, 0), []);
});

test("the chunks that are needed come in the order of need", () => {
  const way = new Timeline(250, 1000, null);
  assert.deepEqual(way.chunks({ count: 300, size: 100, lead: 10 }), [2, 3, 4, 5]);
  assert.deepEqual(way.chunks({ count: 1, size: 100, lead: 10 }), [2]);
});

test("a stretch that ends with a chunk needs no more than that", () => {
  const way = new Timeline(200, 1000, null);
  assert.deepEqual(way.chunks({ count: 100, size: 100, lead: 10 }), [2]);
});

test("a loop needs its own chunks, each once, and the one that leads up to its start", () => {
  const way = new Timeline(340, 1000, { start: 305, end: 520 });
  assert.deepEqual(way.chunks({ count: 600, size: 100, lead: 10 }), [3, 4, 5, 2]);
});

test("a loop from the start on needs nothing in front of the song", () => {
  const way = new Timeline(0, 1000, { start: 0, end: 90 });
  assert.deepEqual(way.chunks({ count: 600, size: 100, lead: 10 }), [0]);
});
