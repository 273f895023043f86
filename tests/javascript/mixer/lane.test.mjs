import assert from "node:assert/strict";
import { test } from "node:test";
import { faderOf, level, stepped, typed } from "../../../static/js/mixer/fader.js";
import { side } from "../../../static/js/mixer/lane.js";

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

test("a typed level moves the fader there, in the ways in which people write levels", () => {
  for (const text of ["-6", "\u22126.0 dB", " -6,0 dB "])
    assert.equal(level(typed(text)), "\u22126.0 dB");
  assert.equal(typed("+99"), 1.2);
  assert.equal(typed("silent"), 0);
  assert.equal(typed("-inf"), 0);
  for (const text of ["", "loud", "6 7", "dB"]) assert.equal(typed(text), null);
});

test("a key steps by whole decibels and meets 0 dB from both sides", () => {
  assert.equal(level(stepped(1, 1)), "+1.0 dB");
  assert.equal(level(stepped(0.99, 1)), "0.0 dB");
  assert.equal(level(stepped(1.01, -1)), "0.0 dB");
  assert.equal(level(stepped(faderOf(-6), -6)), "\u221212.0 dB");
  assert.equal(stepped(faderOf(-60), -1), 0);
  assert.equal(level(stepped(0, 1)), "\u221260.0 dB");
  assert.equal(stepped(1.2, 6), 1.2);
});
