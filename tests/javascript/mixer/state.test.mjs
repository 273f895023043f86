import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "../../../static/js/mixer/desk.js";
import { Region } from "../../../static/js/mixer/region.js";
import { restore, stateOf } from "../../../static/js/mixer/state.js";
import { Viewport } from "../../../static/js/mixer/viewport.js";

class Engine extends EventTarget {
  rate = 1;
  at = 0;
  position() {
    return this.at;
  }
  setRate(rate) {
    this.rate = rate;
  }
  seek(seconds) {
    this.at = seconds;
  }
}

const PARTS = [
  undefined,
  undefined,
  { parent: 1, kind: "details", beside: false },
  { parent: -1, kind: "details", beside: true },
];

function player(names = ["drums", "vocals", "vocals__lead", "song__piano"]) {
  return {
    desk: new Desk(names, PARTS),
    engine: new Engine(),
    region: new Region(60),
    viewport: new Viewport(60),
  };
}

function used() {
  const made = player();
  const { desk, engine, region, viewport } = made;
  desk.toggleMute(0);
  desk.toggleOpen(1, "details");
  desk.toggleSolo(2);
  desk.swap();
  desk.setVolume(2, 0.5);
  desk.setPan(1, -0.25);
  desk.setMaster(0.8);
  engine.setRate(0.75);
  engine.seek(12.3456);
  region.set(10, 20, false);
  viewport.zoom(4, 12);
  return made;
}

test("what was left comes back, in another page and after it was told as JSON", () => {
  const [before, after] = [used(), player()];
  const told = JSON.parse(JSON.stringify(stateOf(before)));
  restore(after, told);
  assert.deepEqual(stateOf(after), told);
  assert.deepEqual(after.desk.mix, before.desk.mix);
  assert.equal(after.region.isOn, false);
  assert.equal(told.position_s, 12.346);
});

test("an untouched mixer has neither loop nor view", () => {
  const { loop, view, position_s, speed } = stateOf(player());
  assert.deepEqual([loop, view, position_s, speed], [null, null, 0, 1]);
});

test("the first state undoes everything", () => {
  const [first, made] = [stateOf(player()), used()];
  restore(made, first);
  assert.deepEqual(stateOf(made), first);
  assert.equal(made.desk.stems[3].mute, true, "a part beside its stem is silent at first");
});

test("stems of which nothing is known are as at first, and unknown ones are left out", () => {
  const made = player(["bass", "vocals"]);
  restore(made, stateOf(used()));
  assert.deepEqual(Object.keys(stateOf(made).stems), ["bass", "vocals"]);
  assert.equal(made.desk.stems[0].mute, false);
  assert.equal(made.desk.stems[1].pan, -0.25);
});

test("nothing that is told takes a slider over its ends", () => {
  const made = player();
  const drums = { volume: 9, pan: -9 };
  restore(made, { ...stateOf(made), stems: { drums }, master: 9, speed: 9 });
  assert.deepEqual([made.desk.stems[0].volume, made.desk.stems[0].pan], [1.2, -1]);
  assert.deepEqual([made.desk.master, made.engine.rate], [1.2, 1.5]);
});

test("everything else is not swapped without a solo", () => {
  const made = player();
  restore(made, { ...stateOf(made), swapped: true });
  assert.equal(made.desk.swapped, false);
});
