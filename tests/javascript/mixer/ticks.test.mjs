import assert from "node:assert/strict";
import { test } from "node:test";
import { stepOf, ticks } from "../../../static/js/mixer/ticks.js";

const labels = (view, width) => ticks(view, width).map(({ label }) => label);

test("the step is the least that leaves room for labels", () => {
  assert.equal(stepOf(100, 640), 10);
  assert.equal(stepOf(100, 639), 15);
  assert.equal(stepOf(1, 640), 0.1);
  assert.equal(stepOf(100, 1e6), 0.1);
});

test("the step is an hour at the most", () => {
  assert.equal(stepOf(1e6, 100), 3600);
});

test("marks lie at whole steps inside of the view", () => {
  assert.deepEqual(labels({ start: 0, end: 30 }, 200), ["0:00", "0:10", "0:20", "0:30"]);
  assert.deepEqual(labels({ start: 1, end: 29 }, 180), ["0:10", "0:20"]);
});

test("a close view shows tenths", () => {
  assert.deepEqual(labels({ start: 9.85, end: 10.15 }, 200), ["0:09.9", "0:10.0", "0:10.1"]);
});

test("a view without length has at most one mark, and ends", () => {
  assert.deepEqual(labels({ start: 0, end: 0 }, 640), ["0:00.0"]);
});
