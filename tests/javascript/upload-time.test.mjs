import assert from "node:assert/strict";
import { test } from "node:test";
import { expected, paceOf } from "../../static/js/upload-time.js";

const pace = (values) => paceOf({ startS: "2.0", secondsPerSecond: "0.5", ...values });

test("a song takes its start, and its length times the pace", () => {
  assert.equal(expected(pace({}), [60]), 32);
  assert.equal(expected(pace({}), [60, 100]), 32 + 52);
});

test("a preview takes as long as what is kept of the song", () => {
  assert.equal(expected(pace({ longestS: "30.0" }), [60, 10]), 17 + 7);
});
