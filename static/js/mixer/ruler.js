// Minutes and seconds above the waveforms.
import { colour, fresh, once, onResize } from "./canvas.js";
import { ticks } from "./ticks.js";

export class Ruler {
  constructor({ canvas, viewport }) {
    this.canvas = canvas;
    this.viewport = viewport;
    this.draw = once(() => this.#draw());
    onResize(canvas, this.draw);
    viewport.addEventListener("change", this.draw);
  }

  #draw() {
    const surface = fresh(this.canvas);
    if (!surface) return;
    const { context, width, height } = surface;
    context.font = `500 11px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    context.fillStyle = colour(this.canvas, "--ink-soft");
    for (const { seconds, label } of ticks(this.viewport, width)) {
      const x = this.viewport.place(seconds) * width;
      context.globalAlpha = 0.6;
      context.fillRect(Math.round(x), height - 6, 1, 6);
      context.globalAlpha = 1;
      const room = context.measureText(label).width + 8;
      if (x + room < width) context.fillText(label, x + 4, height / 2 - 1);
    }
  }
}
