// The spectrogram of one stem, for the part of the song in view. The page makes it on
// request, from the preview, so that the server stores no pictures that nobody looks at. The scale ends at
// 16 kHz, as higher frequencies say more about the preview's codec than about the stem.
import { colour, fresh, onResize } from "./canvas.js";
import { edgesOf, heightOf, piecesOf } from "./spectrum-grid.js";

const ROWS = 128;
const LONGEST_S = 1200;
const SETTLE_MS = 250;
const MARKS_HZ = [100, 1000, 10_000];

export class Spectrogram {
  #round = 0;
  #timer = 0;
  #answers = new Map();
  #requests = 0;

  // `gain()`: the factor from the level of the preview to that of the stem.
  constructor({ canvas, note, preview, gain, store, delaySamples, channel, viewport, worker }) {
    Object.assign(this, { canvas, note, preview, gain, store, delaySamples, channel });
    Object.assign(this, { viewport, worker });
    this.edges = edgesOf(ROWS, preview.sampleRateHz);
    this.isOpen = false;
    worker.addEventListener("message", ({ data }) => {
      this.#answers.get(data.id)?.(data.picture);
      this.#answers.delete(data.id);
    });
    viewport.addEventListener("change", () => this.#later());
    onResize(canvas, () => this.#later());
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.#round += 1;
    if (this.isOpen) this.#later();
  }

  #later() {
    if (!this.isOpen) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#paint(), SETTLE_MS);
  }

  async #paint() {
    this.#round += 1;
    const round = this.#round;
    const surface = fresh(this.canvas);
    if (!surface) return;
    this.canvas.dataset.state = "working";
    this.note.textContent = "";
    this.#background(surface);
    if (this.viewport.lengthS > LONGEST_S) {
      this.note.textContent = "Zoom in to less than 20 minutes to see the spectrogram.";
      return;
    }
    try {
      for (const piece of this.#pieces(Math.floor(surface.width))) {
        const picture = await this.#spectra(piece);
        if (round !== this.#round) return;
        this.#strip(surface, piece, picture);
      }
      this.#marks(surface);
      this.canvas.dataset.state = "done";
    } catch {
      if (round === this.#round)
        this.note.textContent = "The sound could not be loaded. Open the spectrogram again.";
    }
  }

  #pieces(width) {
    const { start, lengthS } = this.viewport;
    const { delaySamples, preview } = this;
    return piecesOf({ width, start, lengthS, delaySamples, preview });
  }

  async #spectra({ number, centres }) {
    const known = this.store.get(number)?.slice(2 * this.channel, 2 * this.channel + 2);
    const [left, right] = known ?? (await this.preview.chunk(number));
    const half = this.gain() / 2;
    const samples = left.map((value, i) => (value + right[i]) * half);
    this.#requests += 1;
    const id = `${this.channel}/${this.#requests}`;
    const answer = new Promise((resolve) => this.#answers.set(id, resolve));
    this.worker.postMessage({ id, samples, centres, edges: this.edges }, [samples.buffer]);
    return answer;
  }

  #background({ context, width, height }) {
    context.fillStyle = "#0b0d11";
    context.fillRect(0, 0, width, height);
  }

  #strip({ context, height }, { x, centres }, picture) {
    const image = new ImageData(centres.length, ROWS);
    const palette = this.#palette();
    for (let column = 0; column < centres.length; column += 1) {
      for (let row = 0; row < ROWS; row += 1) {
        const at = 4 * ((ROWS - 1 - row) * centres.length + column);
        image.data.set(palette[picture[column * ROWS + row]], at);
      }
    }
    const strip = document.createElement("canvas");
    [strip.width, strip.height] = [centres.length, ROWS];
    strip.getContext("2d").putImageData(image, 0, 0);
    context.drawImage(strip, x, 0, centres.length, height);
  }

  // From the dark background through the colour of the stem to white.
  #palette() {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [256, 1];
    const probe = canvas.getContext("2d");
    const slope = probe.createLinearGradient(0, 0, 256, 0);
    slope.addColorStop(0, "#0b0d11");
    slope.addColorStop(0.7, colour(this.canvas, "--stem") || colour(this.canvas, "--line-strong"));
    slope.addColorStop(1, "#ffffff");
    probe.fillStyle = slope;
    probe.fillRect(0, 0, 256, 1);
    const { data } = probe.getImageData(0, 0, 256, 1);
    return Array.from({ length: 256 }, (_, n) => data.subarray(4 * n, 4 * n + 4));
  }

  #marks({ context, height }) {
    context.font = `500 10px ${getComputedStyle(this.canvas).fontFamily}`;
    context.textBaseline = "middle";
    for (const hz of MARKS_HZ) {
      const y = heightOf(hz, height);
      context.fillStyle = "rgb(255 255 255 / 25%)";
      context.fillRect(0, Math.round(y), 6, 1);
      context.fillStyle = "rgb(255 255 255 / 85%)";
      context.fillText(hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`, 9, y);
    }
  }
}
