// The mixer of the results page: fetches what the server knows of the stems and puts the parts together.
import { Desk } from "./desk.js";
import { Edges } from "./edges.js";
import { Engine } from "./engine.js";
import { Export } from "./export.js";
import { Keyboard } from "./keyboard.js";
import { Lane } from "./lane.js";
import { Meter } from "./meters.js";
import { Overlay } from "./overlay.js";
import { Overview } from "./overview.js";
import { Peaks } from "./peaks.js";
import { Preview } from "./preview.js";
import { Region } from "./region.js";
import { Ruler } from "./ruler.js";
import { Spectrogram } from "./spectrogram.js";
import { Surface } from "./surface.js";
import { Transport } from "./transport.js";
import { Viewport } from "./viewport.js";
import { Waveform } from "./waveform.js";

const METER_REST_MS = 2500;
const CALM_MS = 250;

class Mixer {
  #moving = false;
  #drawnAt = 0;
  #stoppedAt = 0;

  constructor(root, song) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    const elements = [...root.querySelectorAll("[data-lane]")];
    const known = new Map(song.stems.map((stem) => [stem.name, stem]));
    this.stems = elements.map((element) => known.get(element.dataset.lane));
    this.desk = new Desk(this.stems.map(({ name }) => name));
    const previews = this.stems.map(({ preview }) => new Preview(preview.url, preview));
    this.engine = new Engine({ previews, samples: song.samples, delaySamples: song.delaySamples, mix: this.desk.mix });
    this.viewport = new Viewport(this.engine.durationS);
    this.region = new Region(this.engine.durationS);
    this.lanes = elements.map((element, number) => new Lane({ element, desk: this.desk, number }));
    this.#pictures(previews, song);
    this.#controls();
    this.#listen();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.engine.prepare();
    this.show();
  }

  #pictures(previews, song) {
    const { viewport } = this;
    const peaks = this.stems.map((stem) => new Peaks(stem.peaks));
    let known = null;
    // One scale for all of them: a quiet stem looks quiet.
    const scale = () => (known ??= scaleOf(peaks)) ?? 1;
    // The first picture that can be drawn to scale is drawn for all.
    for (const each of peaks) each.addEventListener("tile", () => known || this.waveforms.forEach((one) => one.draw()));
    this.waveforms = this.lanes.map(({ wave }, n) => {
      const canvas = wave.querySelector("[data-waveform]");
      return new Waveform({ canvas, peaks: peaks[n], viewport, scale, regions: this.stems[n].activity });
    });
    this.ruler = new Ruler({ canvas: this.find("ruler-canvas"), viewport });
    this.overview = new Overview({ canvas: this.find("overview"), peaks, viewport });
    this.overlays = [this.find("ruler"), ...this.lanes.map(({ wave }) => wave)].map((box) => new Overlay(box, viewport));
    this.#spectrograms(previews, song);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
  }

  #spectrograms(previews, { delaySamples }) {
    let worker;
    this.lanes.forEach(({ element, wave }, channel) => {
      const button = element.querySelector("[data-spectrum]");
      let spectrogram;
      button.addEventListener("click", () => {
        worker ??= new Worker(this.root.dataset.spectrumWorker);
        spectrogram ??= new Spectrogram({
          canvas: wave.querySelector("[data-spectrogram]"),
          note: element.querySelector("[data-note]"),
          preview: previews[channel],
          store: this.engine.store,
          viewport: this.viewport,
          delaySamples,
          channel,
          worker,
        });
        spectrogram.toggle();
        element.classList.toggle("lane--spectrum", spectrogram.isOpen);
        button.setAttribute("aria-pressed", spectrogram.isOpen);
      });
    });
  }

  #controls() {
    const { root, engine, desk, region, viewport } = this;
    this.transport = new Transport({ root, engine, desk, region, viewport });
    const seek = (seconds) => engine.seek(seconds);
    for (const { box } of this.overlays) new Surface({ box, viewport, region, seek });
    new Edges({ ruler: this.find("ruler"), start: root.querySelector("[data-edge=start]"), end: root.querySelector("[data-edge=end]"), viewport, region });
    new Keyboard({ choice: this.find("keys"), actions: this.#actions() });
    this.meters = this.lanes.map(({ meter }) => new Meter(meter));
    this.masterMeter = new Meter(this.find("master-meter"));
    // Not on a shared page.
    const form = document.querySelector("[data-mix]");
    if (form) new Export({ form, desk, engine, region });
  }

  #actions() {
    const { engine, desk, region, transport } = this;
    return {
      toggle: () => transport.toggle(),
      step: (seconds) => engine.seek(engine.position() + seconds),
      home: () => engine.seek(0),
      solo: (n) => this.#say(n, () => desk.toggleSolo(n)),
      mute: (n) => this.#say(n, () => desk.toggleMute(n)),
      swap: () => desk.swap(),
      loop: () => region.toggle(engine.position()),
      loopStart: () => region.setStart(engine.position()),
      loopEnd: () => region.setEnd(engine.position()),
      closer: () => transport.zoom(1.6),
      farther: () => transport.zoom(1 / 1.6),
    };
  }

  // What a key did, for ears that do not see the button.
  #say(n, act) {
    if (!this.lanes[n]) return;
    act();
    const { solo, mute } = this.desk.stems[n];
    const state = solo ? "solo" : mute ? "muted" : "neither solo nor muted";
    this.find("announce").textContent = `${this.lanes[n].element.dataset.label}: ${state}`;
  }

  #listen() {
    const { engine, desk, region, viewport } = this;
    desk.addEventListener("change", () => engine.setMix(desk.mix));
    region.addEventListener("change", () => {
      this.#loopSoon();
      this.show();
    });
    engine.addEventListener("state", () => this.#changed());
    engine.addEventListener("seek", () => {
      viewport.follow(engine.position());
      this.show();
    });
    engine.addEventListener("failure", () => {
      this.find("failure").textContent = "The sound could not be loaded from the server. Press play to try again.";
    });
    viewport.addEventListener("change", () => this.show());
    document.addEventListener("play", () => engine.pause(), true);
    // A button that the mouse pressed keeps no focus: the space bar is to play, not to press it again.
    this.root.addEventListener("click", ({ detail, target }) => detail > 0 && target.closest("button")?.blur());
  }

  // A drag names a new region with each move of the hand; the engine hears of the one it rests on.
  #loopSoon() {
    clearTimeout(this.loopTimer);
    this.loopTimer = setTimeout(() => this.engine.setLoop(this.region.active), 60);
  }

  #changed() {
    const { state } = this.engine;
    this.root.dataset.state = state;
    if (state === "paused") this.#stoppedAt = performance.now();
    else {
      this.find("failure").textContent = "";
      for (const audio of document.querySelectorAll("audio")) audio.pause();
    }
    if (!this.#moving) requestAnimationFrame((time) => this.#move(time));
    this.#moving = true;
  }

  #move(time) {
    const position = this.engine.position();
    if (this.engine.state === "playing") this.viewport.follow(position);
    this.show(position);
    if (!this.calm.matches || time - this.#drawnAt > CALM_MS) this.#measure(time);
    this.#moving = this.engine.state !== "paused" || time - this.#stoppedAt < METER_REST_MS;
    if (this.#moving) requestAnimationFrame((next) => this.#move(next));
  }

  #measure(time) {
    this.#drawnAt = time;
    const { graph } = this.engine;
    const plays = graph && this.engine.state === "playing";
    this.meters.forEach((meter, n) => (plays ? meter.update(graph.strips[n].meter, time) : meter.rest(time)));
    if (plays) this.masterMeter.update(graph.meter, time);
    else this.masterMeter.rest(time);
  }

  show(position = this.engine.position()) {
    this.transport.move(position);
    for (const overlay of this.overlays) {
      overlay.move(position);
      overlay.show(this.region);
    }
  }

  #redraw() {
    for (const picture of [...this.waveforms, this.ruler, this.overview]) picture.draw();
  }
}

function scaleOf(peaks) {
  const highest = peaks.map((each) => each.highest);
  return highest.includes(null) ? null : 1 / Math.max(0.1, ...highest);
}

async function begin(root) {
  const answer = await fetch(root.dataset.mixer);
  if (!answer.ok) throw new Error(`mixer: status ${answer.status}`);
  const song = await answer.json();
  root.hidden = false;
  document.documentElement.classList.add("mixing");
  root.mixer = new Mixer(root, song);
}

const root = document.querySelector("[data-mixer]");
// Without it the list of tracks below still plays.
if (root) begin(root).catch((error) => console.error(error));
