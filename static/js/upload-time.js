// How long the chosen songs will take: their lengths are read here, the speeds came with the page.
import { decimal, translatePlural } from "./language.js";

const SHORT_S = 90;
const LONG_S = 5400;
const PATIENCE_MS = 5000;

// An estimate in words, rounded as the server rounds it (jobs/services/timing/progress.py).
export function about(seconds) {
  const rounded = coarse(seconds);
  if (rounded < SHORT_S) return `${rounded} s`;
  if (rounded < LONG_S) return `${Math.round(rounded / 60)} min`;
  return `${decimal(rounded / 3600, rounded % 3600 === 0 ? 0 : 1)} h`;
}

function coarse(seconds) {
  if (seconds < SHORT_S) return Math.max(Math.round(seconds / 5) * 5, 5);
  const unit = seconds < LONG_S ? 60 : 360;
  return Math.round(seconds / unit) * unit;
}

// The pace of a card, as the server's model of time gave it.
export function paceOf({ startS, secondsPerSecond, longestS }) {
  return {
    startS: Number(startS),
    secondsPerSecond: Number(secondsPerSecond),
    longestS: longestS === undefined ? Infinity : Number(longestS),
  };
}

// Seconds for songs of these lengths, one after the other.
export function expected({ startS, secondsPerSecond, longestS }, lengths) {
  return lengths.reduce(
    (sum, length) => sum + startS + secondsPerSecond * Math.min(length, longestS),
    0,
  );
}

// The length of a file in seconds; null where the browser cannot tell.
function lengthOf(file) {
  return new Promise((resolve) => {
    const audio = document.createElement("audio");
    const address = URL.createObjectURL(file);
    const end = (length) => {
      clearTimeout(timer);
      audio.removeAttribute("src");
      URL.revokeObjectURL(address);
      resolve(Number.isFinite(length) && length > 0 ? length : null);
    };
    const timer = setTimeout(end, PATIENCE_MS, null);
    audio.addEventListener("loadedmetadata", () => end(audio.duration));
    audio.addEventListener("error", () => end(null));
    audio.preload = "metadata";
    audio.src = address;
  });
}

export class Times {
  constructor(form) {
    this.lengths = new WeakMap();
    this.files = [];
    this.cards = [...form.querySelectorAll("[data-time]")].map((element) => ({
      element,
      example: element.textContent,
      pace: paceOf(element.dataset),
    }));
  }

  // Says the times of these files as soon as all their lengths are known, and the example until then.
  async tell(files) {
    this.files = files;
    this.show();
    if (this.isReading || this.cards.length === 0) return;
    this.isReading = true;
    for (let file = this.unread(); file; file = this.unread()) {
      this.lengths.set(file, await lengthOf(file));
      this.show();
    }
    this.isReading = false;
  }

  unread() {
    return this.files.find((file) => !this.lengths.has(file));
  }

  show() {
    const lengths = this.files.map((file) => this.lengths.get(file) ?? null);
    const areKnown = lengths.length > 0 && !lengths.includes(null);
    for (const { element, example, pace } of this.cards) {
      const text = areKnown ? this.sentence(about(expected(pace, lengths))) : example;
      if (element.textContent !== text) element.textContent = text;
    }
  }

  sentence(time) {
    return translatePlural(
      "About %(time)s for this song on this machine",
      "About %(time)s for these %(count)s songs on this machine",
      this.files.length,
      { time },
    );
  }
}
