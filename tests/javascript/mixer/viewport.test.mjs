import assert from "node:assert/strict";
import { test } from "node:test";
import { Viewport } from "../../../static/js/mixer/viewport.js";

const spanOf = ({ start, end }) => [start, end];

function viewport(durationS = 100) {
  const made = new Viewport(durationS);
  made.told = 0;
  made.addEventListener("change", () => {
    made.told += 1;
  });
  return made;
}

test("it shows the whole song at first", () => {
  assert.deepEqual(spanOf(viewport()), [0, 100]);
  assert.equal(viewport().isWhole, true);
});

test("places and seconds say the same", () => {
  const view = viewport();
  view.zoom(4, 0);
  assert.deepEqual(spanOf(view), [0, 25]);
  assert.equal(view.place(12.5), 0.5);
  assert.equal(view.seconds(0.5), 12.5);
  assert.equal(view.place(50), 2);
});

test("seconds of a place outside of the song are its nearer end", () => {
  assert.equal(viewport().seconds(-1), 0);
  assert.equal(viewport().seconds(3), 100);
  assert.equal(viewport().seconds(Number.NaN), 0);
});

test("what lies under the hand stays there while it zooms", () => {
  const view = viewport();
  view.zoom(2, 40);
  assert.equal(view.place(40), 0.4);
  view.zoom(3, 40);
  assert.ok(Math.abs(view.place(40) - 0.4) < 1e-12);
});

test("it zooms around its middle where nobody says otherwise", () => {
  const view = viewport();
  view.zoom(2);
  assert.deepEqual(spanOf(view), [25, 75]);
});

test("it comes no closer than half a second and goes no farther than the song", () => {
  const view = viewport();
  view.zoom(1e9, 50);
  assert.ok(Math.abs(view.lengthS - 0.5) < 1e-12);
  view.zoom(1e-9, 50);
  assert.deepEqual(spanOf(view), [0, 100]);
  view.zoom(0, 50);
  assert.deepEqual(spanOf(view), [0, 100]);
});

test("a factor that is no number leaves it as it is", () => {
  const view = viewport();
  view.zoom(2, 50);
  view.zoom(Number.NaN, 50);
  assert.deepEqual(spanOf(view), [25, 75]);
});

test("it stops at the ends of the song", () => {
  const view = viewport();
  view.zoom(4, 50);
  view.pan(-1000);
  assert.deepEqual(spanOf(view), [0, 25]);
  view.pan(1000);
  assert.deepEqual(spanOf(view), [75, 100]);
});

test("a span is shown as it is told, within the song and no shorter than it zooms", () => {
  const view = viewport();
  view.span(20, 60);
  assert.deepEqual(spanOf(view), [20, 60]);
  view.span(90, 130);
  assert.deepEqual(spanOf(view), [60, 100]);
  view.span(50, 50);
  assert.deepEqual(spanOf(view), [50, 50.5]);
  view.span(Number.NaN, Number.NaN);
  assert.deepEqual(spanOf(view), [0, 0.5]);
});

test("it turns the page where the playhead leaves it, and not before", () => {
  const view = viewport();
  view.zoom(4, 0);
  view.follow(24.9);
  assert.deepEqual(spanOf(view), [0, 25]);
  view.follow(25);
  assert.deepEqual(spanOf(view), [23.75, 48.75]);
  view.follow(1);
  assert.deepEqual(spanOf(view), [0, 25]);
});

test("at the end of the song it shows the last page", () => {
  const view = viewport();
  view.zoom(4, 0);
  view.follow(100);
  assert.deepEqual(spanOf(view), [75, 100]);
});

test("it tells of a change and not of what changes nothing", () => {
  const view = viewport();
  view.fit();
  view.pan(10);
  assert.equal(view.told, 0);
  view.zoom(2);
  assert.equal(view.told, 1);
});

test("a song shorter than half a second is shown as a whole", () => {
  const view = viewport(0.2);
  view.zoom(10);
  assert.deepEqual(spanOf(view), [0, 0.2]);
});

test("a song without length has one place", () => {
  const view = viewport(0);
  assert.equal(view.place(0), 0);
  assert.equal(view.seconds(0.5), 0);
  view.zoom(2);
  assert.deepEqual(spanOf(view), [0, 0]);
});
