// One unbroken stretch of playing: blocks of sound that follow each other on the clock of the audio context,
// all stems in the channels of one source. A seek, another tempo or a loop starts another run, and the two
// are crossfaded.
import { Reader } from "./reader.js";
import { Schedule } from "./schedule.js";
import { HOP, Stretcher } from "./stretch.js";

export const BLOCK = 8 * HOP; // 0.23 s at 44.1 kHz; a multiple of the 128 samples that browsers render at once
export const FADE_S = 0.01;

export class Run {
  #sources = new Set();
  #schedule;
  #spare = null;
  #faded = false;

  constructor({ context, store, output, timeline, rate, weights }) {
    this.context = context;
    this.sampleRateHz = store.previews[0].sampleRateHz;
    this.channels = store.previews.length * 2;
    this.#schedule = new Schedule({
      timeline,
      rate,
      sampleRateHz: this.sampleRateHz,
      blockSamples: BLOCK,
    });
    this.reader = new Reader(store, timeline);
    this.stretcher = rate === 1 ? null : new Stretcher(this.reader, rate, weights);
    this.gain = new GainNode(context, { gain: 0, channelInterpretation: "discrete" });
    this.gain.connect(output);
    this.hop = 0;
  }

  get blockS() {
    return this.#schedule.blockS;
  }

  // Whether every block of this run has been passed to the context.
  get isComplete() {
    return this.#schedule.isComplete;
  }

  // Prepares the next block; false while its chunk is not loaded.
  render() {
    if (this.#spare && this.hop * HOP === BLOCK) return true;
    if (!this.#spare) {
      this.#spare = this.context.createBuffer(this.channels, BLOCK, this.sampleRateHz);
      this.hop = 0;
    }
    const out = Array.from({ length: this.channels }, (_, c) => this.#spare.getChannelData(c));
    for (; this.hop * HOP < BLOCK; this.hop += 1) {
      if (!this.#hop(out, this.hop * HOP)) return false;
    }
    return true;
  }

  #hop(out, at) {
    if (this.stretcher) return this.stretcher.hop(out, at);
    return this.reader.read(this.#schedule.count * BLOCK + at, HOP, out, at);
  }

  // Passes the block that `render` made to the context; it starts at `time`.
  schedule(time) {
    const source = new AudioBufferSourceNode(this.context, { buffer: this.#spare });
    source.connect(this.gain);
    source.addEventListener("ended", () => this.#forget(source));
    source.start(time);
    this.#sources.add(source);
    this.#schedule.add(time);
    this.#spare = null;
  }

  // The sample of the song that sounds at `time`.
  songAt(time) {
    return this.#schedule.songAt(time);
  }

  fadeIn(time) {
    this.gain.gain.setValueAtTime(0, time);
    this.gain.gain.linearRampToValueAtTime(1, time + FADE_S);
  }

  fadeOut(time) {
    this.#faded = true;
    this.gain.gain.cancelScheduledValues(time);
    this.gain.gain.setValueAtTime(1, time);
    this.gain.gain.linearRampToValueAtTime(0, time + FADE_S);
    for (const source of this.#sources) source.stop(time + FADE_S);
  }

  #forget(source) {
    source.disconnect();
    this.#sources.delete(source);
    if (this.#faded && this.#sources.size === 0) this.gain.disconnect();
  }
}
