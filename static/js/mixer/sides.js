// Which of two results of one song is heard: one side, and of it the whole mix, one stem, or everything
// but that stem. All stems of both sides play all the time; those that are not heard have a gain of 0.
import { clamp } from "./clamp.js";
import { gainOf, HIGHEST } from "./desk.js";

export class Sides extends EventTarget {
  // `stems`: `{ name, side, loudnessLufs }` with `side` 0 or 1; `gainsDb`: the gain that was applied to
  // the files of each side when they were written.
  constructor(stems, gainsDb) {
    super();
    this.stems = stems;
    this.gainsDb = gainsDb;
    this.side = 0;
    this.chosen = null;
    this.swapped = false;
    this.isMatched = false;
    this.master = 1;
  }

  // The transport calls it by this name.
  get hasSolo() {
    return this.chosen !== null;
  }

  setMaster(fader) {
    this.#set({ master: clamp(fader, 0, HIGHEST) });
  }

  hear(side) {
    this.#set({ side });
  }

  // The other side, at the same instant.
  turn() {
    this.hear(1 - this.side);
  }

  // The stem alone, or everything but it; a second call restores the whole mix.
  choose(name, swapped = false) {
    const same = this.chosen === name && this.swapped === swapped;
    this.#set(same ? { chosen: null, swapped: false } : { chosen: name, swapped });
  }

  whole() {
    this.#set({ chosen: null, swapped: false });
  }

  swap() {
    this.#set({ swapped: this.hasSolo && !this.swapped });
  }

  match(isMatched) {
    this.#set({ isMatched });
  }

  // Whether the side has the chosen stem; without it there is no "everything else" either.
  has(side) {
    return this.chosen === null || this.#stem(side) !== undefined;
  }

  isHeard({ name, side }) {
    if (side !== this.side || !this.has(side)) return false;
    return this.chosen === null || (name === this.chosen) !== this.swapped;
  }

  // By how many dB a side is lowered so that both are equally loud: for a stem from its measured loudness,
  // for a mix from the gain of its files, as both mixes are the same song.
  trimDb(side) {
    if (!this.isMatched) return 0;
    const [own, other] = [this.#levelDb(side), this.#levelDb(1 - side)];
    return own === null || other === null ? 0 : Math.max(0, own - other);
  }

  get mix() {
    const stems = this.stems.map((stem) => ({
      gain: this.isHeard(stem) ? 10 ** (-this.trimDb(stem.side) / 20) : 0,
      pan: 0,
    }));
    return { master: gainOf(this.master), stems };
  }

  #stem(side) {
    return this.stems.find((stem) => stem.side === side && stem.name === this.chosen);
  }

  #levelDb(side) {
    if (this.chosen === null || this.swapped) return this.gainsDb[side];
    return this.#stem(side)?.loudnessLufs ?? null;
  }

  #set(values) {
    Object.assign(this, values);
    this.dispatchEvent(new Event("change"));
  }
}
