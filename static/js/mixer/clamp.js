// `value` limited to the range; a value that is no number counts as 0.
export function clamp(value, lowest, highest) {
  return Math.min(Math.max(lowest, value || 0), highest);
}
