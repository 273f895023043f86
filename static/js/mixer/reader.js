// Reads decoded sound along a timeline, all channels at once, with a short crossfade where a loop repeats.
export const TURN_SAMPLES = 256;

export class Reader {
  #scratch;

  constructor(store, timeline) {
    this.store = store;
    this.timeline = timeline;
    this.channels = store.previews.length * 2;
    this.#scratch = Array.from({ length: this.channels }, () => new Float32Array(TURN_SAMPLES));
  }

  // Fills `out` from `at` on; false, with `out` written in part, while a chunk is missing.
  read(n, count, out, at = 0) {
    for (const span of this.timeline.spans(n, count)) {
      if (!this.#copy(span.from, span.length, out, at + span.at)) return false;
      if (!this.#turn(span, out, at + span.at)) return false;
    }
    return true;
  }

  #copy(from, count, out, at) {
    const size = this.store.chunkSamples;
    for (let done = 0; done < count; ) {
      const here = from + done;
      const number = Math.floor(here / size);
      const inside = here - number * size;
      const length = Math.min(count - done, size - inside);
      if (number < 0 || number >= this.store.count) {
        for (const channel of out) channel.fill(0, at + done, at + done + length);
      } else {
        const chunk = this.store.get(number);
        if (!chunk) return false;
        for (let c = 0; c < out.length; c += 1) {
          out[c].set(chunk[c].subarray(inside, inside + length), at + done);
        }
      }
      done += length;
    }
    return true;
  }

  // The end of a loop fades into the samples before its start, without a click and without a gap.
  #turn({ from, length }, out, at) {
    const { loop } = this.timeline;
    if (!loop || from + length <= loop.end - TURN_SAMPLES || from >= loop.end) return true;
    const begin = Math.max(from, loop.end - TURN_SAMPLES);
    const count = from + length - begin;
    if (!this.#copy(loop.start - (loop.end - begin), count, this.#scratch, 0)) return false;
    for (let c = 0; c < out.length; c += 1) {
      for (let i = 0; i < count; i += 1) {
        const weight = 1 - (loop.end - begin - i) / TURN_SAMPLES;
        const k = at + begin - from + i;
        out[c][k] += weight * (this.#scratch[c][i] - out[c][k]);
      }
    }
    return true;
  }
}
