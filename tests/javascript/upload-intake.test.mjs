import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOut, linkIn } from "../../static/js/upload-intake.js";

test("a text that is one link is one, and nothing else is", () => {
  assert.equal(linkIn(" https://example.org/a.mp3\n"), "https://example.org/a.mp3");
  assert.equal(linkIn("HTTP://example.org/"), "HTTP://example.org/");
  for (const text of [
    "",
    "a song",
    "https://a.org https://b.org",
    "file:///etc/passwd",
    "https://",
  ])
    assert.equal(linkIn(text), undefined, text);
});

test("what was left out is said in words, and nothing where nothing was", () => {
  const told = (files, count, isCut) => leftOut({ files, leftOut: count, isCut });
  assert.equal(told(["a"], 0, false), "");
  assert.equal(told(["a"], 1, false), "1 file that is no song was left out.");
  assert.equal(
    told([], 2, false),
    "There is no song in it. 2 files that are no songs were left out.",
  );
  assert.equal(told(["a"], 0, true), "A folder gives 500 songs at a time. The rest was left out.");
});
