// Listening while the job runs: the mixer is added as soon as there are stems to play. It stays and plays on
// when the result replaces the progress.
import { openMixer } from "./mixer/mixer.js";
import { bringHead, pageNow } from "./page.js";

const namesOf = (root) =>
  [...root.querySelectorAll("[data-lane]")].map(({ dataset }) => dataset.lane);

export class Early {
  #state = "none";

  constructor(box) {
    this.box = box;
  }

  get isOpen() {
    return this.#state === "open";
  }

  // Opens the mixer that the server announces. Returns whether it was opened now.
  async open() {
    if (this.#state !== "none") return false;
    this.#state = "opening";
    try {
      const root = this.#mixer ?? (await this.#fetched());
      if (root) await openMixer(root);
      this.box.hidden = !root;
      this.#state = root ? "open" : "none";
    } catch (error) {
      // The next answer of the server triggers another try.
      this.#state = "none";
      console.error(error);
    }
    return this.isOpen;
  }

  get #mixer() {
    return this.box.querySelector("[data-mixer]");
  }

  async #fetched() {
    const page = await pageNow();
    const box = page?.querySelector("[data-early]");
    if (!box?.querySelector("[data-mixer]")) return null;
    document.querySelector("main").className = page.querySelector("main").className;
    this.box.replaceChildren(...document.importNode(box, true).childNodes);
    return this.#mixer;
  }

  // Shows the result around the playing mixer. False if the result has other stems.
  async arrive() {
    const page = await pageNow();
    const mixer = this.#mixer;
    const main = page && document.importNode(page.querySelector("main"), true);
    const place = main?.querySelector("[data-mixer]");
    if (!place || namesOf(place).join() !== namesOf(mixer).join()) return false;
    await bringHead(page);
    takeDownloads(place, mixer);
    exchange(main, place, mixer);
    document.title = page.title;
    mixer.mixer.filesWritten().catch((error) => console.error(error));
    return true;
  }
}

function takeDownloads(from, to) {
  const links = [...from.querySelectorAll("[data-lane]")];
  for (const [n, lane] of [...to.querySelectorAll("[data-lane]")].entries()) {
    const link = links[n].querySelector("[data-download]");
    const waiting = lane.querySelector("[data-download]");
    if (link) waiting?.replaceWith(link);
    else waiting?.remove();
  }
}

// Keeps the mixer's position on the screen, and the focus of the last control.
function exchange(main, place, mixer) {
  const before = mixer.getBoundingClientRect().top;
  const focused = mixer.contains(document.activeElement) ? document.activeElement : null;
  place.replaceWith(mixer);
  document.querySelector("main").replaceWith(main);
  scrollBy({ top: mixer.getBoundingClientRect().top - before, behavior: "instant" });
  focused?.focus({ preventScroll: true });
}
