import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Peaks } from "../../../static/js/mixer/peaks.js";

const RATE = 1000;
const TILE_PAIRS = 32_768;
const songs = new Map();
let server;
let url;

before(async () => {
  server = createServer((request, response) => {
    const song = songs.get(request.url);
    const [from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range).slice(1).map(Number);
    song.asked.push([from, to]);
    response.statusCode = song.knowsRanges ? 206 : 200;
    response.end(song.knowsRanges ? song.file.subarray(from, to + 1) : song.file);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

// One level for each list of pairs: samples for a pair, then the pairs.
function peaks(...levels) {
  let offset = 0;
  const told = levels.map(([samples, ...pairs]) => {
    const level = { samples, offset, count: pairs.length };
    offset += 2 * pairs.length;
    return level;
  });
  const file = Buffer.from(Int8Array.from(levels.flatMap(([, ...pairs]) => pairs.flat())).buffer);
  const song = { file, asked: [], knowsRanges: true };
  const path = `/${songs.size}`;
  songs.set(path, song);
  const made = new Peaks({ url: `${url}${path}`, levels: told, sampleRateHz: RATE });
  return Object.assign(made, { song });
}

async function between(made, from, to) {
  for (let left = 5; left > 0; left -= 1) {
    const found = made.between(from, to);
    if (found) return found.map((value) => Math.round(value * 127));
    await once(made, "tile");
  }
  assert.fail("no tile tells");
}

const RAMP = Array.from({ length: 10 }, (_, n) => [-n, 10 * n]);

test("nothing is known before the first tile has come", async () => {
  const made = peaks([100, ...RAMP]);
  assert.equal(made.between(0, 0.1), null);
  assert.equal(made.highest, null);
  await once(made, "tile");
  assert.notEqual(made.between(0, 0.1), null);
});

test("a stretch has the lowest and the highest of all pairs that it touches", async () => {
  const made = peaks([100, ...RAMP]);
  assert.deepEqual(await between(made, 0.2, 0.5), [-4, 40]);
  assert.deepEqual(await between(made, 0.25, 0.26), [-2, 20]);
  assert.deepEqual(await between(made, 0.25, 0.31), [-3, 30]);
  assert.deepEqual(await between(made, 0, 1), [-9, 90]);
});

test("before the start and behind the end lies the pair at that end", async () => {
  const made = peaks([100, [-7, 8], ...RAMP.slice(1, 4)]);
  assert.deepEqual(await between(made, 5, 6), [-3, 30]);
  assert.deepEqual(await between(made, -6, -5), [-7, 8]);
  assert.deepEqual(await between(made, Number.NaN, Number.NaN), [-7, 8]);
});

test("the coarsest pairs that still show every pixel are taken", async () => {
  const made = peaks([10, ...Array(100).fill([-1, 1])], [100, ...Array(10).fill([-2, 2])]);
  assert.deepEqual(await between(made, 0, 0.02), [-1, 1]);
  assert.deepEqual(await between(made, 0, 0.1), [-2, 2]);
});

test("a closer look than the finest pairs allow shows these", async () => {
  const made = peaks([100, ...RAMP]);
  assert.deepEqual(await between(made, 0.501, 0.502), [-5, 50]);
});

test("a coarser picture stands in until the finer one has come", async () => {
  const fine = Array.from({ length: TILE_PAIRS + 10 }, () => [-1, 1]);
  const made = peaks([1, ...fine], [40_000, [-3, 3]]);
  assert.equal(await between(made, 0, 40).then(([low]) => low), -3);
  made.between(0, 0.001);
  assert.deepEqual(
    made.between(32.77, 32.771).map((v) => Math.round(v * 127)),
    [-3, 3],
  );
});

test("a tile is asked for once, by the bytes that it lies in", async () => {
  const fine = Array.from({ length: TILE_PAIRS + 10 }, () => [-1, 1]);
  const made = peaks([1, ...fine]);
  made.between(0, 0.001);
  made.between(0.5, 0.501);
  await once(made, "tile");
  assert.deepEqual(made.song.asked, [[0, 2 * TILE_PAIRS - 1]]);
  made.between(32.77, 32.771);
  await once(made, "tile");
  assert.deepEqual(made.song.asked.at(-1), [2 * TILE_PAIRS, 2 * (TILE_PAIRS + 10) - 1]);
});

test("a proxy that sends the whole file in place of a range changes nothing", async () => {
  const made = peaks([1000, [-9, 9]], [10_000, [-100, 100]]);
  made.song.knowsRanges = false;
  assert.deepEqual(await between(made, 0, 10), [-100, 100]);
});

test("the highest of a stem is its largest sample of either sign", async () => {
  const made = peaks([100, [-127, 10], [-1, 1]]);
  assert.equal(made.highest, null);
  await once(made, "tile");
  assert.equal(made.highest, 1);
});

test("a stem without sound is silent, and nobody is asked", () => {
  const made = peaks([100]);
  assert.deepEqual(made.between(0, 1), [0, 0]);
  assert.equal(made.highest, 0);
  assert.deepEqual(made.song.asked, []);
});

test("peaks of a preview that was lowered are those of the stem", async () => {
  const lowered = peaks([10, [-64, 32]]);
  lowered.gain = 2;
  lowered.between(0, 0.01);
  await once(lowered, "tile");
  assert.deepEqual(lowered.between(0, 0.01), [(2 * -64) / 127, (2 * 32) / 127]);
});
