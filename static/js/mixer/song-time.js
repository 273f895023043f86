// Seconds of a song as samples of its previews, and back. The encoder put samples in front of the song.
import { clamp } from "./clamp.js";

export class SongTime {
  // `delaySamples`: what lies in front; `samples`: the length of the song without it.
  constructor({ sampleRateHz, delaySamples, samples }) {
    this.sampleRateHz = sampleRateHz;
    this.first = delaySamples;
    this.end = delaySamples + samples;
    this.durationS = samples / sampleRateHz;
  }

  // The sample at these seconds; what lies outside of the song is its nearer end.
  sample(seconds) {
    return this.first + Math.round(clamp(seconds, 0, this.durationS) * this.sampleRateHz);
  }

  seconds(sample) {
    return clamp((sample - this.first) / this.sampleRateHz, 0, this.durationS);
  }

  // `{ start, end }` in seconds as the same in samples; null where it is null, or shorter than a sample.
  span(seconds) {
    if (!seconds) return null;
    const [start, end] = [this.sample(seconds.start), this.sample(seconds.end)];
    return start < end ? { start, end } : null;
  }
}
