// The loop: a region, which is kept while looping is switched off.
import { clamp } from "./clamp.js";

const SHORTEST_S = 0.1;
const FIRST_S = 8;

export class Region extends EventTarget {
  constructor(durationS) {
    super();
    this.durationS = durationS;
    this.start = 0;
    this.end = 0;
    this.isOn = false;
  }

  get exists() {
    return this.end > this.start;
  }

  // The region that the engine repeats, or null.
  get active() {
    return this.isOn && this.exists ? { start: this.start, end: this.end } : null;
  }

  // Sets the region between two times in either order; a region that is too short is extended.
  set(from, to, isOn = true) {
    const [one, other] = [from, to].map((seconds) => clamp(seconds, 0, this.durationS));
    const start = clamp(Math.min(one, other), 0, Math.max(0, this.durationS - SHORTEST_S));
    this.start = start;
    this.end = Math.min(Math.max(start + SHORTEST_S, one, other), this.durationS);
    this.isOn = isOn;
    this.dispatchEvent(new Event("change"));
  }

  setStart(seconds) {
    const end = this.exists && seconds < this.end ? this.end : seconds + FIRST_S;
    this.set(seconds, end);
  }

  setEnd(seconds) {
    const start = this.exists && seconds > this.start ? this.start : Math.max(0, seconds - FIRST_S);
    this.set(start, seconds);
  }

  // Without a region, creates one of the next seconds.
  toggle(position) {
    if (!this.exists)
      return this.setStart(Math.min(position, Math.max(0, this.durationS - FIRST_S)));
    this.isOn = !this.isOn;
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    this.start = this.end = 0;
    this.isOn = false;
    this.dispatchEvent(new Event("change"));
  }
}
