// The mixer of the job's page: a lane for each stem, its spectrogram, and the form that exports the mix.
import { Desk } from "./desk.js";
import { Export } from "./export.js";
import { Lane } from "./lane.js";
import { LockScreen } from "./media-session.js";
import { Meter } from "./meters.js";
import { Persistence } from "./persistence.js";
import { begin, Player, songAt } from "./player.js";
import { Practice } from "./practice.js";
import { Saved } from "./saved.js";
import { Spectrogram } from "./spectrogram.js";

// Which lanes are parts of a stem, in the form that the desk expects.
function partsOf(elements) {
  const names = elements.map(({ dataset }) => dataset.lane);
  return elements.map(({ dataset: { parent, kind, beside } }) =>
    parent === undefined
      ? undefined
      : { parent: names.indexOf(parent), kind, beside: beside !== undefined },
  );
}

export class Mixer extends Player {
  constructor(root, song) {
    const elements = [...root.querySelectorAll("[data-lane]")];
    const known = new Map(song.stems.map((stem) => [stem.name, stem]));
    const stems = elements.map((element) => known.get(element.dataset.lane));
    const desk = new Desk(
      stems.map(({ name }) => name),
      partsOf(elements),
    );
    const waves = elements.map((element) => element.querySelector("[data-wave]"));
    super({ root, desk, stems, waves, samples: song.samples, delaySamples: song.delaySamples });
    this.lanes = elements.map((element, number) => new Lane({ element, desk, number }));
    this.meters = this.lanes.map(({ meter }) => new Meter(meter));
    this.#spectrograms(song);
    // The digits count the stems only, not their parts.
    const numbers = elements.flatMap((element, n) =>
      element.dataset.parent === undefined ? [n] : [],
    );
    this.bindKeys({
      solo: (digit) => this.#say(numbers[digit], (n) => desk.toggleSolo(n)),
      mute: (digit) => this.#say(numbers[digit], (n) => desk.toggleMute(n)),
      letters: { x: () => desk.swap() },
    });
    this.#exports();
    this.practice = new Practice(this);
    new LockScreen({ engine: this.engine, about: song.about ?? { title: document.title } });
    this.persistence = new Persistence(this, song.state);
    if (this.find("saved")) this.saved = new Saved(this, song.saved);
    this.find("reset").addEventListener("click", () => this.persistence.reset());
  }

  // The files are written: from now on the player has their level, and the mix can be exported.
  async filesWritten() {
    this.#exports();
    const song = await songAt(this.root.dataset.mixer);
    const known = new Map(song.stems.map((stem) => [stem.name, stem]));
    this.engine.setGains(this.stems.map(({ name, gain }) => known.get(name)?.gain ?? gain));
  }

  // Not on a shared page, and not before there are files.
  #exports() {
    const form = document.querySelector("[data-mix]");
    const { desk, engine, region } = this;
    if (form) new Export({ form, desk, engine, region });
  }

  #spectrograms({ delaySamples }) {
    let worker;
    this.lanes.forEach(({ element, wave }, channel) => {
      const button = element.querySelector("[data-spectrum]");
      let spectrogram;
      button.addEventListener("click", () => {
        worker ??= new Worker(this.root.dataset.spectrumWorker);
        spectrogram ??= new Spectrogram({
          canvas: wave.querySelector("[data-spectrogram]"),
          note: element.querySelector("[data-note]"),
          preview: this.previews[channel],
          gain: () => this.engine.gains[channel],
          store: this.engine.store,
          viewport: this.viewport,
          delaySamples,
          channel,
          worker,
        });
        spectrogram.toggle();
        element.classList.toggle("lane--spectrum", spectrogram.isOpen);
        button.setAttribute("aria-pressed", spectrogram.isOpen);
      });
    });
  }

  // Announces the effect of a key to screen readers.
  #say(n, act) {
    if (!this.lanes[n]) return;
    act(n);
    const { solo, mute } = this.desk.stems[n];
    const state = solo ? "solo" : mute ? "muted" : "neither solo nor muted";
    this.find("announce").textContent = `${this.lanes[n].element.dataset.label}: ${state}`;
  }

  show(position) {
    super.show(position);
    this.practice?.move(this.transport.time.textContent);
  }

  measure(time, graph) {
    super.measure(time, graph);
    for (const [n, meter] of this.meters.entries()) {
      if (graph) meter.update(graph.strips[n].meter, time);
      else meter.rest(time);
    }
  }
}

export function openMixer(root) {
  return begin(root, [root.dataset.mixer], ([song]) => new Mixer(root, song));
}
