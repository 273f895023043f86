// Saves a text soon after its last change, one request at a time, and once more when the page is left.
const QUIET_MS = 800;
const LONGEST_MS = 10_000;

export class Autosave {
  #saved;
  #timer = 0;
  #since = null;
  #isSending = false;
  #isLate = false;

  // `text()` returns what is to be saved now; `send(text)` resolves to whether it is saved; `leave(text)`
  // sends it from a page that is being left. The first text counts as saved.
  constructor({ text, send, leave, now = () => performance.now() }) {
    Object.assign(this, { text, send, leave, now });
    this.#saved = text();
  }

  // Something may have changed.
  changed() {
    const now = this.now();
    this.#since ??= now;
    const left = Math.max(0, this.#since + LONGEST_MS - now);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), Math.min(QUIET_MS, left));
  }

  // The next text waits for the request that is on its way.
  async save() {
    clearTimeout(this.#timer);
    this.#since = null;
    this.#isLate = this.#isSending;
    const text = this.text();
    if (this.#isSending || text === this.#saved) return;
    this.#isSending = true;
    if (await this.send(text)) this.#saved = text;
    this.#isSending = false;
    if (this.#isLate) await this.save();
  }

  // The page may not come back: sends now what is not saved.
  left() {
    clearTimeout(this.#timer);
    this.#since = null;
    const text = this.text();
    if (text !== this.#saved && this.leave(text)) this.#saved = text;
  }
}
