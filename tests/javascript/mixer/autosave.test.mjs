import assert from "node:assert/strict";
import { test } from "node:test";
import { Autosave } from "../../../static/js/mixer/autosave.js";

// A page whose state is `page.text`; what it sends is kept when the test says so.
function page(t, { answers = [] } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const made = { text: "first", sent: [], beacons: [], accepts: true };
  made.autosave = new Autosave({
    text: () => made.text,
    send: (text) => {
      made.sent.push(text);
      return answers.shift() ?? Promise.resolve(true);
    },
    leave: (text) => made.beacons.push(text) && made.accepts,
    now: () => Date.now(),
  });
  made.change = (text) => {
    made.text = text;
    made.autosave.changed();
  };
  return made;
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page that was only opened saves nothing", async (t) => {
  const { autosave, sent, beacons } = page(t);
  autosave.changed();
  t.mock.timers.tick(20_000);
  autosave.left();
  await settled();
  assert.deepEqual([sent, beacons], [[], []]);
});

test("many changes are saved once, when the hands rest", async (t) => {
  const made = page(t);
  for (const text of ["a", "b", "c"]) {
    made.change(text);
    t.mock.timers.tick(300);
  }
  assert.deepEqual(made.sent, []);
  t.mock.timers.tick(800);
  await settled();
  assert.deepEqual(made.sent, ["c"]);
});

test("changes without a rest are saved every ten seconds", async (t) => {
  const made = page(t);
  for (let n = 1; n <= 50; n += 1) {
    made.change(String(n));
    t.mock.timers.tick(500);
    await settled();
  }
  assert.deepEqual(made.sent, ["20", "40"]);
});

test("what comes while one is on its way is sent after it, the newest alone", async (t) => {
  let arrive;
  const made = page(t, { answers: [new Promise((resolve) => (arrive = resolve))] });
  made.change("a");
  t.mock.timers.tick(800);
  for (const text of ["b", "c"]) {
    made.change(text);
    t.mock.timers.tick(800);
  }
  assert.deepEqual(made.sent, ["a"]);
  arrive(true);
  await settled();
  assert.deepEqual(made.sent, ["a", "c"]);
});

test("what was not kept is sent with the next change, also where that undoes it", async (t) => {
  const made = page(t, { answers: [Promise.resolve(false)] });
  made.change("a");
  t.mock.timers.tick(800);
  await settled();
  made.autosave.changed();
  t.mock.timers.tick(800);
  await settled();
  assert.deepEqual(made.sent, ["a", "a"]);
});

test("a page that is left sends what is not saved at once, and once", (t) => {
  const made = page(t);
  made.change("a");
  made.autosave.left();
  made.autosave.left();
  t.mock.timers.tick(20_000);
  assert.deepEqual([made.beacons, made.sent], [["a"], []]);
});

test("what the browser did not take when the page was left is tried again", (t) => {
  const made = page(t);
  made.accepts = false;
  made.change("a");
  made.autosave.left();
  made.autosave.left();
  assert.deepEqual(made.beacons, ["a", "a"]);
});
