// Converts seconds of a song to samples of its previews and back. The encoder adds samples before the song.
import { clamp } from "./clamp.js";

export class SongTime {
  // `delaySamples`: the added samples; `samples`: the length of the song without them.
  constructor({ sampleRateHz, delaySamples, samples }) {
    this.sampleRateHz = sampleRateHz;
    this.first = delaySamples;
    this.end = delaySamples + samples;
    this.durationS = samples / sampleRateHz;
  }

  // The sample at a time; a time outside the song is limited to its nearer end.
  sample(seconds) {
    return this.first + Math.round(clamp(seconds, 0, this.durationS) * this.sampleRateHz);
  }

  seconds(sample) {
    return clamp((sample - this.first) / this.sampleRateHz, 0, this.durationS);
  }

  // Converts `{ start, end }` from seconds to samples; null for null, and for less than a sample.
  span(seconds) {
    if (!seconds) return null;
    const [start, end] = [this.sample(seconds.start), this.sample(seconds.end)];
    return start < end ? { start, end } : null;
  }
}
