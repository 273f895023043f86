// The state of a mixer as an object that becomes JSON, and back.
import { clamp } from "./clamp.js";

const SLOWEST = 0.5;
const FASTEST = 1.5;

// To the millisecond: finer steps are not heard, and would make another text of the same position.
const rounded = (seconds) => Math.round(seconds * 1000) / 1000;
const spanOf = ({ start, end }) => ({ start_s: rounded(start), end_s: rounded(end) });

export function stateOf({ desk, engine, region, viewport }) {
  const stems = desk.stems.map(({ name, volume, pan, solo, mute, open }) => [
    name,
    { volume, pan, solo, mute, open },
  ]);
  return {
    stems: Object.fromEntries(stems),
    master: desk.master,
    swapped: desk.swapped,
    speed: engine.rate,
    loop: region.exists ? { ...spanOf(region), is_on: region.isOn } : null,
    view: viewport.isWhole ? null : spanOf(viewport),
    position_s: rounded(engine.position()),
  };
}

// A saved mix: what is heard and how fast, and not where.
export function restoreMix({ desk, engine }, mix) {
  desk.restore(mix);
  engine.setRate(clamp(mix.speed, SLOWEST, FASTEST));
}

export function restore({ desk, engine, region, viewport }, state) {
  const { loop, view, speed, position_s } = state;
  desk.restore(state);
  if (loop) region.set(loop.start_s, loop.end_s, loop.is_on);
  else region.clear();
  engine.setRate(clamp(speed, SLOWEST, FASTEST));
  engine.seek(position_s);
  // After the seek, which moves the view to the position.
  if (view) viewport.span(view.start_s, view.end_s);
  else viewport.fit();
}
