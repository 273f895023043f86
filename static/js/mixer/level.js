// The values of a meter: the highest sample, falling slowly, and the recent peak.
import { clamp } from "./clamp.js";

export const FLOOR_DB = -54;
const FALL_DB_PER_S = 30;
const HOLD_MS = 900;
const SILENT = 1e-9;

export function decibelsOf(sample) {
  return 20 * Math.log10((sample || 0) + SILENT);
}

// Part of the scale, 0 at FLOOR_DB and below, 1 at full scale and above.
export function partOf(db) {
  return clamp(1 - db / FLOOR_DB, 0, 1);
}

export class Level {
  #heldAt = 0;
  #time = 0;

  constructor() {
    this.db = FLOOR_DB;
    this.heldDb = FLOOR_DB;
  }

  // `time` in milliseconds; a time before the last one counts as the last one.
  update(db, time) {
    const fall = (Math.max(0, time - this.#time) / 1000) * FALL_DB_PER_S;
    this.#time = time;
    this.db = Math.max(db, this.db - fall, FLOOR_DB);
    if (this.db < this.heldDb && time - this.#heldAt <= HOLD_MS) return;
    this.heldDb = this.db;
    this.#heldAt = time;
  }
}
