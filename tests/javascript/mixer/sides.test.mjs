import assert from "node:assert/strict";
import { test } from "node:test";
import { Sides } from "../../../static/js/mixer/sides.js";

const STEMS = [
  { name: "vocals", side: 0, loudnessLufs: -20 },
  { name: "drums", side: 0, loudnessLufs: -18 },
  { name: "vocals", side: 1, loudnessLufs: -26 },
  { name: "other", side: 1, loudnessLufs: null },
];

const sides = (gainsDb = [0, 0]) => new Sides(STEMS, gainsDb);
const gains = (desk) => desk.mix.stems.map(({ gain }) => gain);
const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, not ${wanted}`);

test("one side is heard as a whole, and the other is silent", () => {
  const desk = sides();
  assert.deepEqual(gains(desk), [1, 1, 0, 0]);
  desk.turn();
  assert.deepEqual(gains(desk), [0, 0, 1, 1]);
  desk.hear(0);
  assert.deepEqual(gains(desk), [1, 1, 0, 0]);
});

test("a chosen stem is heard alone on both sides", () => {
  const desk = sides();
  desk.choose("vocals");
  assert.deepEqual(gains(desk), [1, 0, 0, 0]);
  desk.turn();
  assert.deepEqual(gains(desk), [0, 0, 1, 0]);
});

test("everything but the chosen stem is heard after the swap", () => {
  const desk = sides();
  desk.choose("vocals");
  desk.swap();
  assert.deepEqual(gains(desk), [0, 1, 0, 0]);
  desk.choose("vocals", true);
  assert.deepEqual(gains(desk), [1, 1, 0, 0]);
});

test("without a chosen stem there is nothing to swap", () => {
  const desk = sides();
  desk.swap();
  assert.equal(desk.swapped, false);
});

test("the same choice once more is the whole mix again", () => {
  const desk = sides();
  desk.choose("vocals");
  desk.choose("vocals");
  assert.equal(desk.chosen, null);
  desk.choose("drums");
  desk.whole();
  assert.deepEqual(gains(desk), [1, 1, 0, 0]);
});

test("a side that lacks the chosen stem is silent, also of everything else", () => {
  const desk = sides();
  desk.choose("drums");
  desk.turn();
  assert.equal(desk.has(1), false);
  assert.deepEqual(gains(desk), [0, 0, 0, 0]);
  desk.swap();
  assert.deepEqual(gains(desk), [0, 0, 0, 0]);
});

test("without matching no side is lowered", () => {
  const desk = sides([-1, -6]);
  assert.deepEqual([desk.trimDb(0), desk.trimDb(1)], [0, 0]);
});

test("of two mixes the one whose files were lowered less is lowered by the difference", () => {
  const desk = sides([-1, -7]);
  desk.match(true);
  assert.deepEqual([desk.trimDb(0), desk.trimDb(1)], [6, 0]);
  near(gains(desk)[0], 10 ** (-6 / 20));
});

test("of two stems the louder one is lowered to the other", () => {
  const desk = sides([-1, -7]);
  desk.match(true);
  desk.choose("vocals");
  assert.deepEqual([desk.trimDb(0), desk.trimDb(1)], [6, 0]);
  desk.swap();
  assert.deepEqual([desk.trimDb(0), desk.trimDb(1)], [6, 0]);
});

test("a stem whose loudness nobody knows, or that is on one side only, is not lowered", () => {
  const desk = sides();
  desk.match(true);
  for (const name of ["other", "drums", "nothing"]) {
    desk.choose(name);
    assert.deepEqual([desk.trimDb(0), desk.trimDb(1)], [0, 0]);
  }
});

test("the master is a fader as on the desk, and stays between its ends", () => {
  const desk = sides();
  desk.setMaster(0.5);
  assert.equal(desk.mix.master, 0.25);
  desk.setMaster(9);
  near(desk.mix.master, 1.44);
  desk.setMaster(Number.NaN);
  assert.equal(desk.mix.master, 0);
});

test("two results without stems make a mix without stems", () => {
  assert.deepEqual(new Sides([], [0, 0]).mix, { master: 1, stems: [] });
});
