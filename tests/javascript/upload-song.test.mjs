import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

// What a browser has; the sending itself is tus-js-client's, which tests/jobs/uploads drives.
globalThis.window = { tus: { Upload: class {} } };
Object.defineProperty(globalThis, "navigator", { value: { onLine: true } });
const { Song } = await import("../../static/js/upload-song.js");

let server;
let begin;
let answer;

before(async () => {
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(response, request));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  begin = `http://127.0.0.1:${server.address().port}/`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

// The states of a song whose announcement is answered so; it is taken from its page at the end.
async function announced(answers) {
  answer = answers;
  const told = [];
  const song = new Song(
    { name: "Song.wav", size: 1_500_000, lastModified: 1 },
    {
      fields: () => new FormData(),
      csrf: "token",
      begin,
      changed: ({ state, note }) => told.push([state, note]),
    },
  );
  assert.deepEqual([song.state, song.note], ["waiting", "1.5 MB"]);
  await song.send();
  const last = { told, again: song.canBeSentAgain };
  song.remove();
  return last;
}

function says(status, text) {
  return (response) => {
    response.statusCode = status;
    response.end(text);
  };
}

test("a refused file fails with the server's sentence", async () => {
  const refused = says(413, '{"code": "too_large", "detail": "It is too large."}');
  const { told, again } = await announced(refused);
  assert.deepEqual(told, [
    ["sending", "Starting…"],
    ["failed", "It is too large."],
  ]);
  assert.equal(again, false);
});

test("a fault of the server may be tried again", async () => {
  const { told, again } = await announced(says(500, "<h1>Error</h1>"));
  assert.deepEqual(told.at(-1), [
    "failed",
    "The server answered with status 500. Try again in a moment.",
  ]);
  assert.equal(again, true);
});

test("a page of a proxy in place of an answer fails with words", async () => {
  const { told } = await announced(says(200, "<html>Log in to the network</html>"));
  assert.deepEqual(told.at(-1), [
    "failed",
    "The server answered with status 200. Try again in a moment.",
  ]);
});

test("a connection that is lost before the answer, or in the middle of it, is waited for", async () => {
  const hangUp = (response) => response.destroy();
  const breakOff = (response) => {
    response.setHeader("Content-Length", 1000);
    response.write('{"upload": "/upl');
    setTimeout(() => response.destroy(), 50);
  };
  for (const lost of [
    hangUp,
    breakOff,
    says(503, ""),
    says(429, '{"code": "throttled", "detail": "."}'),
  ]) {
    const { told } = await announced(lost);
    assert.deepEqual(told.at(-1), [
      "lost",
      "The server cannot be reached. The upload goes on as soon as it can.",
    ]);
  }
});

test("the announcement carries the token and what the server has to know of the file", async () => {
  let sent;
  await announced((response, request) => {
    sent = request.headers;
    says(400, '{"detail": "."}')(response);
  });
  assert.equal(sent["x-csrftoken"], "token");
  assert.equal(sent.accept, "application/json");
  assert.match(sent["content-type"], /^multipart\/form-data/);
});

// A song on its way whose cancel is answered so, with what it told of itself since.
async function cancelling(answers, state = "sending") {
  answer = answers;
  const told = [];
  const song = new Song(
    { name: "Song.wav", size: 10, lastModified: 1 },
    { fields: () => new FormData(), csrf: "t", begin, changed: ({ note }) => told.push(note) },
  );
  song.addresses = { cancel: begin, outcome: begin, again: begin };
  song.state = state;
  await song.cancel();
  return { song, told };
}

test("a cancelled song says what became of it and can be sent anew", async () => {
  const { song, told } = await cancelling(says(200, '{"state": "cancelled", "url": ""}'));
  assert.deepEqual(told, ["Cancelling…", "Cancelled. Nothing was kept."]);
  assert.deepEqual([song.state, song.url, song.addresses], ["cancelled", "", undefined]);
  const job = await cancelling(says(200, '{"state": "cancelled", "url": "/jobs/1/"}'));
  assert.deepEqual([job.song.state, job.song.url], ["cancelled", "/jobs/1/"]);
  const late = await cancelling(says(200, '{"state": "ended", "url": "/jobs/1/"}'));
  assert.match(late.told.at(-1), /finished before/);
});

test("what is gone over there is cancelled, and a lost connection is tried again", async () => {
  const gone = await cancelling(says(404, '{"code": "not_found", "detail": "Gone."}'));
  assert.equal(gone.song.state, "cancelled");
  const lost = await cancelling((response) => response.destroy());
  assert.match(lost.told.at(-1), /as soon as it can/);
  assert.equal(lost.song.state, "cancelling");
  clearTimeout(lost.song.timer);
});

test("an answer that was on its way does not bring a cancelled song back", async () => {
  const { song } = await cancelling(says(200, '{"state": "queued", "url": "/jobs/1/"}'));
  song.state = "cancelling";
  song.addresses = { outcome: begin };
  await song.conclude();
  assert.equal(song.state, "cancelling");
});

test("a song of which all is there is not paused", () => {
  const song = new Song({ size: 10 }, { changed: () => {} });
  song.state = "sending";
  assert.equal(song.canPause, true);
  song.isSent = true;
  assert.equal(song.canPause, false);
});
