import assert from "node:assert/strict";
import { test } from "node:test";
import { Reader } from "../../../static/js/mixer/reader.js";
import { bestFit, HOP, Stretcher } from "../../../static/js/mixer/stretch.js";
import { Timeline } from "../../../static/js/mixer/timeline.js";
import { MemoryStore } from "./memory-store.mjs";

const RATE = 44_100;
const LENGTH = 4 * RATE;
const sine = (hz) => (_, n) => Math.sin((2 * Math.PI * hz * n) / RATE);

function stretched(sample, rate, hops, { stems = 1, weights = () => Array(stems).fill(1) } = {}) {
  const store = new MemoryStore(sample, { length: LENGTH, chunkSamples: LENGTH, stems });
  const chunk = store.get(0);
  store.get = () => chunk;
  const reader = new Reader(store, new Timeline(0, LENGTH, null));
  const stretcher = new Stretcher(reader, rate, weights);
  const out = Array.from({ length: 2 * stems }, () => new Float32Array(hops * HOP));
  for (let n = 0; n < hops; n += 1) assert.equal(stretcher.hop(out, n * HOP), true);
  return out;
}

// Of a steady tone: how often it rises through 0, for each second.
function pitch(samples) {
  let rises = 0;
  for (let i = 1; i < samples.length; i += 1) rises += samples[i - 1] < 0 && samples[i] >= 0;
  return (rises * RATE) / samples.length;
}

test("the best fit is where the model was cut from", () => {
  const area = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * i * 0.01));
  for (const at of [0, 37, 200]) {
    assert.equal(bestFit(area.slice(at, at + 100), area, 0, 300), at);
  }
});

test("the best fit is the most alike and not the loudest", () => {
  const model = Float32Array.from([1, -1, 1, -1]);
  const area = Float32Array.from([9, -5, 9, -5, 0, 0, 0.1, -0.1, 0.1, -0.1]);
  assert.equal(bestFit(model, area, 0, 6), 6);
});

test("in silence the first place is as good as any", () => {
  assert.equal(bestFit(new Float32Array(4), new Float32Array(20), 3, 10), 3);
});

for (const rate of [0.5, 0.75, 1.25, 1.5]) {
  test(`at ${rate} times the tempo a tone keeps its pitch and its level`, () => {
    const [left] = stretched(sine(440), rate, 40);
    assert.ok(Math.abs(pitch(left) - 440) < 3, `${pitch(left)} Hz`);
    const inside = left.subarray(HOP, left.length - HOP);
    assert.ok(Math.max(...inside) > 0.98 && Math.max(...inside) < 1.02);
    const jumps = inside.slice(1).map((value, i) => Math.abs(value - inside[i]));
    assert.ok(Math.max(...jumps) < 0.1, `a click of ${Math.max(...jumps)}`);
  });

  test(`at ${rate} times the tempo a click comes when it should, to 15 ms`, () => {
    const at = 60_000;
    const [left] = stretched((_, n) => (n === at ? 1 : 0), rate, Math.ceil(at / rate / HOP) + 3);
    const heard = left.indexOf(left.reduce((most, value) => Math.max(most, value)));
    assert.ok(Math.abs(heard - at / rate) <= HOP + 0.015 * RATE, `${heard}, not ${at / rate}`);
  });
}

test("the stems stay together: one place is taken for all of them", () => {
  const sample = (c, n) => (c < 2 ? 1 : 0.5) * Math.sin(n * 0.05 + Math.sin(n * 0.0007) * 9);
  const [left, , other] = stretched(sample, 0.8, 30, { stems: 2 });
  for (let i = 0; i < left.length; i += 1) assert.ok(Math.abs(left[i] - 2 * other[i]) < 1e-6);
});

test("with every stem silent it still goes on", () => {
  const [left] = stretched(sine(440), 0.8, 20, { weights: () => [0] });
  assert.ok(Math.abs(pitch(left) - 440) < 5);
});

test("silence stays silence", () => {
  const [left] = stretched(() => 0, 1.3, 10);
  assert.ok(left.every((value) => value === 0));
});

test("a hop whose sound is missing is said to be, and is made when it has come", () => {
  const store = new MemoryStore(sine(440), { length: LENGTH, chunkSamples: 2048 });
  store.lost.add(1);
  const stretcher = new Stretcher(new Reader(store, new Timeline(0, LENGTH, null)), 1.5, () => [1]);
  const out = [new Float32Array(3 * HOP), new Float32Array(3 * HOP)];
  assert.equal(stretcher.hop(out, 0), true);
  assert.equal(stretcher.hop(out, HOP), false);
  store.lost.clear();
  assert.equal(stretcher.hop(out, HOP), true);
});
