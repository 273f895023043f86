import assert from "node:assert/strict";
import { test } from "node:test";
import { Preview } from "../../../static/js/mixer/preview.js";

const FRAME = 1024;
const STRIDE = 16;

// Every frame has 100 bytes, so that byte offsets can be counted; an offset stands for 16 frames.
function preview(frames) {
  const offsets = Array.from({ length: Math.ceil(frames / STRIDE) }, (_, n) => n * STRIDE * 100);
  const sizeBytes = frames * 100;
  return new Preview("", {
    sampleRateHz: 44_100,
    frameSamples: FRAME,
    stride: STRIDE,
    offsets,
    sizeBytes,
  });
}

test("a chunk has 144 frames, whatever the stride of the offsets", () => {
  assert.equal(preview(1000).chunkSamples, 144 * FRAME);
  const coarse = new Preview("", { frameSamples: FRAME, stride: 500, offsets: [0], sizeBytes: 9 });
  assert.equal(coarse.chunkSamples, 500 * FRAME);
});

test("a song has as many chunks as its frames fill, the last one in part", () => {
  assert.equal(preview(144).chunks, 1);
  assert.equal(preview(145).chunks, 2);
  assert.equal(preview(1440).chunks, 10);
  assert.equal(preview(0).chunks, 0);
});

test("the first chunk begins with the first frame, and nothing of it is thrown away", () => {
  assert.deepEqual(preview(1000).part(0), { from: 0, to: 14_400, skip: 0, samples: 144 * FRAME });
});

test("a later chunk begins sixteen frames early, and these are thrown away", () => {
  assert.deepEqual(preview(1000).part(2), {
    from: (2 * 144 - 16) * 100,
    to: 3 * 144 * 100,
    skip: 16 * FRAME,
    samples: 160 * FRAME,
  });
});

test("the last chunk ends with the file", () => {
  const song = preview(300);
  assert.deepEqual([song.part(2).from, song.part(2).to], [(288 - 16) * 100, 30_000]);
});

test("a decoder that trims is given sixteen frames more, but none behind the end", () => {
  const song = preview(300);
  assert.equal(song.part(0, 1).to, 16_000);
  assert.equal(song.part(0, 1).samples, 160 * FRAME);
  assert.equal(song.part(2, 1).to, 30_000);
});

test("the chunks of a song join to the sample", () => {
  const song = preview(1000);
  for (let n = 1; n < song.chunks; n += 1) {
    const { from, skip } = song.part(n);
    assert.equal((from / 100) * FRAME + skip, n * song.chunkSamples);
  }
});
