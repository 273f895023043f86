// Listening while the job still runs: the mixer comes into the page as soon as there are stems to play, and
// stays, and plays on, when the result takes the place of the waiting.
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

  // Opens the mixer, which the server tells is there to be had. Whether it came now.
  async open() {
    if (this.#state !== "none") return false;
    this.#state = "opening";
    try {
      const root = this.#mixer ?? (await this.#fetched());
      if (root) await openMixer(root);
      this.box.hidden = !root;
      this.#state = root ? "open" : "none";
    } catch (error) {
      // The next word of the server is another chance.
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

  // Shows the result around the mixer that plays. False where it is not one of the same stems.
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

// The mixer keeps its place on the screen, and the key that was pressed last its focus.
function exchange(main, place, mixer) {
  const before = mixer.getBoundingClientRect().top;
  const focused = mixer.contains(document.activeElement) ? document.activeElement : null;
  place.replaceWith(mixer);
  document.querySelector("main").replaceWith(main);
  scrollBy({ top: mixer.getBoundingClientRect().top - before, behavior: "instant" });
  focused?.focus({ preventScroll: true });
}
