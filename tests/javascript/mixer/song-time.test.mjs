import assert from "node:assert/strict";
import { test } from "node:test";
import { SongTime } from "../../../static/js/mixer/song-time.js";

const DELAY = 1024;
const song = () => new SongTime({ sampleRateHz: 44_100, delaySamples: DELAY, samples: 441_000 });

test("a song lasts as long as its samples, without what the encoder put in front", () => {
  assert.equal(song().durationS, 10);
  assert.equal(song().first, DELAY);
  assert.equal(song().end, DELAY + 441_000);
});

test("seconds become the nearest sample behind the encoder's delay", () => {
  assert.equal(song().sample(0), DELAY);
  assert.equal(song().sample(1), DELAY + 44_100);
  assert.equal(song().sample(1.4 / 44_100), DELAY + 1);
  assert.equal(song().sample(1.6 / 44_100), DELAY + 2);
});

test("seconds outside of the song become its nearer end", () => {
  assert.equal(song().sample(-1), DELAY);
  assert.equal(song().sample(11), DELAY + 441_000);
  assert.equal(song().sample(Infinity), DELAY + 441_000);
});

test("what is no number becomes the start", () => {
  assert.equal(song().sample(Number.NaN), DELAY);
  assert.equal(song().sample(undefined), DELAY);
  assert.equal(song().seconds(Number.NaN), 0);
});

test("samples become seconds, and what lies in front of the song is its start", () => {
  assert.equal(song().seconds(DELAY + 22_050), 0.5);
  assert.equal(song().seconds(0), 0);
  assert.equal(song().seconds(1e9), 10);
});

test("each sample comes back as itself", () => {
  for (const sample of [DELAY, DELAY + 1, DELAY + 12_345, DELAY + 440_999, DELAY + 441_000]) {
    assert.equal(song().sample(song().seconds(sample)), sample);
  }
});

test("a loop in seconds becomes one in samples", () => {
  assert.deepEqual(song().span({ start: 1, end: 2 }), {
    start: DELAY + 44_100,
    end: DELAY + 88_200,
  });
  assert.deepEqual(song().span({ start: -5, end: 50 }), { start: DELAY, end: DELAY + 441_000 });
});

test("no loop, an empty one and one that runs backwards are none", () => {
  assert.equal(song().span(null), null);
  assert.equal(song().span({ start: 3, end: 3 }), null);
  assert.equal(song().span({ start: 4, end: 3 }), null);
  assert.equal(song().span({ start: 10, end: 12 }), null);
  assert.equal(song().span({ start: Number.NaN, end: Number.NaN }), null);
});

test("a song without samples has one place", () => {
  const empty = new SongTime({ sampleRateHz: 44_100, delaySamples: DELAY, samples: 0 });
  assert.equal(empty.durationS, 0);
  assert.equal(empty.sample(5), DELAY);
  assert.equal(empty.seconds(DELAY + 5), 0);
});
