// The current level of each stem and of the mix: the highest sample, falling slowly, on a decibel scale.
import { decibelsOf, FLOOR_DB, Level, partOf } from "./level.js";

export class Meter {
  #level = new Level();
  #samples = new Float32Array(2048);

  // The bar's styles read `--level` and `--peak`, both 0 to 1.
  constructor(bar) {
    this.bar = bar;
  }

  update(analyser, time) {
    analyser.getFloatTimeDomainData(this.#samples);
    let highest = 0;
    for (const sample of this.#samples) highest = Math.max(highest, Math.abs(sample));
    this.#show(decibelsOf(highest), highest > 1, time);
  }

  rest(time) {
    this.#show(FLOOR_DB, false, time);
  }

  #show(db, clips, time) {
    const level = this.#level;
    level.update(db, time);
    this.bar.style.setProperty("--level", partOf(level.db).toFixed(3));
    this.bar.style.setProperty("--peak", partOf(level.heldDb).toFixed(3));
    if (clips) this.bar.classList.add("meter--clips");
    else if (level.heldDb < -1) this.bar.classList.remove("meter--clips");
  }
}
