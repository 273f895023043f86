// What every mixer of the site has: one engine, a view of the song with its pictures, transport and keys.
import { commonScale } from "./bars.js";
import { Edges } from "./edges.js";
import { Engine } from "./engine.js";
import { Keyboard } from "./keyboard.js";
import { Meter } from "./meters.js";
import { Overlay } from "./overlay.js";
import { Overview } from "./overview.js";
import { Peaks } from "./peaks.js";
import { Preview } from "./preview.js";
import { Region } from "./region.js";
import { Ruler } from "./ruler.js";
import { Surface } from "./surface.js";
import { Transport } from "./transport.js";
import { Viewport } from "./viewport.js";
import { Waveform } from "./waveform.js";

const METER_REST_MS = 2500;
const CALM_MS = 250;

export class Player {
  #moving = false;
  #drawnAt = 0;
  #stoppedAt = 0;

  // `stems`: the server's data, in the order of the desk; `waves`: the element of each stem that holds the
  // canvas of its waveform.
  constructor({ root, desk, stems, waves, samples, delaySamples }) {
    this.root = root;
    this.find = (name) => root.querySelector(`[data-${name}]`);
    this.desk = desk;
    this.stems = stems;
    this.previews = stems.map(({ preview }) => new Preview(preview.url, preview));
    const gains = stems.map(({ gain }) => gain);
    this.engine = new Engine({
      previews: this.previews,
      samples,
      delaySamples,
      gains,
      mix: desk.mix,
    });
    this.viewport = new Viewport(this.engine.durationS);
    this.region = new Region(this.engine.durationS);
    this.#pictures(waves);
    this.#controls();
    this.#listen();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.show();
  }

  // Changes of the desk have a short slope; a subclass may set another.
  mixChanged() {
    this.engine.setMix(this.desk.mix);
  }

  bindKeys(actions) {
    new Keyboard({ choice: this.find("keys"), actions: { ...this.#actions(), ...actions } });
  }

  #pictures(waves) {
    const { viewport } = this;
    const peaks = this.stems.map((stem) => new Peaks({ ...stem.peaks, gain: stem.gain }));
    let known = null;
    // One scale for all of them: a quiet stem looks quiet.
    const scale = () => {
      known ??= commonScale(peaks.map(({ highest }) => highest));
      return known ?? 1;
    };
    // Until the scale is known, each new tile redraws all waveforms.
    const first = () => {
      if (known) return;
      for (const waveform of this.waveforms) waveform.draw();
    };
    for (const each of peaks) each.addEventListener("tile", first);
    this.waveforms = waves.map((wave, n) => {
      const canvas = wave.querySelector("[data-waveform]");
      return new Waveform({
        canvas,
        peaks: peaks[n],
        viewport,
        scale,
        regions: this.stems[n].activity,
      });
    });
    this.ruler = new Ruler({ canvas: this.find("ruler-canvas"), viewport });
    this.overview = new Overview({ canvas: this.find("overview"), peaks, viewport });
    this.overlays = [this.find("ruler"), ...waves].map((box) => new Overlay(box, viewport));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#redraw());
  }

  #controls() {
    const { root, engine, desk, region, viewport } = this;
    this.transport = new Transport({ root, engine, desk, region, viewport });
    const seek = (seconds) => engine.seek(seconds);
    for (const { box } of this.overlays) new Surface({ box, viewport, region, seek });
    new Edges({
      ruler: this.find("ruler"),
      start: root.querySelector("[data-edge=start]"),
      end: root.querySelector("[data-edge=end]"),
      viewport,
      region,
    });
    this.masterMeter = new Meter(this.find("master-meter"));
    this.find("legend").hidden = !this.stems.some(({ activity }) => activity?.length);
  }

  #actions() {
    const { engine, region, transport } = this;
    return {
      toggle: () => transport.toggle(),
      step: (seconds) => engine.seek(engine.position() + seconds),
      home: () => engine.seek(0),
      loop: () => region.toggle(engine.position()),
      loopStart: () => region.setStart(engine.position()),
      loopEnd: () => region.setEnd(engine.position()),
      closer: () => transport.zoom(1.6),
      farther: () => transport.zoom(1 / 1.6),
    };
  }

  #listen() {
    const { engine, desk, region, viewport } = this;
    desk.addEventListener("change", () => this.mixChanged());
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
      this.find("failure").textContent =
        "The sound could not be loaded from the server. Press play to try again.";
    });
    viewport.addEventListener("change", () => this.show());
    document.addEventListener("play", () => engine.pause(), true);
    // A button clicked with the mouse loses the focus, so that the space bar plays instead of pressing it.
    this.root.addEventListener(
      "click",
      ({ detail, target }) => detail > 0 && target.closest("button")?.blur(),
    );
  }

  // A drag sets a new region with each movement; the engine gets only the last one.
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
    if (!this.calm.matches || time - this.#drawnAt > CALM_MS) {
      this.#drawnAt = time;
      this.measure(time, this.engine.state === "playing" ? this.engine.graph : null);
    }
    this.#moving = this.engine.state !== "paused" || time - this.#stoppedAt < METER_REST_MS;
    if (this.#moving) requestAnimationFrame((next) => this.#move(next));
  }

  // `graph` while the engine plays, or null.
  measure(time, graph) {
    if (graph) this.masterMeter.update(graph.meter, time);
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

// Fetches the server's data of a song.
export async function songAt(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`mixer: status ${answer.status}`);
  return answer.json();
}

// Calls `make` with the page's mixer and the songs of its addresses when all are loaded. If one fails, the
// list of tracks below still plays.
export async function begin(root, addresses, make) {
  const songs = await Promise.all(addresses.map(songAt));
  root.hidden = false;
  document.documentElement.classList.add("mixing");
  root.mixer = make(songs);
  root.mixer.engine.prepare();
}
