import assert from "node:assert/strict";
import { test } from "node:test";
import { LockScreen, silentWave } from "../../../static/js/mixer/media-session.js";

class Engine extends EventTarget {
  state = "paused";
  durationS = 60;
  rate = 1;
  at = 20;
  position() {
    return this.at;
  }
  seek(seconds) {
    this.at = seconds;
  }
  play() {
    this.become("playing");
  }
  pause() {
    this.become("paused");
  }
  become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

class Session {
  metadata = null;
  playbackState = "none";
  handlers = {};
  setActionHandler(name, action) {
    if (name === "seekto" && this.isOld) throw new TypeError("unknown");
    this.handlers[name] = action;
  }
  setPositionState(state) {
    this.place = state;
  }
}

globalThis.MediaMetadata = class {
  constructor(about) {
    Object.assign(this, about);
  }
};
globalThis.location = { href: "https://stems.example.org/jobs/1/" };

function made(session = new Session()) {
  const engine = new Engine();
  const about = { title: "Harbour", artist: "Lights", cover: "/jobs/1/cover.jpg" };
  new LockScreen({ engine, about, session });
  return { engine, session };
}

test("the lock screen is left alone until the mixer plays", () => {
  const { engine, session } = made();
  engine.dispatchEvent(new Event("seek"));
  assert.deepEqual([session.metadata, session.playbackState, session.handlers], [null, "none", {}]);
});

test("it shows title, artist, cover and place, and its buttons move the song", () => {
  const { engine, session } = made();
  engine.play();
  assert.equal(session.metadata.title, "Harbour");
  assert.equal(session.metadata.artist, "Lights");
  assert.equal(session.metadata.artwork[0].src, "https://stems.example.org/jobs/1/cover.jpg");
  assert.deepEqual(session.place, { duration: 60, playbackRate: 1, position: 20 });
  session.handlers.seekbackward({});
  session.handlers.seekforward({ seekOffset: 10 });
  assert.equal(engine.at, 25);
  session.handlers.seekto({ seekTime: 7 });
  assert.equal(engine.at, 7);
  session.handlers.pause();
  assert.deepEqual([engine.state, session.playbackState], ["paused", "paused"]);
  session.handlers.play();
  assert.equal(session.playbackState, "playing");
});

test("when the song has ended, the controls are given back", () => {
  const { engine, session } = made();
  engine.play();
  engine.pause();
  engine.dispatchEvent(new Event("end"));
  assert.deepEqual([session.metadata, session.playbackState], [null, "none"]);
  assert.ok(Object.values(session.handlers).every((action) => action === null));
});

test("a browser that lacks an action, or all of them, still plays", () => {
  const session = Object.assign(new Session(), { isOld: true });
  const { engine } = made(session);
  engine.play();
  assert.equal(session.playbackState, "playing");
  made(undefined).engine.play();
});

test("the silence is a wave file of ten seconds", async () => {
  const bytes = new Uint8Array(await silentWave().arrayBuffer());
  assert.equal(bytes.length, 44 + 80_000);
  assert.ok(bytes.subarray(44).every((byte) => byte === 128));
});
