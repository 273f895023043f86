// The form below the mixer: sends the server the mix that is heard, in decibels and seconds, to make a file.
import { decibels } from "./desk.js";

const QUIETEST_DB = -120; // the server's minimum
const LONGEST_NOTE_MS = 60_000;
const DOUBLE_CLICK_MS = 1000;

const gainDb = (fader) => Math.max(QUIETEST_DB, decibels(fader));

// The mix that the server renders; stems that are not heard are left out.
export function mixOf({ desk, speed, range }) {
  const levels = desk.stems.map(({ name }, n) => ({
    name,
    isHeard: desk.isHeard(n),
    ...desk.levelOf(n),
  }));
  const heard = levels.filter(({ isHeard, volume }) => isHeard && volume > 0);
  const stems = heard.map(({ name, volume, pan }) => ({ name, gain_db: gainDb(volume), pan }));
  const mix = { stems, speed };
  if (desk.master !== 1) mix.gain_db = gainDb(desk.master);
  return range ? { ...mix, start_s: range.start, end_s: range.end } : mix;
}

export class Export {
  #sentAt = -Infinity;

  constructor({ form, desk, engine, region }) {
    Object.assign(this, { form, desk, engine, region });
    const find = (name) => form.querySelector(`[data-mix-${name}]`);
    this.state = find("state");
    this.range = find("range");
    this.told = find("told");
    this.button = find("button");
    form.addEventListener("submit", (event) => this.#send(event));
    region.addEventListener("change", () => this.#show());
    desk.addEventListener("change", () => this.#show());
    this.#show();
  }

  #show() {
    this.range.hidden = this.region.active === null;
    this.button.disabled =
      !mixOf({ desk: this.desk, speed: 1 }).stems.length || this.desk.master === 0;
  }

  #send(event) {
    // A second request would cancel the first, and the server would refuse it as it still renders that.
    if (event.timeStamp - this.#sentAt < DOUBLE_CLICK_MS) {
      event.preventDefault();
      return;
    }
    this.#sentAt = event.timeStamp;
    const wanted = this.range.querySelector("input").checked;
    const range = wanted ? this.region.active : null;
    const mix = mixOf({ desk: this.desk, speed: this.engine.rate, range });
    this.state.value = event.submitter === this.button ? JSON.stringify(mix) : "";
    this.told.textContent = "The file is being made; the download begins in a few seconds.";
    clearTimeout(this.timer);
    // A page gets no event when a download begins.
    this.timer = setTimeout(() => (this.told.textContent = ""), LONGEST_NOTE_MS);
  }
}
