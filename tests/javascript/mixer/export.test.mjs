import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "../../../static/js/mixer/desk.js";
import { mixOf } from "../../../static/js/mixer/export.js";

const near = (value, wanted) =>
  assert.ok(Math.abs(value - wanted) < 1e-9, `${value}, not ${wanted}`);

test("an untouched desk asks for all stems as they are", () => {
  const mix = mixOf({ desk: new Desk(["drums", "vocals"]), speed: 1 });
  assert.deepEqual(mix, {
    stems: [
      { name: "drums", gain_db: 0, pan: 0 },
      { name: "vocals", gain_db: 0, pan: 0 },
    ],
    speed: 1,
  });
});

test("stems that are not heard are left out", () => {
  const desk = new Desk(["drums", "bass", "vocals"]);
  desk.toggleMute(0);
  desk.setVolume(1, 0);
  assert.deepEqual(
    mixOf({ desk, speed: 1 }).stems.map(({ name }) => name),
    ["vocals"],
  );
});

test("nothing that is heard is a mix without stems", () => {
  const desk = new Desk(["drums"]);
  desk.toggleMute(0);
  assert.deepEqual(mixOf({ desk, speed: 1 }).stems, []);
  assert.deepEqual(mixOf({ desk: new Desk([]), speed: 1 }).stems, []);
});

test("volume becomes decibels, and pan stays what it is", () => {
  const desk = new Desk(["drums"]);
  desk.setVolume(0, 0.5);
  desk.setPan(0, -0.25);
  const [stem] = mixOf({ desk, speed: 1 }).stems;
  near(stem.gain_db, 40 * Math.log10(0.5));
  assert.equal(stem.pan, -0.25);
});

test("the master is told where it is not at home", () => {
  const desk = new Desk(["drums"]);
  assert.equal("gain_db" in mixOf({ desk, speed: 1 }), false);
  desk.setMaster(0.5);
  near(mixOf({ desk, speed: 1 }).gain_db, 40 * Math.log10(0.5));
});

test("no gain is lower than the server takes", () => {
  const parts = [undefined, { parent: 0, kind: "details", beside: false }];
  const desk = new Desk(["vocals", "lead"], parts);
  desk.toggleOpen(0, "details");
  desk.setVolume(0, 0.01);
  desk.setVolume(1, 0.01);
  desk.setMaster(0);
  const mix = mixOf({ desk, speed: 1 });
  assert.deepEqual(mix.stems, [{ name: "lead", gain_db: -120, pan: 0 }]);
  assert.equal(mix.gain_db, -120);
});

test("speed and the range of the loop are told in seconds of the song", () => {
  const desk = new Desk(["drums"]);
  const mix = mixOf({ desk, speed: 0.75, range: { start: 1.5, end: 9 } });
  assert.equal(mix.speed, 0.75);
  assert.deepEqual([mix.start_s, mix.end_s], [1.5, 9]);
  assert.equal("start_s" in mixOf({ desk, speed: 1, range: null }), false);
});
