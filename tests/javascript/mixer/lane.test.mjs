import assert from "node:assert/strict";
import { test } from "node:test";
import { level, side } from "../../../static/js/mixer/lane.js";

test("a fader says its decibels, with the sign that typesetters use", () => {
  assert.equal(level(1), "0.0 dB");
  assert.equal(level(1.2), "+3.2 dB");
  assert.equal(level(0.5), "\u221212.0 dB");
  assert.equal(level(0.01), "\u221280.0 dB");
});

test("a fader at the bottom says that it is silent", () => {
  assert.equal(level(0), "silent");
  assert.equal(level(Number.NaN), "silent");
});

test("what rounds to nothing has no sign", () => {
  assert.equal(level(0.9999), "0.0 dB");
  assert.equal(level(1.0001), "0.0 dB");
});

test("a pan says its side", () => {
  assert.equal(side(0), "centre");
  assert.equal(side(-0.004), "centre");
  assert.equal(side(-0.5), "50 % left");
  assert.equal(side(1), "100 % right");
});
