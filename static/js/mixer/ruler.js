// Minutes and seconds above the waveforms.
import { colour, fresh, onResize, once } from "./canvas.js";
import { clock } from "./time.js";

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const LABEL_PX = 64;

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
    const { start, end, lengthS } = this.viewport;
    const step = STEPS_S.find((s) => (s / lengthS) * width >= LABEL_PX) ?? STEPS_S.at(-1);
    context.font = `500 11px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    context.fillStyle = colour(this.canvas, "--ink-soft");
    for (let n = Math.ceil(start / step); n * step <= end; n += 1) {
      const x = this.viewport.place(n * step) * width;
      context.globalAlpha = 0.6;
      context.fillRect(Math.round(x), height - 6, 1, 6);
      context.globalAlpha = 1;
      const label = clock(n * step, step < 1 ? 1 : 0);
      const room = context.measureText(label).width + 8;
      if (x + room < width) context.fillText(label, x + 4, height / 2 - 1);
    }
  }
}
