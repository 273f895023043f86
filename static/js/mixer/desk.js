// The state of the mixing desk: what each stem's controls say, and how loud that makes it.
import { clamp } from "./clamp.js";

export const HIGHEST = 1.2;

// A fader's place, 0 to HIGHEST, as a factor: half way is -12 dB, all the way up +3 dB.
export function gainOf(fader) {
  return fader ** 2;
}

export function decibels(fader) {
  return fader > 0 ? 40 * Math.log10(fader) : -Infinity;
}

export class Desk extends EventTarget {
  // `parts`: of a stem's parts `{ parent, kind, beside }` in the place of the part, `parent` being the
  // number of its stem or -1. Those of one kind are heard instead of their stem while they are open, or,
  // where they are `beside`, as well, and then they are silent at first.
  constructor(names, parts = []) {
    super();
    this.master = 1;
    this.swapped = false;
    this.parts = parts;
    this.stems = names.map((name, n) => ({ name, ...this.#start(n) }));
  }

  #start(n) {
    return { volume: 1, pan: 0, solo: false, mute: Boolean(this.parts[n]?.beside), open: "" };
  }

  get hasSolo() {
    return this.stems.some(({ solo }) => solo);
  }

  setVolume(n, volume) {
    this.#set(n, { volume: clamp(volume, 0, HIGHEST) });
  }

  setPan(n, pan) {
    this.#set(n, { pan: clamp(pan, -1, 1) });
  }

  setMaster(volume) {
    this.master = clamp(volume, 0, HIGHEST);
    this.#tell();
  }

  // A stem that is to be heard alone is to be heard; one that is to be silent is not alone.
  toggleSolo(n) {
    this.#set(n, { solo: !this.stems[n]?.solo, mute: false });
  }

  toggleMute(n) {
    this.#set(n, { mute: !this.stems[n]?.mute, solo: false });
  }

  // Shows what was made of a stem in one way, in place of what was open; once more closes it.
  toggleOpen(n, kind) {
    const open = this.stems[n]?.open === kind ? "" : kind;
    for (const part of this.#partsOf(n)) this.stems[part].solo = false;
    this.#set(n, { open });
  }

  // Everything else in place of the soloed stems, at the same instant; and back.
  swap() {
    this.swapped = this.hasSolo && !this.swapped;
    this.#tell();
  }

  reset() {
    this.master = 1;
    for (const [n, stem] of this.stems.entries()) Object.assign(stem, this.#start(n));
    this.#tell();
  }

  // Takes over a saved state. A stem that it does not name gets its defaults.
  restore({ stems = {}, master = 1, swapped = false }) {
    this.master = clamp(master, 0, HIGHEST);
    this.swapped = swapped;
    for (const [n, stem] of this.stems.entries()) {
      const { volume, pan, solo, mute, open } = { ...this.#start(n), ...stems[stem.name] };
      Object.assign(stem, { solo, mute, open });
      Object.assign(stem, { volume: clamp(volume, 0, HIGHEST), pan: clamp(pan, -1, 1) });
    }
    this.#tell();
  }

  // Whether its lane is visible.
  isShown(n) {
    const part = this.parts[n];
    return !part || part.parent < 0 || this.stems[part.parent].open === part.kind;
  }

  isHeard(n) {
    const { mute } = this.stems[n];
    const stem = this.#standsInFor(n);
    if (mute || stem?.mute || !this.isShown(n) || this.#isReplaced(n)) return false;
    return this.hasSolo ? this.#isAlone(n, stem) !== this.swapped : true;
  }

  // Gain and pan of a stem; parts that replace their stem also follow the stem's.
  levelOf(n) {
    const { volume, pan } = this.stems[n];
    const stem = this.#standsInFor(n);
    if (!stem) return { volume, pan };
    return { volume: volume * stem.volume, pan: clamp(pan + stem.pan, -1, 1) };
  }

  // The mix for the engine.
  get mix() {
    const stems = this.stems.map((_, n) => {
      const { volume, pan } = this.levelOf(n);
      return { gain: this.isHeard(n) ? gainOf(volume) : 0, pan };
    });
    return { master: gainOf(this.master), stems };
  }

  #partsOf(n) {
    return this.parts.flatMap((part, place) => (part?.parent === n ? [place] : []));
  }

  // The stem that a part replaces.
  #standsInFor(n) {
    const part = this.parts[n];
    return part && !part.beside ? this.stems[part.parent] : undefined;
  }

  #isReplaced(n) {
    const { open } = this.stems[n];
    return (
      open !== "" &&
      this.#partsOf(n).some((place) => this.parts[place].kind === open && !this.parts[place].beside)
    );
  }

  // The solo of a stem applies to its parts, unless one of them has a solo of its own.
  #isAlone(n, stem) {
    if (!stem?.solo) return this.stems[n].solo;
    const others = this.#partsOf(this.parts[n].parent).some((place) => this.stems[place].solo);
    return others ? this.stems[n].solo : true;
  }

  #set(n, values) {
    if (!this.stems[n]) return;
    Object.assign(this.stems[n], values);
    this.#tell();
  }

  #tell() {
    if (!this.hasSolo) this.swapped = false;
    this.dispatchEvent(new Event("change"));
  }
}
