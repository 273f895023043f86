import assert from "node:assert/strict";
import { test } from "node:test";
import { Region } from "../../../static/js/mixer/region.js";

const spanOf = ({ start, end }) => [start, end];

function region(durationS = 60) {
  const made = new Region(durationS);
  made.told = 0;
  made.addEventListener("change", () => {
    made.told += 1;
  });
  return made;
}

test("there is no loop at first", () => {
  assert.equal(region().exists, false);
  assert.equal(region().active, null);
});

test("two seconds in either order make the same loop", () => {
  const [one, other] = [region(), region()];
  one.set(10, 20);
  other.set(20, 10);
  assert.deepEqual(one.active, { start: 10, end: 20 });
  assert.deepEqual(other.active, one.active);
  assert.equal(one.told, 1);
});

test("a loop lies inside of the song", () => {
  const made = region();
  made.set(-5, 100);
  assert.deepEqual(spanOf(made), [0, 60]);
  made.set(-5, -1);
  assert.deepEqual(spanOf(made), [0, 0.1]);
  made.set(70, 80);
  assert.deepEqual(spanOf(made), [59.9, 60]);
});

test("a loop that is too short for ears is made longer", () => {
  const made = region();
  made.set(10, 10);
  assert.deepEqual(spanOf(made), [10, 10.1]);
});

test("a song that is shorter than the shortest loop is looped as a whole", () => {
  const made = region(0.05);
  made.set(0.01, 0.02);
  assert.deepEqual(spanOf(made), [0, 0.05]);
});

test("a song without length has no loop", () => {
  const made = region(0);
  made.toggle(0);
  assert.equal(made.exists, false);
  assert.equal(made.active, null);
});

test("what is no number makes a loop from the start, which can be played", () => {
  const made = region();
  made.set(Number.NaN, 5);
  assert.deepEqual(spanOf(made), [0, 5]);
  made.set(5, Number.NaN);
  assert.deepEqual(spanOf(made), [0, 5]);
});

test("switching on without a loop makes one of the next eight seconds", () => {
  const made = region();
  made.toggle(10);
  assert.deepEqual(made.active, { start: 10, end: 18 });
});

test("switching on at the end of the song makes one of its last eight seconds", () => {
  const made = region();
  made.toggle(60);
  assert.deepEqual(made.active, { start: 52, end: 60 });
});

test("switching on in a song shorter than that loops all of it", () => {
  const made = region(5);
  made.toggle(4);
  assert.deepEqual(made.active, { start: 0, end: 5 });
});

test("switching off keeps the loop for later", () => {
  const made = region();
  made.set(10, 20);
  made.toggle(0);
  assert.equal(made.active, null);
  assert.equal(made.exists, true);
  made.toggle(0);
  assert.deepEqual(made.active, { start: 10, end: 20 });
});

test("a new start keeps the end that lies behind it", () => {
  const made = region();
  made.set(10, 20);
  made.setStart(15);
  assert.deepEqual(spanOf(made), [15, 20]);
});

test("a new start behind the end makes the eight seconds after it", () => {
  const made = region();
  made.set(10, 20);
  made.setStart(30);
  assert.deepEqual(spanOf(made), [30, 38]);
});

test("a new end keeps the start that lies before it, and else takes the eight seconds before", () => {
  const made = region();
  made.set(10, 20);
  made.setEnd(12);
  assert.deepEqual(spanOf(made), [10, 12]);
  made.setEnd(9);
  assert.deepEqual(spanOf(made), [1, 9]);
  made.setEnd(0.5);
  assert.deepEqual(spanOf(made), [0, 0.5]);
});

test("clearing leaves no loop", () => {
  const made = region();
  made.set(10, 20);
  made.clear();
  assert.equal(made.exists, false);
  assert.equal(made.isOn, false);
  assert.equal(made.told, 2);
});
