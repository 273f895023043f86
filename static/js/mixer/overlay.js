// Playhead and loop over a waveform or the ruler. Style properties move them, as the content policy allows.
export class Overlay {
  constructor(box, viewport) {
    this.box = box;
    this.viewport = viewport;
    this.loop = this.#part("mixer__loop");
    this.playhead = this.#part("mixer__playhead");
  }

  #part(name) {
    const part = document.createElement("div");
    part.className = name;
    this.box.append(part);
    return part;
  }

  move(seconds) {
    const place = this.viewport.place(seconds);
    this.playhead.hidden = place < 0 || place > 1;
    this.playhead.style.left = `${100 * place}%`;
  }

  show(region) {
    const from = Math.max(0, this.viewport.place(region.start));
    const to = Math.min(1, this.viewport.place(region.end));
    this.loop.hidden = !region.exists || to <= 0 || from >= 1;
    this.loop.classList.toggle("mixer__loop--off", !region.isOn);
    this.loop.style.left = `${100 * from}%`;
    this.loop.style.width = `${100 * Math.max(0, to - from)}%`;
  }
}
