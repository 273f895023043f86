// Plays all stems of a song together. One audio context is the only clock, and the stems are channels of
// the same buffers: nothing can pull them apart, be it a seek, a loop, another tempo or a slow network.
import { Graph } from "./graph.js";
import { TURN_SAMPLES } from "./reader.js";
import { FADE_S, Run } from "./run.js";
import { SongTime } from "./song-time.js";
import { ChunkStore } from "./store.js";
import { Timeline } from "./timeline.js";

const AHEAD_S = 1.2;
const AHEAD_HIDDEN_S = 6; // timers of a page that nobody sees come once a second
const FETCH_AHEAD_S = 16;
const MARGIN_S = 0.03;
const TICK_MS = 80;
const REST_MS = 5000;
const QUANTUM = 128;
const SLOW_S = 0.1; // of a change that nobody asked for

export class Engine extends EventTarget {
  #context = null;
  #graph = null;
  #run = null;
  #state = "paused";
  #at;
  #loop = null;
  #rate = 1;
  #mix;
  #origin = 0;
  #count = 0;
  #timer = 0;
  #rest = 0;

  // `delaySamples`: what the encoder put in front of the song; `samples`: its length; `gains`: by how
  // much each stem is louder than its preview.
  constructor({ previews, samples, delaySamples, gains, mix }) {
    super();
    this.sampleRateHz = previews[0].sampleRateHz;
    this.song = new SongTime({ sampleRateHz: this.sampleRateHz, delaySamples, samples });
    this.durationS = this.song.durationS;
    this.#at = this.song.first;
    this.#mix = mix;
    this.gains = gains;
    this.stems = previews.length;
    this.store = new ChunkStore(previews, (error) => (error ? this.#fail(error) : this.#fill()));
    document.addEventListener("visibilitychange", () => this.#fill());
  }

  get state() {
    return this.#state;
  }

  get rate() {
    return this.#rate;
  }

  get loop() {
    return (
      this.#loop && {
        start: this.song.seconds(this.#loop.start),
        end: this.song.seconds(this.#loop.end),
      }
    );
  }

  get context() {
    return this.#context;
  }

  get graph() {
    return this.#graph;
  }

  // Loads what the first press of the play button will need.
  prepare() {
    this.#wish(this.#at);
  }

  // Seconds of the song that are heard now; `time` is one of the context.
  position(time = this.#heardTime()) {
    return this.song.seconds(this.#sample(time));
  }

  async play() {
    if (this.#state !== "paused") return;
    if (this.#at >= this.song.end) this.#at = this.song.first;
    clearTimeout(this.#rest);
    this.#open();
    this.#become("waiting");
    this.#wish(this.#at);
    // Within the press of the key or button: later a browser would refuse.
    await this.#context.resume();
    if (this.#state !== "waiting") return;
    this.#timer ||= setInterval(() => this.#fill(), TICK_MS);
    this.#fill();
  }

  pause() {
    if (this.#state === "paused") return;
    this.#at = this.#sample(this.#heardTime());
    this.#stop();
    this.#halt();
  }

  seek(seconds) {
    this.#at = this.song.sample(seconds);
    if (this.#state !== "paused") {
      this.#stop();
      this.#become("waiting");
    }
    this.#wish(this.#at);
    this.#fill();
    this.dispatchEvent(new Event("seek"));
  }

  // `{ start, end }` in seconds, or null.
  setLoop(loop) {
    this.#loop = this.song.span(loop);
    this.#anew();
    this.dispatchEvent(new Event("loop"));
  }

  setRate(rate) {
    if (rate === this.#rate) return;
    this.#rate = rate;
    this.#anew();
    this.dispatchEvent(new Event("rate"));
  }

  // `slopeS`: time constant of the slope to it, where the usual one will not do.
  setMix(mix, slopeS) {
    this.#mix = mix;
    this.#graph?.apply(this.#levels, slopeS);
  }

  setGains(gains) {
    this.gains = gains;
    this.#graph?.apply(this.#levels, SLOW_S);
  }

  // The mix of what the stems are, for previews that are not as loud.
  get #levels() {
    const { master, stems } = this.#mix;
    return {
      master,
      stems: stems.map(({ gain, pan }, n) => ({ gain: gain * this.gains[n], pan })),
    };
  }

  #sample(time) {
    return this.#run ? this.#run.songAt(time) : this.#at;
  }

  #heardTime() {
    const { currentTime = 0, outputLatency = 0, baseLatency = 0 } = this.#context ?? {};
    return currentTime - (outputLatency || baseLatency);
  }

  #open() {
    if (this.#context) return;
    // Safari plays web audio through the ringer's switch unless it is told that this is music.
    if (navigator.audioSession) navigator.audioSession.type = "playback";
    this.#context = new AudioContext({ sampleRate: this.sampleRateHz, latencyHint: "interactive" });
    this.#context.addEventListener("statechange", () => this.#interrupted());
    this.#graph = new Graph(this.#context, this.stems);
    this.#graph.set(this.#levels);
    this.dispatchEvent(new Event("open"));
  }

  // A call that comes in, headphones that are pulled: the context stops by itself.
  #interrupted() {
    if (this.#state === "playing" && this.#context.state !== "running") this.pause();
  }

  #become(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.dispatchEvent(new Event("state"));
  }

  #halt() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#rest = setTimeout(() => this.#context?.suspend(), REST_MS);
    this.#become("paused");
  }

  #fail(error) {
    if (this.#state !== "paused") this.pause();
    this.dispatchEvent(new CustomEvent("failure", { detail: error }));
  }

  #stop() {
    this.#run?.fadeOut(this.#context.currentTime);
    this.#run = null;
  }

  #newRun(start) {
    return new Run({
      context: this.#context,
      store: this.store,
      output: this.#graph.input,
      timeline: new Timeline(start, this.song.end, this.#loop),
      rate: this.#rate,
      weights: () => this.#levels.stems.map(({ gain }) => gain),
    });
  }

  // The same place of the song under new rules, without a gap: the old run plays until the new one sounds.
  #anew() {
    const old = this.#run;
    if (!old) return;
    for (let margin = MARGIN_S; margin < 1; margin *= 2) {
      const time = this.#soon(margin);
      const run = this.#newRun(Math.round(old.songAt(time)));
      if (!run.render()) break;
      if (this.#context.currentTime > time - MARGIN_S / 3) continue;
      old.fadeOut(time);
      this.#start(run, time);
      this.#fill();
      return;
    }
    this.#at = Math.round(old.songAt(this.#context.currentTime));
    this.#stop();
    this.#become("waiting");
    this.#wish(this.#at);
    this.#fill();
  }

  // A moment that the context reaches after `margin`, at the start of what it renders at once.
  #soon(margin) {
    const rate = this.#context.sampleRate;
    return (Math.ceil(((this.#context.currentTime + margin) * rate) / QUANTUM) * QUANTUM) / rate;
  }

  #start(run, time) {
    this.#run = run;
    run.fadeIn(time);
    run.schedule(time);
    this.#origin = time;
    this.#count = 1;
    this.#become("playing");
  }

  // Keeps the context supplied; called by the timer, and whenever a chunk has come.
  #fill() {
    if (this.#state === "paused" || this.#context.state !== "running") return;
    if (!this.#run && !this.#begin()) return;
    const ahead = document.hidden ? AHEAD_HIDDEN_S : AHEAD_S;
    while (!this.#run.isComplete && this.#nextTime() < this.#context.currentTime + ahead) {
      if (!this.#run.render()) break;
      this.#supply();
      if (!this.#run) return;
    }
    this.#watch();
  }

  #begin() {
    const run = this.#newRun(this.#at);
    if (!run.render()) return false;
    this.#start(run, this.#soon(MARGIN_S));
    return true;
  }

  #nextTime() {
    return this.#origin + this.#count * this.#run.blockS;
  }

  #supply() {
    let time = this.#nextTime();
    if (time < this.#context.currentTime + MARGIN_S / 3) {
      // Too late for a seamless join: the network or the machine was slower than the song.
      this.#origin = time = this.#soon(MARGIN_S);
      this.#count = 0;
      this.dispatchEvent(new Event("gap"));
    }
    this.#run.schedule(time);
    this.#count += 1;
    this.#become("playing");
  }

  #watch() {
    const now = this.#context.currentTime;
    const at = this.#run.songAt(now);
    this.#wish(at);
    if (now < this.#nextTime() - FADE_S) return;
    if (!this.#run.isComplete) return this.#become("waiting");
    this.#run = null;
    this.#at = this.song.end;
    this.#halt();
    this.dispatchEvent(new Event("end"));
  }

  // Tells the store what will be played: from here on, and round the turn of a loop.
  #wish(sample) {
    const way = new Timeline(Math.round(sample), this.song.end, this.#loop);
    const count = Math.round(FETCH_AHEAD_S * this.#rate * this.sampleRateHz);
    this.store.want(way.chunks({ count, size: this.store.chunkSamples, lead: TURN_SAMPLES }));
  }
}
