// Decoded sound for the reader, made by `sample(channel, n)`; chunks in `lost` have not come.
export class MemoryStore {
  constructor(sample, { length, chunkSamples = 4096, stems = 1 }) {
    this.previews = Array.from({ length: stems }, () => ({}));
    this.chunkSamples = chunkSamples;
    this.count = Math.ceil(length / chunkSamples);
    this.lost = new Set();
    this.sample = sample;
  }

  get(number) {
    if (this.lost.has(number)) return undefined;
    const first = number * this.chunkSamples;
    return Array.from({ length: 2 * this.previews.length }, (_, c) =>
      Float32Array.from({ length: this.chunkSamples }, (_, i) => this.sample(c, first + i)),
    );
  }
}
