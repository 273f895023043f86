import assert from "node:assert/strict";
import { test } from "node:test";
import { count, isOver, next, pageOf, sentence } from "../../static/js/upload-queue.js";

const HISTORY = "/jobs/";
const songs = (...states) => states.map((state, n) => ({ state, url: `/jobs/${n}/` }));

test("the songs in some states are counted", () => {
  assert.equal(count(songs("done", "lost", "done"), "done"), 2);
  assert.equal(count(songs("done", "lost", "done"), "done", "lost"), 3);
  assert.equal(count([], "done"), 0);
});

test("the first that waits is next", () => {
  const all = songs("done", "paused", "waiting", "waiting");
  assert.equal(next(all), all[2]);
  assert.equal(next(songs("done", "failed")), undefined);
  assert.equal(next([]), undefined);
});

test("three are sent at a time, and the fourth waits", () => {
  assert.notEqual(next(songs("sending", "sending", "waiting")), undefined);
  assert.equal(next(songs("sending", "sending", "sending", "waiting")), undefined);
});

test("one that is paused or lost takes nobody's turn", () => {
  const all = songs("paused", "lost", "paused", "lost", "waiting");
  assert.equal(next(all), all[4]);
});

test("a round is over when nothing is on its way, waits, or comes back by itself", () => {
  assert.equal(isOver(songs("done", "failed", "known", "paused")), true);
  assert.equal(isOver([]), true);
  for (const state of ["sending", "waiting", "lost"]) {
    assert.equal(isOver(songs("done", state)), false, state);
  }
});

test("one song leads to its own page", () => {
  assert.equal(pageOf(songs("done"), HISTORY), "/jobs/0/");
});

test("several lead to the page of their batch, which any of them may know", () => {
  const all = songs("done", "done", "done");
  all[0].addresses = {};
  all[1].addresses = { batch: "/batches/7/" };
  assert.equal(pageOf(all, HISTORY), "/batches/7/");
});

test("several without a batch lead to the list of all jobs", () => {
  assert.equal(pageOf(songs("done", "done"), HISTORY), HISTORY);
});

test("as long as one of them has something to say, the page stays", () => {
  assert.equal(pageOf(songs("done", "failed"), HISTORY), null);
  assert.equal(pageOf(songs("known"), HISTORY), null);
  assert.equal(pageOf([], HISTORY), null);
});

test("a screen reader hears how many are in the queue and how many are not", () => {
  assert.equal(sentence(songs("done", "done")), "2 in the queue.");
  assert.equal(sentence(songs("done", "failed", "known")), "1 in the queue, 2 not.");
  assert.equal(sentence(songs("failed")), "");
});
