import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { ChunkStore } from "../../../static/js/mixer/store.js";

const CHUNKS = 40;
const SAMPLES = 100;

function preview({ chunkSamples = SAMPLES, fails = () => false } = {}) {
  const asked = [];
  return {
    chunkSamples,
    chunks: CHUNKS,
    asked,
    async chunk(number, signal) {
      asked.push(number);
      await turn();
      signal.throwIfAborted();
      if (fails(number, asked.filter((each) => each === number).length))
        throw new Error("status 502");
      return [Float32Array.of(number), Float32Array.of(-number)];
    },
  };
}

async function settle() {
  for (let n = 0; n < 60; n += 1) await turn();
}

function store(previews) {
  const told = [];
  const waited = [];
  const pause = async (ms) => waited.push(ms);
  return { made: new ChunkStore(previews, (error) => told.push(error), pause), told, waited };
}

test("what is wanted comes in the order of need, with the channels of all stems", async () => {
  const previews = [preview(), preview()];
  const { made, told } = store(previews);
  made.want([5, 3, 9]);
  assert.equal(made.get(5), undefined);
  await settle();
  assert.deepEqual(previews[0].asked, [5, 3, 9]);
  assert.deepEqual(
    made.get(3).map(([value]) => value),
    [3, -3, 3, -3],
  );
  assert.deepEqual(told, [undefined, undefined, undefined]);
});

test("what is here is not fetched again", async () => {
  const song = preview();
  const { made } = store([song]);
  made.want([1, 2]);
  await settle();
  made.want([2, 1, 3]);
  await settle();
  assert.deepEqual(song.asked, [1, 2, 3]);
});

test("two chunks are on their way at a time", async () => {
  const song = preview();
  const { made } = store([song]);
  made.want([1, 2, 3, 4]);
  assert.deepEqual(song.asked, [1, 2]);
});

test("what lies outside of the song is not asked for", async () => {
  const song = preview();
  const { made } = store([song]);
  made.want([-1, CHUNKS, CHUNKS - 1, Number.NaN]);
  await settle();
  assert.deepEqual(song.asked, [CHUNKS - 1]);
});

test("what is under way for nothing is given up", async () => {
  const song = preview();
  const { made, told } = store([song]);
  made.want([1, 2]);
  made.want([7]);
  await settle();
  assert.equal(made.get(1), undefined);
  assert.notEqual(made.get(7), undefined);
  assert.deepEqual(told, [undefined]);
});

test("memory is bounded: what was wanted longest ago is forgotten first", async () => {
  const { made } = store([preview({ chunkSamples: 1e9 })]);
  assert.equal(made.capacity, 6);
  for (let n = 0; n < 8; n += 1) {
    made.want([n]);
    await settle();
  }
  const here = Array.from({ length: CHUNKS }, (_, n) => n).filter((n) => made.get(n));
  assert.deepEqual(here, [2, 3, 4, 5, 6, 7]);
});

test("what is wanted again stays longest", async () => {
  const { made } = store([preview({ chunkSamples: 1e9 })]);
  for (const wanted of [[0], [1], [2], [3], [4], [5], [0], [6]]) {
    made.want(wanted);
    await settle();
  }
  assert.notEqual(made.get(0), undefined);
  assert.equal(made.get(1), undefined);
});

test("96 MB of decoded sound are kept, fewer chunks where there are more stems", () => {
  const one = new ChunkStore([preview({ chunkSamples: 147_456 })], () => {});
  assert.equal(one.capacity, Math.floor(96e6 / (147_456 * 8)));
  const four = new ChunkStore(Array(4).fill(preview({ chunkSamples: 147_456 })), () => {});
  assert.equal(four.capacity, Math.floor(96e6 / (147_456 * 32)));
});

test("a chunk that fails is asked for again, after longer and longer pauses", async () => {
  const song = preview({ fails: (_, attempt) => attempt < 4 });
  const { made, told, waited } = store([song]);
  made.want([1]);
  await settle();
  assert.deepEqual(waited, [800, 1600, 3200]);
  assert.deepEqual(told, [undefined]);
  assert.notEqual(made.get(1), undefined);
});

test("a chunk that cannot be had is told once, and nothing more is asked for until it is wanted", async () => {
  const song = preview({ fails: (number) => number === 1 });
  const { made, told } = store([song]);
  made.want([1, 2, 3, 4]);
  await settle();
  const errors = told.filter((error) => error);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ["status 502"],
  );
  const before = song.asked.length;
  await settle();
  assert.equal(song.asked.length, before);
  made.want([5]);
  await settle();
  assert.notEqual(made.get(5), undefined);
});
