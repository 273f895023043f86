// The controls of the lock screen, of headphones and of media keys, from the first press of play on. When
// the song has ended, they are given back.
const STEP_S = 5;
const SILENCE_S = 10; // browsers give no controls to media of less than 5 s
const RATE_HZ = 8000;

// Browsers offer these controls to media elements only, not to web audio: a silent one plays along.
export function silentWave(seconds = SILENCE_S) {
  const samples = seconds * RATE_HZ;
  const bytes = new Uint8Array(44 + samples).fill(128, 44); // 128 is zero in 8 bits
  const view = new DataView(bytes.buffer);
  const text = (at, word) => {
    for (const [n, letter] of [...word].entries()) bytes[at + n] = letter.charCodeAt(0);
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, "data");
  view.setUint32(40, samples, true);
  return new Blob([bytes], { type: "audio/wav" });
}

export class LockScreen {
  #audio;
  #isOpen = false;

  // `about`: `{ title, artist, cover }` of the song; the cover is an address or empty.
  constructor({ engine, about, session = navigator.mediaSession }) {
    if (!session) return;
    Object.assign(this, { engine, about, session });
    engine.addEventListener("state", () => this.#follow());
    for (const name of ["seek", "rate"]) engine.addEventListener(name, () => this.#place());
    engine.addEventListener("end", () => this.#close());
  }

  get #actions() {
    const { engine } = this;
    const step = (sign) => (details) =>
      engine.seek(engine.position() + sign * (details.seekOffset || STEP_S));
    return {
      play: () => engine.play(),
      pause: () => engine.pause(),
      seekbackward: step(-1),
      seekforward: step(1),
      seekto: ({ seekTime }) => engine.seek(seekTime),
    };
  }

  #follow() {
    const isPaused = this.engine.state === "paused";
    if (!isPaused && !this.#isOpen) this.#open();
    if (!this.#isOpen) return;
    this.session.playbackState = isPaused ? "paused" : "playing";
    if (isPaused) this.#audio?.pause();
    else this.#audio?.play().catch(() => {}); // without it the mixer plays on, without these controls
    this.#place();
  }

  #open() {
    this.#isOpen = true;
    const { title, artist, cover } = this.about;
    const artwork = cover ? [{ src: new URL(cover, location.href).href }] : [];
    this.session.metadata = new MediaMetadata({ title, artist, artwork });
    this.#bind(this.#actions);
    if (!globalThis.Audio) return;
    this.#audio ??= new Audio(URL.createObjectURL(silentWave()));
    this.#audio.loop = true;
  }

  #close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#audio?.pause();
    this.session.metadata = null;
    this.session.playbackState = "none";
    this.#bind(Object.fromEntries(Object.keys(this.#actions).map((name) => [name, null])));
  }

  #bind(actions) {
    for (const [name, action] of Object.entries(actions)) {
      try {
        this.session.setActionHandler(name, action);
      } catch {
        // This browser does not know the action.
      }
    }
  }

  #place() {
    if (!this.#isOpen) return;
    const { durationS, rate } = this.engine;
    const position = Math.min(this.engine.position(), durationS);
    this.session.setPositionState?.({ duration: durationS, playbackRate: rate, position });
  }
}
