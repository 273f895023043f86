// The waveform of one stem, for the part of the song that the viewport shows.
import { bar } from "./bars.js";
import { colour, fresh, once, onResize } from "./canvas.js";

export class Waveform {
  constructor({ canvas, peaks, viewport, scale, regions = [] }) {
    Object.assign(this, { canvas, peaks, viewport, scale, regions });
    this.draw = once(() => this.#draw());
    peaks.addEventListener("tile", this.draw);
    onResize(canvas, this.draw);
    viewport.addEventListener("change", this.draw);
  }

  #draw() {
    const surface = fresh(this.canvas);
    if (!surface) return;
    this.#regions(surface);
    const { context, width, height, ratio } = surface;
    const stem = colour(this.canvas, "--stem") || colour(this.canvas, "--line-strong");
    const step = 1 / ratio;
    const scale = this.scale();
    context.fillStyle = stem;
    context.globalAlpha = 0.35;
    context.fillRect(0, height / 2 - 0.5, width, 1);
    context.globalAlpha = 1;
    context.beginPath();
    for (let x = 0; x < width; x += step) {
      const pair = this.peaks.between(this.#at(x / width), this.#at((x + step) / width));
      if (!pair) continue;
      const { top, height: tall } = bar(pair, { height, scale, thinnest: step });
      context.rect(x, top, step, tall);
    }
    context.fill();
  }

  #at(place) {
    return this.viewport.start + place * this.viewport.lengthS;
  }

  // Marks the parts in which somebody sings.
  #regions({ context, width, height }) {
    context.fillStyle = colour(this.canvas, "--stem");
    for (const [start, end] of this.regions) {
      const from = this.viewport.place(start) * width;
      const to = this.viewport.place(end) * width;
      if (to < 0 || from > width) continue;
      context.globalAlpha = 0.13;
      context.fillRect(from, 0, to - from, height);
      context.globalAlpha = 1;
      context.fillRect(from, height - 3, to - from, 3);
    }
  }
}
