// The bar above the lanes: play, position, loop, speed, zoom, master.
import { bindFader } from "./fader.js";
import { bindSlider } from "./lane.js";
import { clock, songLength, spoken } from "./time.js";

const CLOSER = 1.6;

export class Transport {
  constructor({ root, engine, desk, region, viewport }) {
    Object.assign(this, { engine, desk, region, viewport });
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.play = find("play");
    this.time = find("time");
    this.seek = find("seek");
    this.loop = find("loop");
    this.clear = find("loop-clear");
    this.swap = find("swap");
    this.speed = find("speed");
    this.master = find("master");
    this.speedValue = find("speed-value");
    this.#bind(find);
    this.show();
  }

  #bind(find) {
    const { engine, desk, region, viewport } = this;
    this.play.addEventListener("click", () => this.toggle());
    this.loop.addEventListener("click", () => region.toggle(engine.position()));
    this.clear.addEventListener("click", () => {
      region.clear();
      this.loop.focus();
    });
    this.swap.addEventListener("click", () => desk.swap());
    this.seek.max = engine.durationS;
    this.seek.addEventListener("input", () => engine.seek(this.seek.valueAsNumber));
    this.showSpeed = bindSlider(this.speed, {
      home: 1,
      say: (v) => `${v.toFixed(2)} times`,
      set: (v) => engine.setRate(v),
    });
    this.showMaster = bindFader({
      slider: this.master,
      field: find("master-value"),
      read: () => desk.master,
      set: (fader) => desk.setMaster(fader),
    });
    find("closer").addEventListener("click", () => this.zoom(CLOSER));
    find("farther").addEventListener("click", () => this.zoom(1 / CLOSER));
    find("fit").addEventListener("click", () => viewport.fit());
    engine.addEventListener("state", () => this.show());
    engine.addEventListener("rate", () => this.show());
    region.addEventListener("change", () => this.show());
    desk.addEventListener("change", () => this.show());
  }

  toggle() {
    if (this.engine.state === "paused") this.engine.play();
    else this.engine.pause();
  }

  zoom(factor) {
    const at = this.engine.position();
    const seen = at >= this.viewport.start && at <= this.viewport.end;
    this.viewport.zoom(factor, seen ? at : undefined);
  }

  show() {
    const { state } = this.engine;
    this.play.setAttribute("aria-label", state === "paused" ? "Play" : "Pause");
    this.play.dataset.state = state;
    this.loop.setAttribute("aria-pressed", this.region.active !== null);
    this.clear.hidden = !this.region.exists;
    this.swap.disabled = !this.desk.hasSolo;
    this.swap.setAttribute("aria-pressed", this.desk.swapped);
    this.speed.valueAsNumber = this.engine.rate;
    this.showSpeed();
    this.showMaster();
    this.speedValue.textContent = `${this.engine.rate.toFixed(2)}×`;
  }

  move(seconds) {
    const { durationS } = this.engine;
    const text = `${clock(seconds, 1)} / ${songLength(durationS)}`;
    if (this.time.textContent !== text) this.time.textContent = text;
    this.seek.value = seconds;
    this.seek.style.setProperty("--filled", `${(100 * seconds) / durationS}%`);
    this.seek.setAttribute("aria-valuetext", `${spoken(seconds)} of ${spoken(durationS)}`);
  }
}
