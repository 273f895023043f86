// Pointers and wheels on the waveforms: a click seeks, a drag marks a loop, two fingers or Ctrl and the wheel zoom.
const DRAG_PX = 5;
const WHEEL = 0.0022;

export class Surface {
  #pointers = new Map();
  #from = null;
  #dragged = false;

  constructor({ box, viewport, region, seek }) {
    Object.assign(this, { box, viewport, region, seek });
    box.addEventListener("pointerdown", (event) => this.#down(event));
    box.addEventListener("pointermove", (event) => this.#move(event));
    box.addEventListener("pointerup", (event) => this.#up(event));
    box.addEventListener("pointercancel", (event) => this.#cancel(event));
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #place(clientX) {
    const { left, width } = this.box.getBoundingClientRect();
    return (clientX - left) / width;
  }

  #seconds(clientX) {
    return this.viewport.seconds(this.#place(clientX));
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("[data-edge]")) return;
    this.#pointers.set(event.pointerId, event.clientX);
    this.box.setPointerCapture(event.pointerId);
    if (this.#pointers.size > 1) this.#from = null;
    else this.#from = { x: event.clientX, seconds: this.#seconds(event.clientX) };
    this.#dragged = false;
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    if (this.#pointers.size === 2) return this.#pinch(event);
    if (!this.#from || (!this.#dragged && Math.abs(event.clientX - this.#from.x) < DRAG_PX)) return;
    this.#dragged = true;
    this.region.set(this.#from.seconds, this.#seconds(event.clientX));
  }

  #pinch(event) {
    const spread = () => {
      const [a, b] = [...this.#pointers.values()];
      return { wide: Math.max(10, Math.abs(a - b)), middle: (a + b) / 2 };
    };
    const before = spread();
    const held = this.#seconds(before.middle);
    this.#pointers.set(event.pointerId, event.clientX);
    const after = spread();
    this.viewport.zoom(after.wide / before.wide, held);
    this.viewport.pan(held - this.#seconds(after.middle));
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#from && !this.#dragged) this.seek(this.#from.seconds);
    this.#from = null;
  }

  // The browser uses this touch to scroll the page.
  #cancel(event) {
    this.#pointers.delete(event.pointerId);
    this.#from = null;
  }

  #wheel(event) {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      event.preventDefault();
      this.viewport.zoom(
        Math.exp(-event.deltaY * WHEEL * (event.deltaMode ? 16 : 1)),
        this.#seconds(event.clientX),
      );
    } else if (
      sideways &&
      Math.abs(sideways) >= Math.abs(event.shiftKey ? 0 : event.deltaY) &&
      !this.viewport.isWhole
    ) {
      event.preventDefault();
      this.viewport.pan((sideways / this.box.clientWidth) * this.viewport.lengthS);
    }
  }
}
