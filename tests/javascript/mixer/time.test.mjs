import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { clock, songLength, spoken } from "../../../static/js/mixer/time.js";

test("a clock shows minutes and two digits of seconds", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(9.99), "0:09");
  assert.equal(clock(61), "1:01");
  assert.equal(clock(600), "10:00");
});

test("a clock shows hours from the first one on", () => {
  assert.equal(clock(3599.9), "59:59");
  assert.equal(clock(3600), "1:00:00");
  assert.equal(clock(36_061), "10:01:01");
});

test("digits after the second are cut off and not rounded into the next second", () => {
  assert.equal(clock(59.96, 1), "0:59.9");
  assert.equal(clock(0.05, 1), "0:00.0");
  assert.equal(clock(1.234, 2), "0:01.23");
  assert.equal(clock(1.5, 3), "0:01.500");
});

test("sums of tenths show the tenth that was meant", () => {
  for (let n = 0; n < 600; n += 1) {
    assert.equal(clock(n * 0.1, 1), `0:${String(Math.floor(n / 10)).padStart(2, "0")}.${n % 10}`);
  }
});

test("a clock shows the start for what lies before it and for no number", () => {
  assert.equal(clock(-0.5), "0:00");
  assert.equal(clock(-90, 1), "0:00.0");
  assert.equal(clock(Number.NaN), "0:00");
  assert.equal(clock(Number.NaN, 1), "0:00.0");
});

test("the length of a song is what pages and terminals say", () => {
  const cases = JSON.parse(readFileSync(new URL("lengths.json", import.meta.url)));
  for (const [seconds, shown] of cases) assert.equal(songLength(seconds), shown);
  assert.equal(songLength(Number.NaN), "0:00");
});

test("a time is said in whole seconds, and in minutes where there is one", () => {
  assert.equal(spoken(0), "0 seconds");
  assert.equal(spoken(0.6), "1 second");
  assert.equal(spoken(59.4), "59 seconds");
  assert.equal(spoken(59.5), "1 minute 0 seconds");
  assert.equal(spoken(61), "1 minute 1 second");
  assert.equal(spoken(754), "12 minutes 34 seconds");
});

test("the start is said for what lies before it and for no number", () => {
  assert.equal(spoken(-3), "0 seconds");
  assert.equal(spoken(Number.NaN), "0 seconds");
});
