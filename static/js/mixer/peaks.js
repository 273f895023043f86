// The lowest and the highest sample of each part of a stem, at several resolutions, fetched in tiles.
import { clamp } from "./clamp.js";

const TILE_PAIRS = 32768;
const AGAIN_MS = 2000;

export class Peaks extends EventTarget {
  // `levels`: `{ samples, offset, count }`, finest first: samples for each pair, first byte, pairs.
  // `gain`: the factor for all samples.
  constructor({ url, levels, sampleRateHz, gain = 1 }) {
    super();
    this.url = url;
    this.levels = levels.map((level) => ({ ...level, tiles: [] }));
    this.sampleRateHz = sampleRateHz;
    this.gain = gain;
  }

  // The largest sample of the stem, 0 to 1; null while that is not known.
  get highest() {
    const level = this.levels.at(-1);
    const found = this.#read(level, 0, (level.count * level.samples) / this.sampleRateHz);
    return found && Math.max(-found[0], found[1]);
  }

  // `[lowest, highest]` between two times, -1 to 1; null while they are not loaded.
  between(from, to) {
    const samples = (to - from) * this.sampleRateHz;
    let index = this.levels.findLastIndex((level) => level.samples <= samples);
    // A coarser level until the finer one has arrived.
    for (index = Math.max(0, index); index < this.levels.length; index += 1) {
      const found = this.#read(this.levels[index], from, to);
      if (found) return found;
    }
    return null;
  }

  #read(level, from, to) {
    if (!level.count) return [0, 0];
    const rate = this.sampleRateHz / level.samples;
    const first = clamp(Math.floor(from * rate), 0, level.count - 1);
    const last = clamp(Math.ceil(to * rate), first + 1, level.count);
    let lowest = 127;
    let highest = -128;
    for (let n = first; n < last; n += 1) {
      const tile = this.#tile(level, Math.floor(n / TILE_PAIRS));
      if (!tile) return null;
      const at = 2 * (n % TILE_PAIRS);
      if (tile[at] < lowest) lowest = tile[at];
      if (tile[at + 1] > highest) highest = tile[at + 1];
    }
    return [(this.gain * lowest) / 127, (this.gain * highest) / 127];
  }

  #tile(level, number) {
    if (level.tiles[number] === undefined) {
      level.tiles[number] = null;
      this.#load(level, number);
    }
    return level.tiles[number];
  }

  async #load(level, number) {
    try {
      level.tiles[number] = await this.#fetch(level, number);
      this.dispatchEvent(new Event("tile"));
    } catch {
      // A missing tile does not stop playing; a later redraw requests it again.
      setTimeout(() => delete level.tiles[number], AGAIN_MS);
    }
  }

  async #fetch(level, number) {
    const from = level.offset + 2 * number * TILE_PAIRS;
    const to = Math.min(from + 2 * TILE_PAIRS, level.offset + 2 * level.count);
    const answer = await fetch(this.url, { headers: { Range: `bytes=${from}-${to - 1}` } });
    if (!answer.ok) throw new Error(`peaks: status ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    return new Int8Array(answer.status === 206 ? bytes : bytes.slice(from, to));
  }
}
