// The blocks that were passed to the audio context: which sample of the song sounds at which time.
const MOST_BLOCKS = 200;

export class Schedule {
  #blocks = [];

  // `rate`: samples of the path for each sample of sound; `blockSamples`: samples of sound in a block.
  constructor({ timeline, rate, sampleRateHz, blockSamples }) {
    Object.assign(this, { timeline, rate, sampleRateHz, blockSamples });
    this.count = 0;
  }

  get blockS() {
    return this.blockSamples / this.sampleRateHz;
  }

  // Whether the path has no samples left for another block.
  get isComplete() {
    return this.timeline.left(this.#way(this.count)) <= 0;
  }

  // The next block starts at `time`.
  add(time) {
    this.#blocks.push({ time, way: this.#way(this.count) });
    if (this.#blocks.length > MOST_BLOCKS) this.#blocks.splice(0, MOST_BLOCKS / 2);
    this.count += 1;
  }

  // Before the first block, its first sample; in a gap between two blocks, the last sample of the earlier.
  songAt(time) {
    let block = this.#blocks[0];
    if (!block) return this.timeline.start;
    for (const each of this.#blocks) if (each.time <= time) block = each;
    const inside = Math.min(Math.max(0, time - block.time), this.blockS);
    const way = block.way + inside * this.sampleRateHz * this.rate;
    return this.timeline.left(way) <= 0 ? this.timeline.end : this.timeline.song(way);
  }

  #way(count) {
    return count * this.blockSamples * this.rate;
  }
}
