// How loud each stem and the whole are at this moment: highest sample, falling slowly, on a scale of decibels.
const FLOOR_DB = -54;
const FALL_DB_PER_S = 30;
const HOLD_MS = 900;

export class Meter {
  #level = FLOOR_DB;
  #held = FLOOR_DB;
  #heldAt = 0;
  #time = 0;
  #samples = new Float32Array(2048);

  // The bar's styles read `--level` and `--peak`, both 0 to 1.
  constructor(bar) {
    this.bar = bar;
  }

  update(analyser, time) {
    analyser.getFloatTimeDomainData(this.#samples);
    let highest = 0;
    for (const sample of this.#samples) highest = Math.max(highest, Math.abs(sample));
    this.#show(20 * Math.log10(highest + 1e-9), highest > 1, time);
  }

  rest(time) {
    this.#show(FLOOR_DB, false, time);
  }

  #show(db, clips, time) {
    const fall = (Math.max(0, time - this.#time) / 1000) * FALL_DB_PER_S;
    this.#time = time;
    this.#level = Math.max(db, this.#level - fall, FLOOR_DB);
    if (this.#level >= this.#held || time - this.#heldAt > HOLD_MS) {
      this.#held = this.#level;
      this.#heldAt = time;
    }
    const part = (value) => Math.min(1, Math.max(0, 1 - value / FLOOR_DB)).toFixed(3);
    this.bar.style.setProperty("--level", part(this.#level));
    this.bar.style.setProperty("--peak", part(this.#held));
    if (clips) this.bar.classList.add("meter--clips");
    else if (this.#held < -1) this.bar.classList.remove("meter--clips");
  }
}
