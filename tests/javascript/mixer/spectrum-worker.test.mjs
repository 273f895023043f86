import assert from "node:assert/strict";
import { test } from "node:test";
import { edgesOf } from "../../../static/js/mixer/spectrum-grid.js";

const RATE = 44_100;
const ROWS = 128;
const SECOND = RATE;

// What a browser gives to a worker.
let receive;
const answers = [];
globalThis.self = {
  addEventListener: (_, listener) => {
    receive = listener;
  },
  postMessage: (answer) => answers.push(answer),
};
await import("../../../static/js/mixer/spectrum-worker.js");

function spectrum(sample, centre = SECOND / 2) {
  const samples = Float32Array.from({ length: SECOND }, (_, n) => sample(n));
  receive({ data: { id: "0/1", samples, centres: [centre], edges: edgesOf(ROWS, RATE) } });
  const { id, picture } = answers.pop();
  assert.equal(id, "0/1");
  return [...picture];
}

const sine = (hz) => (n) => Math.sin((2 * Math.PI * hz * n) / RATE);
const rowOf = (hz) => Math.floor((ROWS * Math.log(hz / 40)) / Math.log(400));

for (const hz of [110, 1000, 7000]) {
  test(`a full tone of ${hz} Hz is brightest in its own row`, () => {
    const rows = spectrum(sine(hz));
    const brightest = Math.max(...rows);
    assert.ok(brightest > 245, `only ${brightest}`);
    assert.ok(Math.abs(rows.indexOf(brightest) - rowOf(hz)) <= 1);
    assert.ok(rows[rowOf(hz * 2)] < 100 && rows[rowOf(hz / 2)] < 100);
  });
}

test("a tone 42 dB down is half as bright", () => {
  const rows = spectrum((n) => sine(1000)(n) * 10 ** (-42 / 20));
  assert.ok(Math.abs(Math.max(...rows) - 127) < 6, `${Math.max(...rows)}`);
});

test("silence is dark", () => {
  assert.deepEqual(new Set(spectrum(() => 0)), new Set([0]));
});

test("around the ends of a chunk the sound that is missing counts as silence", () => {
  for (const centre of [0, SECOND, 10 * SECOND]) {
    const rows = spectrum(sine(1000), centre);
    assert.ok(rows.every((value) => value >= 0 && value <= 255));
  }
  assert.deepEqual(new Set(spectrum(sine(1000), 10 * SECOND)), new Set([0]));
});

test("a column shows what sounds at its place", () => {
  const half = (n) => (n < SECOND / 2 ? sine(200)(n) : sine(5000)(n));
  const [before, behind] = [spectrum(half, SECOND / 4), spectrum(half, (3 * SECOND) / 4)];
  assert.ok(before[rowOf(200)] > 200 && before[rowOf(5000)] < 60);
  assert.ok(behind[rowOf(5000)] > 200 && behind[rowOf(200)] < 60);
});
