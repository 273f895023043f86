// The marks of a ruler of time.
import { clock } from "./time.js";

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const LABEL_PX = 64;

// Seconds between two marks: the smallest step that leaves room for the labels.
export function stepOf(lengthS, width) {
  return STEPS_S.find((step) => (step / lengthS) * width >= LABEL_PX) ?? STEPS_S.at(-1);
}

// `{ seconds, label }` of each mark between two seconds, both included.
export function ticks({ start, end }, width) {
  const step = stepOf(end - start, width);
  const found = [];
  for (let n = Math.ceil(start / step); n * step <= end; n += 1) {
    found.push({ seconds: n * step, label: clock(n * step, step < 1 ? 1 : 0) });
  }
  return found;
}
