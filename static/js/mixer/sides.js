// What is heard of two results of one song: one side of the two, and of that the whole mix, one stem, or
// everything but that stem. All stems of both play all the time; those that are not heard have no gain.
import { clamp } from "./clamp.js";
import { gainOf, HIGHEST } from "./desk.js";

export class Sides extends EventTarget {
  // `stems`: `{ name, side, loudnessLufs }` with `side` 0 or 1; `gainsDb`: what each side's files were
  // lowered by when they were written.
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

  // The transport asks it under this name.
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

  // The stem alone, or everything but it; the same once more is the whole mix again.
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

  // Whether the side has what is chosen: of a stem that it lacks there is no "everything else" either.
  has(side) {
    return this.chosen === null || this.#stem(side) !== undefined;
  }

  isHeard({ name, side }) {
    if (side !== this.side || !this.has(side)) return false;
    return this.chosen === null || (name === this.chosen) !== this.swapped;
  }

  // By how many dB a side is lowered for the two to be equally loud: a stem by its measured loudness, a mix
  // by the gain of its files, as the two are one song.
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
