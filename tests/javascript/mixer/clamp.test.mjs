import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp } from "../../../static/js/mixer/clamp.js";

test("a value between the two ends stays what it is", () => {
  assert.equal(clamp(0.25, -1, 1), 0.25);
  assert.equal(clamp(-1, -1, 1), -1);
  assert.equal(clamp(1, -1, 1), 1);
});

test("a value outside becomes the nearer end", () => {
  assert.equal(clamp(-3, 0, 10), 0);
  assert.equal(clamp(11, 0, 10), 10);
  assert.equal(clamp(-Infinity, 0, 10), 0);
  assert.equal(clamp(Infinity, 0, 10), 10);
});

test("what is no number counts as 0", () => {
  assert.equal(clamp(Number.NaN, -1, 1), 0);
  assert.equal(clamp(undefined, -1, 1), 0);
  assert.equal(clamp(Number.NaN, 0.5, 1), 0.5);
});
