import assert from "node:assert/strict";
import { test } from "node:test";
import { edgesOf, heightOf, piecesOf } from "../../../static/js/mixer/spectrum-grid.js";

const near = (value, wanted, off) =>
  assert.ok(Math.abs(value - wanted) < off, `${value}, not ${wanted}`);
const PREVIEW = { sampleRateHz: 1000, chunkSamples: 2000, chunks: 3 };

test("rows go from 40 Hz to 16 kHz in bins of the transform", () => {
  const edges = edgesOf(128, 44_100);
  assert.equal(edges.length, 129);
  near((edges[0] * 44_100) / 4096, 40, 1e-3);
  near((edges[128] * 44_100) / 4096, 16_000, 1e-2);
});

test("each row is as much wider as it is higher", () => {
  const edges = edgesOf(128, 48_000);
  for (let n = 1; n < 128; n += 1) near(edges[n + 1] / edges[n], 400 ** (1 / 128), 1e-5);
});

test("the lowest frequency is at the bottom, the highest on top, an octave always as tall", () => {
  assert.equal(heightOf(40, 100), 100);
  near(heightOf(16_000, 100), 0, 1e-9);
  near(heightOf(100, 100) - heightOf(200, 100), heightOf(4000, 100) - heightOf(8000, 100), 1e-9);
});

test("columns are told by the chunk that they lie in", () => {
  const pieces = piecesOf({ width: 4, start: 1, lengthS: 2, delaySamples: 0, preview: PREVIEW });
  assert.deepEqual(pieces, [
    { number: 0, x: 0, centres: [1250, 1750] },
    { number: 1, x: 2, centres: [250, 750] },
  ]);
});

test("the encoder's delay moves the columns with the sound", () => {
  const [first] = piecesOf({ width: 2, start: 0, lengthS: 1, delaySamples: 100, preview: PREVIEW });
  assert.deepEqual(first.centres, [350, 850]);
});

test("columns behind the last chunk belong to it", () => {
  const pieces = piecesOf({ width: 2, start: 5, lengthS: 4, delaySamples: 0, preview: PREVIEW });
  assert.deepEqual(pieces, [{ number: 2, x: 0, centres: [2000, 4000] }]);
});

test("every column comes once and in order", () => {
  const pieces = piecesOf({ width: 601, start: 0, lengthS: 6, delaySamples: 7, preview: PREVIEW });
  let x = 0;
  for (const piece of pieces) {
    assert.equal(piece.x, x);
    x += piece.centres.length;
  }
  assert.equal(x, 601);
});

test("a picture without width has no columns", () => {
  assert.deepEqual(
    piecesOf({ width: 0, start: 0, lengthS: 6, delaySamples: 0, preview: PREVIEW }),
    [],
  );
});
