// The grid of a spectrogram: rows are bands of equal ratio, columns are positions in chunks of sound.
const LOWEST_HZ = 40;
const HIGHEST_HZ = 16_000;
const SIZE = 4096; // of the transform, as in spectrum-worker.js

// In bins of the transform, from the lowest row's lower edge to the highest one's upper edge.
export function edgesOf(rows, sampleRateHz) {
  const perBin = sampleRateHz / SIZE;
  const ratio = HIGHEST_HZ / LOWEST_HZ;
  return Float32Array.from(
    { length: rows + 1 },
    (_, n) => (LOWEST_HZ * ratio ** (n / rows)) / perBin,
  );
}

// Pixels from the upper end of the picture down to a frequency.
export function heightOf(hz, height) {
  return height * (1 - Math.log(hz / LOWEST_HZ) / Math.log(HIGHEST_HZ / LOWEST_HZ));
}

// Columns grouped by chunk: the number of the chunk, its first column, and the centre of each column as a
// sample of the chunk.
export function piecesOf({ width, start, lengthS, delaySamples, preview }) {
  const { sampleRateHz, chunkSamples, chunks } = preview;
  const pieces = new Map();
  for (let x = 0; x < width; x += 1) {
    const sample = (start + ((x + 0.5) / width) * lengthS) * sampleRateHz + delaySamples;
    const number = Math.min(Math.floor(sample / chunkSamples), chunks - 1);
    if (!pieces.has(number)) pieces.set(number, { number, x, centres: [] });
    pieces.get(number).centres.push(sample - number * chunkSamples);
  }
  return [...pieces.values()];
}
