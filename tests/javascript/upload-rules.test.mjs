import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canBeSentAgain,
  parsed,
  passes,
  percentOf,
  refusal,
  size,
} from "../../static/js/upload-rules.js";

test("a size is said in kilobytes, and in megabytes from the first one on", () => {
  assert.equal(size(0), "0 kB");
  assert.equal(size(1), "1 kB");
  assert.equal(size(1000), "1 kB");
  assert.equal(size(1001), "2 kB");
  assert.equal(size(1e6), "1.0 MB");
  assert.equal(size(123_456_789), "123.5 MB");
});

test("no file of less than a megabyte is said to have a thousand kilobytes", () => {
  assert.equal(size(999_000), "999 kB");
  assert.equal(size(999_001), "1.0 MB");
  assert.equal(size(999_999), "1.0 MB");
});

test("per cent are whole, and 100 only when nothing is left", () => {
  assert.equal(percentOf(0, 1000), 0);
  assert.equal(percentOf(999, 1000), 99);
  assert.equal(percentOf(1000, 1000), 100);
  assert.equal(percentOf(1, 3), 33);
});

test("nothing of nothing is no number that a bar would refuse", () => {
  assert.equal(percentOf(0, 0), 0);
  assert.equal(percentOf(5, Number.NaN), 0);
});

test("the status of a refusal is that of the answer, whatever its text says", () => {
  assert.equal(refusal(500, '{"status": 0, "detail": "Odd."}').status, 500);
});

test("a refusal says what the server says", () => {
  const text = JSON.stringify({ code: "too_large", detail: "It is too large." });
  const { status, code, detail } = refusal(413, text);
  assert.deepEqual([status, code, detail], [413, "too_large", "It is too large."]);
});

test("what is no answer of ours becomes words for people", () => {
  for (const text of ["", "<html>Bad gateway</html>", "null", '"odd"', "[1]", '{"detail": {}}']) {
    const { status, detail } = refusal(500, text);
    assert.equal(status, 500);
    assert.equal(detail, "The server answered with status 500. Try again in a moment.");
  }
});

test("only an object counts as an answer", () => {
  assert.deepEqual(parsed('{"url": "/jobs/1/"}'), { url: "/jobs/1/" });
  for (const text of ["", "<html>", "null", "1", '"text"']) assert.equal(parsed(text), null);
});

test("a page whose time is over is to be loaded again", () => {
  assert.match(refusal(403, "<h1>CSRF</h1>").detail, /Load it again/);
  assert.equal(refusal(403, '{"detail": "Not yours."}').detail, "Not yours.");
});

test("a lost way, a busy server and a throttle pass; a refusal of the file does not", () => {
  for (const status of [0, 408, 409, 423, 502, 503, 504])
    assert.ok(passes({ status }), `${status}`);
  for (const status of [400, 401, 403, 404, 410, 413, 429, 500, 507]) {
    assert.ok(!passes({ status }), `${status}`);
  }
  assert.ok(passes({ status: 429, code: "throttled" }));
  assert.ok(!passes({ status: 429, code: "quota_exceeded" }));
});

test("a file may be sent again after the server's faults and full quotas, not after its own", () => {
  for (const status of [429, 500, 507]) assert.ok(canBeSentAgain({ status }), `${status}`);
  for (const status of [400, 403, 404, 413, 415])
    assert.ok(!canBeSentAgain({ status }), `${status}`);
});
