// The two ends of the loop in the ruler. They are dragged, or moved with the arrow keys.
import { spoken } from "./time.js";

const STEP_S = 0.1;

export class Edges {
  constructor({ ruler, start, end, viewport, region }) {
    Object.assign(this, { ruler, start, end, viewport, region });
    this.#bind(
      start,
      () => region.start,
      (seconds) => region.set(Math.min(seconds, region.end - STEP_S), region.end, region.isOn),
    );
    this.#bind(
      end,
      () => region.end,
      (seconds) => region.set(region.start, Math.max(seconds, region.start + STEP_S), region.isOn),
    );
    region.addEventListener("change", () => this.show());
    viewport.addEventListener("change", () => this.show());
    this.show();
  }

  #bind(handle, value, move) {
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const { left, width } = this.ruler.getBoundingClientRect();
      move(this.viewport.seconds((event.clientX - left) / width));
    });
    handle.addEventListener("keydown", (event) => {
      const steps = {
        ArrowLeft: -1,
        ArrowDown: -1,
        ArrowRight: 1,
        ArrowUp: 1,
        PageDown: -10,
        PageUp: 10,
      }[event.key];
      if (!steps) return;
      event.preventDefault();
      event.stopPropagation();
      move(value() + steps * STEP_S);
    });
  }

  show() {
    for (const [handle, seconds] of [
      [this.start, this.region.start],
      [this.end, this.region.end],
    ]) {
      const place = this.viewport.place(seconds);
      handle.hidden = !this.region.exists || place < 0 || place > 1;
      handle.style.left = `${100 * place}%`;
      handle.setAttribute("aria-valuemax", this.viewport.durationS.toFixed(1));
      handle.setAttribute("aria-valuenow", seconds.toFixed(1));
      handle.setAttribute("aria-valuetext", spoken(seconds));
    }
  }
}
