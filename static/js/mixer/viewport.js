// The part of the song that the waveforms show, in seconds.
import { clamp } from "./clamp.js";

const SHORTEST_S = 0.5;

export class Viewport extends EventTarget {
  constructor(durationS) {
    super();
    this.durationS = durationS;
    this.start = 0;
    this.end = durationS;
  }

  get lengthS() {
    return this.end - this.start;
  }

  get isWhole() {
    return this.lengthS >= this.durationS;
  }

  // The position as a part of the width; 0 to 1 is visible.
  place(seconds) {
    return this.lengthS > 0 ? (seconds - this.start) / this.lengthS : 0;
  }

  seconds(place) {
    return clamp(this.start + place * this.lengthS, 0, this.durationS);
  }

  // A `factor` above 1 zooms in; the position `around` stays in place.
  zoom(factor, around = (this.start + this.end) / 2) {
    if (Number.isNaN(factor)) return;
    const shortest = Math.min(SHORTEST_S, this.durationS);
    const length = clamp(this.lengthS / factor, shortest, this.durationS);
    this.#show(around - this.place(around) * length, length);
  }

  pan(seconds) {
    this.#show(this.start + seconds, this.lengthS);
  }

  fit() {
    this.#show(0, this.durationS);
  }

  // Shows the seconds between the two, at the shortest what zooming can show.
  span(from, to) {
    const shortest = Math.min(SHORTEST_S, this.durationS);
    this.#show(from, clamp(to - from, shortest, this.durationS));
  }

  // Moves the visible part to the playhead when the playhead has left it.
  follow(seconds) {
    if (seconds < this.start || seconds >= this.end)
      this.#show(seconds - 0.05 * this.lengthS, this.lengthS);
  }

  #show(from, length) {
    const start = clamp(from, 0, this.durationS - length);
    if (start === this.start && start + length === this.end) return;
    this.start = start;
    this.end = start + length;
    this.dispatchEvent(new Event("change"));
  }
}
