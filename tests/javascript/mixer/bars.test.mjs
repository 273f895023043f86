import assert from "node:assert/strict";
import { test } from "node:test";
import { bar, commonScale, heights, loudest } from "../../../static/js/mixer/bars.js";

const PICTURE = { height: 100, scale: 1, thinnest: 0.5 };

const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, not ${wanted}`);

test("full scale nearly fills the height, around the middle", () => {
  const { top, height } = bar([-1, 1], PICTURE);
  near(top, 3);
  near(height, 94);
});

test("a bar lies where its samples lie", () => {
  const { top, height } = bar([0.5, 1], PICTURE);
  near(top, 3);
  near(height, 23.5);
});

test("silence is a thin line in the middle", () => {
  assert.deepEqual(bar([0, 0], PICTURE), { top: 50, height: 0.5 });
});

test("what is scaled beyond the picture ends at its edges", () => {
  assert.deepEqual(bar([-1, 1], { ...PICTURE, scale: 5 }), { top: 0, height: 100 });
});

test("a picture without height has a bar without place", () => {
  assert.deepEqual(bar([-1, 1], { ...PICTURE, height: 0 }), { top: 0, height: 0.5 });
});

test("the loudest stem sets the scale of all", () => {
  assert.equal(commonScale([0.5, 0.25]), 2);
  assert.equal(commonScale([1]), 1);
});

test("stems that are all quiet are not blown up without end", () => {
  assert.equal(commonScale([0.001, 0]), 10);
  assert.equal(commonScale([]), 10);
});

test("there is no scale while a stem is unknown", () => {
  assert.equal(commonScale([0.5, null]), null);
});

const steady = (low, high) => ({ between: () => [low, high] });

test("each column of the whole song is as loud as its loudest stem", () => {
  assert.deepEqual(loudest([steady(-0.5, 0.1), steady(-0.1, 0.3)], 3, 30), [0.5, 0.5, 0.5]);
});

test("columns share the song equally", () => {
  const asked = [];
  const peaks = {
    between: (from, to) => {
      asked.push([from, to]);
      return [0, 0];
    },
  };
  loudest([peaks], 4, 20);
  assert.deepEqual(asked, [
    [0, 5],
    [5, 10],
    [10, 15],
    [15, 20],
  ]);
});

test("stems that are not known yet, and songs without stems, are silent", () => {
  assert.deepEqual(loudest([{ between: () => null }], 2, 20), [0, 0]);
  assert.deepEqual(loudest([], 2, 20), [0, 0]);
  assert.deepEqual(loudest([steady(-1, 1)], 0, 20), []);
});

test("the loudest column nearly fills the strip, and silence is a pixel", () => {
  assert.deepEqual(heights([0, 0.25, 0.5], 46), [1, 20, 40]);
});

test("a song that is nearly silent looks so", () => {
  near(heights([0.01], 46)[0], 8);
  assert.deepEqual(heights([], 46), []);
});
