// Lowest and highest samples as bars of a picture, in CSS pixels.
const ROOM = 0.94;
const QUIETEST = 0.1;
const PALEST = 0.05;
const EDGE_PX = 6;

// Factor by which stems are drawn so that the loudest of them fills its lane; null while one of
// `highest` is null, as nothing is known of it yet.
export function commonScale(highest) {
  return highest.includes(null) ? null : 1 / Math.max(QUIETEST, ...highest);
}

// Where the bar of `[lowest, highest]` begins and how tall it is; one of silence is a line of `thinnest`.
export function bar([lowest, highest], { height, scale, thinnest }) {
  const middle = height / 2;
  const reach = middle * ROOM * scale;
  const top = middle - Math.min(middle, highest * reach);
  const bottom = middle - Math.max(-middle, lowest * reach);
  return { top, height: Math.max(thinnest, bottom - top) };
}

// How loud the loudest of several stems is in each of `count` equal stretches of the song, 0 to 1.
export function loudest(peaks, count, durationS) {
  const step = durationS / count;
  return Array.from({ length: count }, (_, n) => {
    const pairs = peaks.map((each) => each.between(n * step, (n + 1) * step) ?? [0, 0]);
    return Math.max(0, ...pairs.map(([lowest, highest]) => Math.max(-lowest, highest)));
  });
}

// Heights of bars that stand in the middle of a strip; the loudest one nearly fills it.
export function heights(levels, height) {
  const most = Math.max(PALEST, ...levels);
  return levels.map((level) => Math.max(1, (level / most) * (height - EDGE_PX)));
}
