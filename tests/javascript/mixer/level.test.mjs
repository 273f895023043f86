import assert from "node:assert/strict";
import { test } from "node:test";
import { decibelsOf, FLOOR_DB, Level, partOf } from "../../../static/js/mixer/level.js";

const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-6, `${value}, not ${wanted}`);

test("a sample at full scale is 0 dB, one of half of it -6 dB", () => {
  near(decibelsOf(1), 0);
  near(decibelsOf(0.5), 20 * Math.log10(0.5 + 1e-9));
});

test("silence, and what is no number, lie below the floor", () => {
  assert.ok(decibelsOf(0) < FLOOR_DB);
  assert.ok(decibelsOf(Number.NaN) < FLOOR_DB);
});

test("the scale goes from the floor to full scale and no further", () => {
  assert.equal(partOf(FLOOR_DB), 0);
  assert.equal(partOf(FLOOR_DB / 2), 0.5);
  assert.equal(partOf(0), 1);
  assert.equal(partOf(6), 1);
  assert.equal(partOf(-200), 0);
});

test("a louder sound shows at once", () => {
  const level = new Level();
  level.update(-10, 16);
  assert.deepEqual([level.db, level.heldDb], [-10, -10]);
});

test("a meter falls 30 dB in a second, to the floor and no lower", () => {
  const level = new Level();
  level.update(-10, 0);
  level.update(-200, 500);
  assert.equal(level.db, -25);
  level.update(-200, 1000);
  assert.equal(level.db, -40);
  level.update(-200, 5000);
  assert.equal(level.db, FLOOR_DB);
});

test("a meter does not fall below what sounds", () => {
  const level = new Level();
  level.update(-10, 0);
  level.update(-12, 1000);
  assert.equal(level.db, -12);
});

test("the height is held for 900 ms after it was reached", () => {
  const level = new Level();
  level.update(-10, 1000);
  level.update(-200, 1900);
  assert.equal(level.heldDb, -10);
  level.update(-200, 1901);
  assert.equal(level.heldDb, level.db);
});

test("a clock that goes back lets nothing rise", () => {
  const level = new Level();
  level.update(-10, 1000);
  level.update(-200, 500);
  assert.equal(level.db, -10);
});
