// Two results of one song in one player: the stems of both lie in the same buffers on the same clock, and
// the switch from one to the other is a change of gains.
import { begin, Player } from "./player.js";
import { Sides } from "./sides.js";

const SWITCH_S = 0.004; // time constant of an exponential slope: 92 % after 10 ms
const LETTERS = ["A", "B"];

class Comparison extends Player {
  constructor(root, songs) {
    const pairs = [...root.querySelectorAll("[data-pair]")];
    const stems = songs.flatMap((song, side) => stemsOf(song, side, pairs));
    const desk = new Sides(
      stems,
      [...root.querySelectorAll("[data-side]")].map(({ dataset }) => Number(dataset.gainDb)),
    );
    const [{ samples, delaySamples }] = songs;
    super({ root, desk, stems, waves: stems.map(({ wave }) => wave), samples, delaySamples });
    this.names = pairs.map(({ dataset }) => dataset.pair);
    this.labels = Object.fromEntries(pairs.map(({ dataset }) => [dataset.pair, dataset.label]));
    this.buttons = [...root.querySelectorAll("[data-side]")];
    this.choices = [...root.querySelectorAll("[data-choose]")];
    this.#bind();
    this.showChoice();
  }

  mixChanged() {
    this.engine.setMix(this.desk.mix, SWITCH_S);
  }

  #bind() {
    const { desk } = this;
    for (const [side, button] of this.buttons.entries())
      button.addEventListener("click", () => desk.hear(side));
    for (const button of this.choices)
      button.addEventListener("click", () => desk.choose(button.dataset.choose));
    this.find("whole").addEventListener("click", () => desk.whole());
    this.find("match").addEventListener("change", ({ target }) => desk.match(target.checked));
    desk.addEventListener("change", () => this.showChoice());
    this.bindKeys({
      solo: (n) => this.names[n] && desk.choose(this.names[n]),
      mute: (n) => this.names[n] && desk.choose(this.names[n], true),
      letters: {
        0: () => desk.whole(),
        a: () => desk.hear(0),
        b: () => desk.hear(1),
        e: () => desk.swap(),
        m: () => desk.match(!desk.isMatched),
        x: () => desk.turn(),
      },
    });
  }

  showChoice() {
    const { desk } = this;
    for (const [side, button] of this.buttons.entries())
      button.setAttribute("aria-pressed", side === desk.side);
    for (const button of this.choices)
      button.setAttribute("aria-pressed", button.dataset.choose === desk.chosen);
    this.find("whole").setAttribute("aria-pressed", desk.chosen === null);
    this.find("match").checked = desk.isMatched;
    this.find("match-note").textContent = this.#matched();
    for (const stem of desk.stems)
      stem.wave.classList.toggle("lane__wave--silent", !desk.isHeard(stem));
    this.find("told").textContent = this.#told();
  }

  #told() {
    const { side, chosen, swapped } = this.desk;
    const letter = LETTERS[side];
    if (chosen === null) return `${letter}: whole mix`;
    const label = this.labels[chosen];
    if (!this.desk.has(side)) return `${letter} has no stem ${label}: nothing to hear`;
    return swapped ? `${letter}: everything but ${label}` : `${letter}: ${label}`;
  }

  #matched() {
    const { desk } = this;
    if (!desk.isMatched || !desk.has(0) || !desk.has(1)) return "";
    const side = [0, 1].find((each) => desk.trimDb(each) >= 0.05);
    return side === undefined
      ? "no difference"
      : `${LETTERS[side]} lowered by ${desk.trimDb(side).toFixed(1)} dB`;
  }
}

// The stems of one side that the page has a lane for, in the order of the page.
function stemsOf(song, side, pairs) {
  const known = new Map(song.stems.map((stem) => [stem.name, stem]));
  return pairs.flatMap((pair) => {
    const wave = pair.querySelector(`[data-of-side="${side}"] [data-wave]`);
    if (!wave) return [];
    const loudness = Number.parseFloat(wave.dataset.loudness);
    return [
      {
        ...known.get(pair.dataset.pair),
        side,
        wave,
        loudnessLufs: Number.isNaN(loudness) ? null : loudness,
      },
    ];
  });
}

const root = document.querySelector("[data-mixer]");
begin(root, [root.dataset.mixer, root.dataset.other], (songs) => new Comparison(root, songs)).catch(
  (error) => console.error(error),
);
