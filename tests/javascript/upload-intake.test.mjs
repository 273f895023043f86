import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOut, linkIn } from "../../static/js/upload-intake.js";

const WORDS = {
  leftOutOne: "{count} file was left out.",
  leftOutMany: "{count} files were left out.",
  noSongs: "There is no song in it.",
  cut: "{count} at a time.",
};

test("a text that is one link is one, and nothing else is", () => {
  assert.equal(linkIn(" https://example.org/a.mp3\n"), "https://example.org/a.mp3");
  assert.equal(linkIn("HTTP://example.org/"), "HTTP://example.org/");
  for (const text of ["", "a song", "https://a.org https://b.org", "file:///etc/passwd", "https://"])
    assert.equal(linkIn(text), undefined, text);
});

test("what was left out is said in words, and nothing where nothing was", () => {
  const told = (files, count, isCut) => leftOut({ files, leftOut: count, isCut }, WORDS);
  assert.equal(told(["a"], 0, false), "");
  assert.equal(told(["a"], 1, false), "1 file was left out.");
  assert.equal(told([], 2, false), "There is no song in it. 2 files were left out.");
  assert.equal(told(["a"], 0, true), "500 at a time.");
});
