// Times for display and for screen readers.
import { clamp } from "./clamp.js";

export function clock(seconds, digits = 0) {
  const scale = 10 ** digits;
  const whole = Math.floor(clamp(seconds, 0, Infinity) * scale + 1e-6);
  const total = Math.floor(whole / scale);
  const [hours, minutes, rest] = [
    Math.floor(total / 3600),
    Math.floor(total / 60) % 60,
    total % 60,
  ];
  const two = (n) => String(n).padStart(2, "0");
  const head = hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return digits ? `${head}.${String(whole % scale).padStart(digits, "0")}` : head;
}

// The length of a song, rounded to the nearest second as on all pages; a position is rounded down.
export function songLength(seconds) {
  return clock(Math.round(clamp(seconds, 0, Infinity)));
}

export function spoken(seconds) {
  const total = Math.round(clamp(seconds, 0, Infinity));
  const [minutes, rest] = [Math.floor(total / 60), total % 60];
  const words = rest === 1 ? "1 second" : `${rest} seconds`;
  if (!minutes) return words;
  return `${minutes === 1 ? "1 minute" : `${minutes} minutes`} ${words}`;
}
