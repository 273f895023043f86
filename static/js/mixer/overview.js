// The whole song behind the position slider, and the part of it that the waveforms show.
import { heights, loudest } from "./bars.js";
import { colour, fresh, once, onResize } from "./canvas.js";

export class Overview {
  constructor({ canvas, peaks, viewport }) {
    Object.assign(this, { canvas, peaks, viewport });
    this.draw = once(() => this.#draw());
    onResize(canvas, this.draw);
    for (const each of peaks) each.addEventListener("tile", this.draw);
    viewport.addEventListener("change", this.draw);
  }

  #draw() {
    const surface = fresh(this.canvas);
    if (!surface) return;
    const { context, width, height } = surface;
    const { durationS } = this.viewport;
    const levels = loudest(this.peaks, Math.floor(width / 3), durationS);
    context.fillStyle = colour(this.canvas, "--line-strong");
    heights(levels, height).forEach((tall, n) => {
      context.fillRect(n * 3, (height - tall) / 2, 2, tall);
    });
    if (!this.viewport.isWhole) this.#window(surface, durationS);
  }

  #window({ context, width, height }, durationS) {
    const from = (this.viewport.start / durationS) * width;
    const wide = Math.max(4, (this.viewport.lengthS / durationS) * width);
    context.fillStyle = colour(this.canvas, "--accent");
    context.globalAlpha = 0.16;
    context.fillRect(from, 0, wide, height);
    context.globalAlpha = 1;
    context.strokeStyle = colour(this.canvas, "--accent");
    context.strokeRect(from + 0.5, 0.5, wide - 1, height - 1);
  }
}
