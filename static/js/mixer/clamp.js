// `value` where it lies between the two, else the nearer of them; what is no number counts as 0.
export function clamp(value, lowest, highest) {
  return Math.min(Math.max(lowest, value || 0), highest);
}
