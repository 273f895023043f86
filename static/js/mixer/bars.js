// Lowest and highest samples as bars of a picture, in CSS pixels.
const ROOM = 0.94;
const QUIETEST = 0.1;
const PALEST = 0.05;
const EDGE_PX = 6;

// The factor by which stems are drawn, so that the loudest fills its lane; null while the peak of a stem
// is unknown, which is null in `highest`.
export function commonScale(highest) {
  return highest.includes(null) ? null : 1 / Math.max(QUIETEST, ...highest);
}

// Top and height of the bar of `[lowest, highest]`; silence is a line with a height of `thinnest`.
export function bar([lowest, highest], { height, scale, thinnest }) {
  const middle = height / 2;
  const reach = middle * ROOM * scale;
  const top = middle - Math.min(middle, highest * reach);
  const bottom = middle - Math.max(-middle, lowest * reach);
  return { top, height: Math.max(thinnest, bottom - top) };
}

// The peak of the loudest stem in each of `count` equal parts of the song, 0 to 1.
export function loudest(peaks, count, durationS) {
  const step = durationS / count;
  return Array.from({ length: count }, (_, n) => {
    const pairs = peaks.map((each) => each.between(n * step, (n + 1) * step) ?? [0, 0]);
    return Math.max(0, ...pairs.map(([lowest, highest]) => Math.max(-lowest, highest)));
  });
}

// Heights of bars that are centred in a strip; the loudest one nearly fills it.
export function heights(levels, height) {
  const most = Math.max(PALEST, ...levels);
  return levels.map((level) => Math.max(1, (level / most) * (height - EDGE_PX)));
}
