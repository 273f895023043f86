import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk, decibels, gainOf } from "../../../static/js/mixer/desk.js";

const gains = (desk) => desk.mix.stems.map(({ gain }) => gain);
const heard = (desk) => desk.stems.flatMap(({ name }, n) => (desk.isHeard(n) ? [name] : []));
const three = () => new Desk(["drums", "bass", "vocals"]);

// Vocals with two parts each that stand in for it, and one that is heard beside it.
function parted() {
  const parts = [
    undefined,
    undefined,
    { parent: 1, kind: "details", beside: false },
    { parent: 1, kind: "details", beside: false },
    { parent: 1, kind: "denoise", beside: false },
    { parent: 1, kind: "other", beside: true },
  ];
  return new Desk(["drums", "vocals", "lead", "backing", "clean", "echo"], parts);
}

const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, not ${wanted}`);

test("a fader half way is a quarter of the sound, which is -12 dB", () => {
  assert.equal(gainOf(1), 1);
  assert.equal(gainOf(0.5), 0.25);
  assert.equal(gainOf(0), 0);
  near(decibels(0.5), 20 * Math.log10(0.25));
});

test("the gain of every place of a fader is its decibels", () => {
  for (const fader of [0.01, 0.1, 0.5, 0.99, 1, 1.2]) {
    near(20 * Math.log10(gainOf(fader)), decibels(fader));
  }
});

test("a fader at the bottom, or below it, is silent", () => {
  assert.equal(decibels(0), -Infinity);
  assert.equal(decibels(-0.1), -Infinity);
  assert.equal(decibels(Number.NaN), -Infinity);
});

test("at first every stem is heard as it is", () => {
  assert.deepEqual(three().mix, {
    master: 1,
    stems: [
      { gain: 1, pan: 0 },
      { gain: 1, pan: 0 },
      { gain: 1, pan: 0 },
    ],
  });
});

test("volume, pan and master stay between their ends", () => {
  const desk = three();
  desk.setVolume(0, 5);
  desk.setVolume(1, -5);
  desk.setPan(0, -9);
  desk.setPan(1, 9);
  desk.setMaster(9);
  assert.deepEqual([desk.stems[0].volume, desk.stems[1].volume], [1.2, 0]);
  assert.deepEqual([desk.stems[0].pan, desk.stems[1].pan], [-1, 1]);
  assert.equal(desk.master, 1.2);
  desk.setMaster(-1);
  assert.equal(desk.mix.master, 0);
});

test("what is no number reaches no gain, as the browser would refuse it", () => {
  const desk = three();
  desk.setVolume(0, Number.NaN);
  desk.setPan(0, Number.NaN);
  desk.setMaster(Number.NaN);
  assert.deepEqual(desk.mix.stems[0], { gain: 0, pan: 0 });
  assert.equal(desk.mix.master, 0);
});

test("a muted stem has no gain and keeps its fader", () => {
  const desk = three();
  desk.setVolume(1, 0.5);
  desk.toggleMute(1);
  assert.deepEqual(gains(desk), [1, 0, 1]);
  desk.toggleMute(1);
  assert.deepEqual(gains(desk), [1, 0.25, 1]);
});

test("solo silences all that are not solo, and two of them are heard together", () => {
  const desk = three();
  desk.toggleSolo(2);
  assert.deepEqual(gains(desk), [0, 0, 1]);
  desk.toggleSolo(0);
  assert.deepEqual(gains(desk), [1, 0, 1]);
  desk.toggleSolo(0);
  desk.toggleSolo(2);
  assert.deepEqual(gains(desk), [1, 1, 1]);
});

test("solo ends the mute of a stem, and mute its solo", () => {
  const desk = three();
  desk.toggleMute(0);
  desk.toggleSolo(0);
  assert.deepEqual([desk.stems[0].solo, desk.stems[0].mute], [true, false]);
  desk.toggleMute(0);
  assert.deepEqual([desk.stems[0].solo, desk.stems[0].mute], [false, true]);
});

test("everything else is what solo leaves, without what is muted", () => {
  const desk = three();
  desk.toggleSolo(2);
  desk.swap();
  assert.deepEqual(heard(desk), ["drums", "bass"]);
  desk.toggleMute(0);
  assert.deepEqual(heard(desk), ["bass"]);
  desk.swap();
  assert.deepEqual(heard(desk), ["vocals"]);
});

test("without solo there is no everything else, and the last solo takes it along", () => {
  const desk = three();
  desk.swap();
  assert.equal(desk.swapped, false);
  desk.toggleSolo(0);
  desk.swap();
  desk.toggleSolo(0);
  assert.equal(desk.swapped, false);
  assert.deepEqual(heard(desk), ["drums", "bass", "vocals"]);
});

test("a stem that is not there changes nothing", () => {
  const desk = three();
  desk.setVolume(7, 0.5);
  desk.toggleMute(-1);
  desk.toggleSolo(3);
  desk.toggleOpen(3, "details");
  assert.deepEqual(gains(desk), [1, 1, 1]);
});

test("a desk without stems has a mix without stems", () => {
  const desk = new Desk([]);
  desk.swap();
  desk.reset();
  assert.equal(desk.hasSolo, false);
  assert.deepEqual(desk.mix, { master: 1, stems: [] });
});

test("every change is told", () => {
  const desk = three();
  let told = 0;
  desk.addEventListener("change", () => {
    told += 1;
  });
  desk.setVolume(0, 0.5);
  desk.setPan(0, 1);
  desk.setMaster(0.5);
  desk.toggleSolo(0);
  desk.toggleMute(0);
  desk.reset();
  assert.equal(told, 6);
});

test("reset brings back what was there at first", () => {
  const desk = parted();
  const first = desk.mix;
  desk.setVolume(1, 0.5);
  desk.setMaster(0.5);
  desk.toggleOpen(1, "details");
  desk.toggleSolo(2);
  desk.reset();
  assert.deepEqual(desk.mix, first);
  assert.deepEqual(heard(desk), ["drums", "vocals"]);
});

test("parts are heard instead of their stem while they are open", () => {
  const desk = parted();
  assert.deepEqual(heard(desk), ["drums", "vocals"]);
  desk.toggleOpen(1, "details");
  assert.deepEqual(heard(desk), ["drums", "lead", "backing"]);
  desk.toggleOpen(1, "denoise");
  assert.deepEqual(heard(desk), ["drums", "clean"]);
  desk.toggleOpen(1, "denoise");
  assert.deepEqual(heard(desk), ["drums", "vocals"]);
});

test("a part beside its stem is silent until somebody unmutes it", () => {
  const desk = parted();
  desk.toggleOpen(1, "other");
  assert.deepEqual(heard(desk), ["drums", "vocals"]);
  desk.toggleMute(5);
  assert.deepEqual(heard(desk), ["drums", "vocals", "echo"]);
});

test("parts that stand in follow the stem's volume, pan and mute", () => {
  const desk = parted();
  desk.toggleOpen(1, "details");
  desk.setVolume(1, 0.5);
  desk.setVolume(2, 0.8);
  desk.setPan(1, 0.75);
  desk.setPan(2, 0.5);
  assert.equal(desk.levelOf(2).pan, 1);
  near(desk.mix.stems[2].gain, (0.5 * 0.8) ** 2);
  desk.toggleMute(1);
  assert.deepEqual(heard(desk), ["drums"]);
});

test("a part beside its stem has its own level alone", () => {
  const desk = parted();
  desk.setVolume(1, 0.5);
  assert.deepEqual(desk.levelOf(5), { volume: 1, pan: 0 });
});

test("the solo of a stem is that of its parts, unless one of them has its own", () => {
  const desk = parted();
  desk.toggleOpen(1, "details");
  desk.toggleSolo(1);
  assert.deepEqual(heard(desk), ["lead", "backing"]);
  desk.toggleSolo(3);
  assert.deepEqual(heard(desk), ["backing"]);
});

test("closing its lanes ends the solo of a part, which nobody would find", () => {
  const desk = parted();
  desk.toggleOpen(1, "details");
  desk.toggleSolo(2);
  desk.toggleOpen(1, "details");
  assert.equal(desk.hasSolo, false);
  assert.deepEqual(heard(desk), ["drums", "vocals"]);
});
