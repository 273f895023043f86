// What was handed to the audio context: which sample of the song sounds at which of its times.
const MOST_BLOCKS = 200;

export class Schedule {
  #blocks = [];

  // `rate`: how many samples of the way one sample of sound takes; `blockSamples`: sound in a block.
  constructor({ timeline, rate, sampleRateHz, blockSamples }) {
    Object.assign(this, { timeline, rate, sampleRateHz, blockSamples });
    this.count = 0;
  }

  get blockS() {
    return this.blockSamples / this.sampleRateHz;
  }

  // Whether nothing of the way is left for another block.
  get isComplete() {
    return this.timeline.left(this.#way(this.count)) <= 0;
  }

  // The next block sounds from `time` on.
  add(time) {
    this.#blocks.push({ time, way: this.#way(this.count) });
    if (this.#blocks.length > MOST_BLOCKS) this.#blocks.splice(0, MOST_BLOCKS / 2);
    this.count += 1;
  }

  // Before the first block that is its first sample; in a gap between two, the last of the former.
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
