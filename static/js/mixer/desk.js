// The state of the mixing desk: what each stem's controls say, and how loud that makes it.
const HIGHEST = 1.2;

// A fader's place, 0 to HIGHEST, as a factor: half way is -12 dB, all the way up +3 dB.
export function gainOf(fader) {
  return fader ** 2;
}

export function decibels(fader) {
  return fader > 0 ? 40 * Math.log10(fader) : -Infinity;
}

export class Desk extends EventTarget {
  constructor(names) {
    super();
    this.master = 1;
    this.swapped = false;
    this.stems = names.map((name) => ({ name, volume: 1, pan: 0, solo: false, mute: false }));
  }

  get hasSolo() {
    return this.stems.some(({ solo }) => solo);
  }

  setVolume(n, volume) {
    this.#set(n, { volume: Math.min(Math.max(0, volume), HIGHEST) });
  }

  setPan(n, pan) {
    this.#set(n, { pan: Math.min(Math.max(-1, pan), 1) });
  }

  setMaster(volume) {
    this.master = Math.min(Math.max(0, volume), HIGHEST);
    this.#tell();
  }

  // A stem that is to be heard alone is to be heard; one that is to be silent is not alone.
  toggleSolo(n) {
    this.#set(n, { solo: !this.stems[n].solo, mute: false });
  }

  toggleMute(n) {
    this.#set(n, { mute: !this.stems[n].mute, solo: false });
  }

  // Everything else in place of the soloed stems, at the same instant; and back.
  swap() {
    this.swapped = this.hasSolo && !this.swapped;
    this.#tell();
  }

  reset() {
    this.master = 1;
    for (const stem of this.stems) Object.assign(stem, { volume: 1, pan: 0, solo: false, mute: false });
    this.#tell();
  }

  isHeard(n) {
    const { solo, mute } = this.stems[n];
    if (mute) return false;
    return this.hasSolo ? solo !== this.swapped : true;
  }

  // What the engine plays by.
  get mix() {
    const stems = this.stems.map(({ volume, pan }, n) => ({ gain: this.isHeard(n) ? gainOf(volume) : 0, pan }));
    return { master: gainOf(this.master), stems };
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
