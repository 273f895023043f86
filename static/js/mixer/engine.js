// Plays all stems of a song together. One audio context is the only clock, and the stems are channels of
// the same buffers, so that a seek, a loop, another tempo or a slow network cannot desynchronise them.
import { Graph } from "./graph.js";
import { TURN_SAMPLES } from "./reader.js";
import { FADE_S, Run } from "./run.js";
import { SongTime } from "./song-time.js";
import { ChunkStore } from "./store.js";
import { Timeline } from "./timeline.js";

const AHEAD_S = 1.2;
const AHEAD_HIDDEN_S = 6; // in a hidden page, timers fire once a second
const FETCH_AHEAD_S = 16;
const MARGIN_S = 0.03;
const TICK_MS = 80;
const REST_MS = 5000;
const QUANTUM = 128;
const SLOW_S = 0.1; // time constant of a change that the person did not make

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

  // `delaySamples`: samples that the encoder added before the song; `samples`: its length; `gains`: the
  // factor from the level of each preview to that of its stem.
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

  // Loads the chunks that the first press of the play button needs.
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
    // Called within the event of the key or button, as browsers require for audio.
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

  // `slopeS`: the time constant of the change, in place of the usual one.
  setMix(mix, slopeS) {
    this.#mix = mix;
    this.#graph?.apply(this.#levels, slopeS);
  }

  setGains(gains) {
    this.gains = gains;
    this.#graph?.apply(this.#levels, SLOW_S);
  }

  // The mix with the gains of the stems, for previews at another level.
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
    // In Safari the mute switch silences web audio unless the page declares it as playback.
    if (navigator.audioSession) navigator.audioSession.type = "playback";
    this.#context = new AudioContext({ sampleRate: this.sampleRateHz, latencyHint: "interactive" });
    this.#context.addEventListener("statechange", () => this.#interrupted());
    this.#graph = new Graph(this.#context, this.stems);
    this.#graph.set(this.#levels);
    this.dispatchEvent(new Event("open"));
  }

  // An incoming call or unplugged headphones stop the context.
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

  // Restarts at the same place with new settings, without a gap: the old run plays until the new one starts.
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

  // A time that the context reaches after `margin`, at the start of a render quantum.
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

  // Supplies the context with blocks; called by the timer and for each chunk that has arrived.
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
      // Too late for a seamless continuation: the network or the machine was slower than the song.
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

  // Tells the store which chunks will be played, from here on and across the repeat of a loop.
  #wish(sample) {
    const way = new Timeline(Math.round(sample), this.song.end, this.#loop);
    const count = Math.round(FETCH_AHEAD_S * this.#rate * this.sampleRateHz);
    this.store.want(way.chunks({ count, size: this.store.chunkSamples, lead: TURN_SAMPLES }));
  }
}
