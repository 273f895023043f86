// Decoded chunks of all stems: loaded in the order of need, dropped when memory runs short.
const MOST_BYTES = 96e6;
const AT_ONCE = 2;
const TRIES = 4;
const PAUSE_MS = 400;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class ChunkStore {
  #ready = new Map();
  #loading = new Map();
  #wanted = [];

  // `onChange(error)` is called for each chunk that has arrived, and for one that cannot be loaded.
  // `pause(ms)` waits before the next try.
  constructor(previews, onChange, pause = sleep) {
    this.previews = previews;
    this.onChange = onChange;
    this.pause = pause;
    this.chunkSamples = previews[0].chunkSamples;
    this.count = Math.max(...previews.map(({ chunks }) => chunks));
    const bytes = this.chunkSamples * 2 * 4 * previews.length;
    this.capacity = Math.max(6, Math.floor(MOST_BYTES / bytes));
  }

  // Channels of chunk `number`, two for each stem, or undefined while it is not loaded.
  get(number) {
    return this.#ready.get(number);
  }

  // Loads the chunks that will be played soon, in that order, and cancels loads of others.
  want(numbers) {
    this.#wanted = numbers.filter((n) => n >= 0 && n < this.count).slice(0, this.capacity - 1);
    for (const [number, control] of this.#loading) {
      if (this.#wanted.includes(number)) continue;
      control.abort();
      this.#loading.delete(number);
    }
    // Chunks that are needed are dropped last.
    for (const number of [...this.#wanted].reverse()) {
      const known = this.#ready.get(number);
      if (!known) continue;
      this.#ready.delete(number);
      this.#ready.set(number, known);
    }
    this.#next();
  }

  #next() {
    for (const number of this.#wanted) {
      if (this.#loading.size >= AT_ONCE) return;
      if (!this.#ready.has(number) && !this.#loading.has(number)) this.#load(number);
    }
  }

  async #load(number) {
    const control = new AbortController();
    this.#loading.set(number, control);
    try {
      const stems = await this.#patiently(number, control.signal);
      this.#keep(number, stems.flat());
    } catch (error) {
      if (control.signal.aborted) return;
      this.#wanted = [];
      this.onChange(error);
      return;
    } finally {
      if (this.#loading.get(number) === control) this.#loading.delete(number);
    }
    this.onChange();
    this.#next();
  }

  async #patiently(number, signal) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await Promise.all(this.previews.map((preview) => preview.chunk(number, signal)));
      } catch (error) {
        if (signal.aborted || attempt === TRIES) throw error;
        await this.pause(PAUSE_MS * 2 ** attempt);
      }
    }
  }

  #keep(number, channels) {
    this.#ready.set(number, channels);
    for (const oldest of this.#ready.keys()) {
      if (this.#ready.size <= this.capacity) return;
      this.#ready.delete(oldest);
    }
  }
}
