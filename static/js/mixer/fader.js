// A fader in decibels: a slider with a field beside it, into which a level can be typed.

import { translate } from "../language.js";
import { decibels, HIGHEST } from "./desk.js";

const LOWEST_DB = -60; // a step below it is silence
const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 6, PageDown: -6 };
const TYPED = /^([+-]?\d+(?:[.,]\d+)?)(?:\s*db)?$/i;

export function level(fader) {
  const db = decibels(fader || 0);
  if (db === -Infinity) return translate("silent");
  if (Math.abs(db) < 0.05) return "0.0 dB";
  return `${db > 0 ? "+" : "\u2212"}${Math.abs(db).toFixed(1)} dB`;
}

export function faderOf(db) {
  return db < 2 * LOWEST_DB ? 0 : Math.min(10 ** (db / 40), HIGHEST);
}

// The next whole decibel after a fader's place, `steps` of them on.
export function stepped(fader, steps) {
  if (fader <= 0) return steps > 0 ? faderOf(LOWEST_DB) : 0;
  const db = decibels(fader);
  const whole = steps > 0 ? Math.floor(db + 1e-6) : Math.ceil(db - 1e-6);
  return whole + steps < LOWEST_DB ? 0 : faderOf(whole + steps);
}

// What somebody typed as a fader's place; null if it is no level.
export function typed(text) {
  const plain = text.trim().replace("\u2212", "-");
  if (plain === translate("silent") || /^-(inf|\u221e)/i.test(plain)) return 0;
  const match = TYPED.exec(plain);
  return match && faderOf(Number(match[1].replace(",", ".")));
}

// `read` and `set` take the place of the fader, 0 to HIGHEST. Returns a function that shows it.
export function bindFader({ slider, field, read, set }) {
  const show = () => {
    const text = level(read());
    slider.valueAsNumber = Math.round(read() * 100);
    slider.setAttribute("aria-valuetext", text);
    slider.style.setProperty("--filled", `${(100 * slider.valueAsNumber) / slider.max}%`);
    if (field !== document.activeElement) field.value = text;
  };
  const move = (fader) => {
    set(fader);
    show();
  };
  slider.addEventListener("input", () => move(slider.valueAsNumber / 100));
  slider.addEventListener("dblclick", () => move(1));
  slider.addEventListener("keydown", (event) => {
    const steps = STEPS[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    move(stepped(read(), steps));
  });
  field.addEventListener("focus", () => field.select());
  field.addEventListener("dblclick", () => move(1));
  field.addEventListener("change", () => {
    const fader = typed(field.value);
    if (fader !== null) set(fader);
    field.value = level(read());
  });
  field.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") field.value = level(read());
    if (key === "Escape" || key === "Enter") field.blur();
  });
  field.addEventListener("blur", show);
  show();
  return show;
}
