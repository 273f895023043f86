// The controls of one stem, bound to the desk.
import { bindFader } from "./fader.js";

export function side(pan) {
  const percent = Math.round(Math.abs(pan) * 100);
  if (!percent) return "centre";
  return `${percent} % ${pan < 0 ? "left" : "right"}`;
}

// A slider that shows its value as text and returns to its default on a double click.
export function bindSlider(slider, { home, say, set }) {
  const show = () => {
    slider.setAttribute("aria-valuetext", say(slider.valueAsNumber));
    slider.title = say(slider.valueAsNumber);
    const { min, max } = slider;
    slider.style.setProperty("--filled", `${(100 * (slider.valueAsNumber - min)) / (max - min)}%`);
  };
  slider.addEventListener("input", () => {
    set(slider.valueAsNumber);
    show();
  });
  slider.addEventListener("dblclick", () => {
    slider.valueAsNumber = home;
    slider.dispatchEvent(new Event("input"));
  });
  show();
  return show;
}

export class Lane {
  constructor({ element, desk, number }) {
    this.element = element;
    this.desk = desk;
    this.number = number;
    const find = (name) => element.querySelector(`[data-${name}]`);
    this.solo = find("solo");
    this.mute = find("mute");
    this.volume = find("volume");
    this.pan = find("pan");
    this.meter = find("meter");
    this.wave = find("wave");
    this.solo.addEventListener("click", () => desk.toggleSolo(number));
    this.mute.addEventListener("click", () => desk.toggleMute(number));
    this.showVolume = bindFader({
      slider: this.volume,
      field: find("volume-value"),
      read: () => desk.stems[number].volume,
      set: (fader) => desk.setVolume(number, fader),
    });
    this.showPan = bindSlider(this.pan, {
      home: 0,
      say: (v) => side(v / 100),
      set: (v) => desk.setPan(number, v / 100),
    });
    this.openers = [...element.querySelectorAll("[data-opens]")];
    for (const opener of this.openers)
      opener.addEventListener("click", () => desk.toggleOpen(number, opener.dataset.opens));
    desk.addEventListener("change", () => this.show());
    this.show();
  }

  show() {
    const stem = this.desk.stems[this.number];
    this.element.hidden = !this.desk.isShown(this.number);
    for (const opener of this.openers)
      opener.setAttribute("aria-expanded", opener.dataset.opens === stem.open);
    this.solo.setAttribute("aria-pressed", stem.solo);
    this.mute.setAttribute("aria-pressed", stem.mute);
    this.element.classList.toggle("lane--silent", !this.desk.isHeard(this.number));
    this.pan.valueAsNumber = Math.round(stem.pan * 100);
    this.showVolume();
    this.showPan();
  }
}
