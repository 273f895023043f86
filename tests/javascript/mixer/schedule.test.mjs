import assert from "node:assert/strict";
import { test } from "node:test";
import { Schedule } from "../../../static/js/mixer/schedule.js";
import { Timeline } from "../../../static/js/mixer/timeline.js";

function schedule({ start = 500, end = 100_000, loop = null, rate = 1 } = {}) {
  const timeline = new Timeline(start, end, loop);
  return new Schedule({ timeline, rate, sampleRateHz: 1000, blockSamples: 250 });
}

test("before the first block is there, the place is where the way sets out", () => {
  assert.equal(schedule().songAt(12), 500);
});

test("inside a block the song goes on with the clock", () => {
  const blocks = schedule();
  blocks.add(2);
  assert.equal(blocks.songAt(2), 500);
  assert.equal(blocks.songAt(2.125), 625);
  assert.equal(blocks.songAt(1), 500);
});

test("the second block continues the song of the first", () => {
  const blocks = schedule();
  blocks.add(2);
  blocks.add(2.25);
  assert.equal(blocks.songAt(2.25), 750);
  assert.equal(blocks.songAt(2.375), 875);
});

test("in a gap the song stands at the end of what was heard", () => {
  const blocks = schedule();
  blocks.add(2);
  blocks.add(5);
  assert.equal(blocks.songAt(4), 750);
  assert.equal(blocks.songAt(5.125), 875);
});

test("another tempo takes as much more of the song as it is faster", () => {
  const blocks = schedule({ rate: 1.5 });
  blocks.add(0);
  blocks.add(0.25);
  assert.equal(blocks.songAt(0.125), 500 + 187.5);
  assert.equal(blocks.songAt(0.25), 500 + 375);
});

test("a loop turns on the clock as well", () => {
  const blocks = schedule({ loop: { start: 450, end: 600 } });
  blocks.add(0);
  assert.equal(blocks.songAt(0.1), 450);
  assert.equal(blocks.songAt(0.24), 590);
  assert.equal(blocks.isComplete, false);
});

test("it is complete when the blocks reach the end of the song, and stays at the end", () => {
  const blocks = schedule({ end: 900 });
  blocks.add(0);
  assert.equal(blocks.isComplete, false);
  blocks.add(0.25);
  assert.equal(blocks.isComplete, true);
  assert.equal(blocks.songAt(0.4), 900);
  assert.equal(blocks.songAt(99), 900);
});

test("a way without samples is complete before the first block", () => {
  assert.equal(schedule({ start: 900, end: 900 }).isComplete, true);
});

test("what was heard long ago is forgotten and what is heard now is not", () => {
  const blocks = schedule({ end: 1e9 });
  for (let n = 0; n < 1000; n += 1) blocks.add(n * 0.25);
  assert.equal(blocks.count, 1000);
  assert.equal(blocks.songAt(999 * 0.25), 500 + 999 * 250);
  assert.equal(blocks.songAt(950 * 0.25), 500 + 950 * 250);
});
