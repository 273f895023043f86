// The upload of one file: announced, sent by tus, its outcome polled. It reports its state to the page.
import {
  canBeSentAgain,
  parsed,
  passes,
  percentOf,
  Refusal,
  refusal,
  size,
} from "./upload-rules.js";

const { Upload } = window.tus;

// Behind a proxy that collects a request before it passes it on, only whole requests arrive: this
// is the most that a lost connection can cost there.
const CHUNK_BYTES = 32 * 1024 * 1024;
const RETRY_MS = [0, 1000, 2000, 4000, 8000, 15000, 30000, 30000];
const TRY_AGAIN_MS = 60000;

export class Song {
  // `changed(song)` is called for every new state and note; `fields()` returns the form's fields.
  constructor(file, { fields, csrf, begin, changed }) {
    Object.assign(this, {
      file,
      fields,
      csrf,
      begin,
      changed,
      state: "waiting",
      note: size(file.size),
      percent: 0,
    });
  }

  get isMoving() {
    return this.state === "sending";
  }

  tell(state, note) {
    Object.assign(this, { state, note });
    this.changed(this);
  }

  async send() {
    clearTimeout(this.timer);
    this.tell("sending", "Starting…");
    try {
      if (!this.addresses) this.addresses = await this.announce();
    } catch (problem) {
      return this.stop(problem);
    }
    if (this.state !== "sending") return this.state === "removed" ? this.terminate() : undefined;
    this.transfer ??= this.prepare();
    this.transfer.start();
  }

  async announce() {
    const body = this.fields();
    body.append("name", this.file.name);
    body.append("size_bytes", this.file.size);
    body.append("modified_ms", this.file.lastModified);
    return this.ask(this.begin, body);
  }

  async ask(address, body) {
    const headers = { Accept: "application/json", "X-CSRFToken": this.csrf };
    const request = body ? { method: "POST", headers, body } : { headers };
    const [answer, text] = await this.fetch(address, request);
    const told = answer.ok ? parsed(text) : null;
    if (told === null) throw refusal(answer.status, text);
    return told;
  }

  // The answer and its text. The connection may be lost before the answer or in the middle of its text.
  async fetch(address, request) {
    try {
      const answer = await fetch(address, request);
      return [answer, await answer.text()];
    } catch {
      throw new Refusal({ status: 0 });
    }
  }

  prepare() {
    return new Upload(this.file, {
      uploadUrl: this.addresses.upload,
      headers: { "X-CSRFToken": this.csrf },
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      onShouldRetry: (error) => {
        const again = navigator.onLine && passes(this.problem(error));
        if (again && this.isMoving)
          this.tell("sending", `The connection was lost at ${this.percent} %. Trying again…`);
        return again && this.isMoving;
      },
      onProgress: (sent, total) => {
        if (!this.isMoving) return;
        this.percent = percentOf(sent, total);
        this.tell(
          "sending",
          sent < total ? `${this.percent} % of ${size(total)}` : "Checking the file…",
        );
      },
      onError: (error) => this.stop(this.problem(error)),
      onSuccess: () => this.conclude(),
    });
  }

  problem(error) {
    const response = error.originalResponse;
    return response
      ? refusal(response.getStatus(), response.getBody())
      : new Refusal({ status: 0 });
  }

  async conclude() {
    try {
      const outcome = await this.ask(this.addresses.outcome);
      if (outcome.state === "queued") this.queued(outcome.url);
      else if (outcome.state === "known") this.known(outcome);
      else this.stop(new Refusal({ status: 0 }));
    } catch (problem) {
      this.stop(problem);
    }
  }

  queued(url) {
    this.url = url;
    this.tell("done", "In the queue");
  }

  known({ name, url }) {
    this.url = url;
    this.tell(
      "known",
      name === this.file.name
        ? "You have this very song here already."
        : `You have this very song here already, as “${name}”.`,
    );
  }

  async separateKnown() {
    this.tell("sending", "Adding it to the queue…");
    try {
      this.queued((await this.ask(this.addresses.again, new FormData())).url);
    } catch (problem) {
      this.tell("failed", problem.detail ?? "The connection was lost.");
    }
  }

  stop(problem) {
    if (!this.isMoving) return;
    if (!passes(problem)) {
      // The server has deleted a refused upload, so that sending it again starts a new one.
      this.addresses = this.transfer = undefined;
      this.canBeSentAgain = canBeSentAgain(problem);
      return this.tell("failed", problem.detail);
    }
    this.tell(
      "lost",
      navigator.onLine
        ? "The server cannot be reached. The upload goes on as soon as it can."
        : "There is no connection. The upload goes on as soon as there is.",
    );
    this.timer = setTimeout(() => this.resume(), TRY_AGAIN_MS);
  }

  pause() {
    this.transfer?.abort();
    clearTimeout(this.timer);
    this.tell("paused", `Paused at ${this.percent} % of ${size(this.file.size)}`);
  }

  // Back in the queue: the page sends it when its turn comes.
  resume() {
    clearTimeout(this.timer);
    this.tell(
      "waiting",
      this.percent ? `Waiting, ${this.percent} % are there` : size(this.file.size),
    );
  }

  remove() {
    clearTimeout(this.timer);
    const wasOnItsWay = ["sending", "paused", "lost", "waiting"].includes(this.state);
    this.state = "removed";
    if (wasOnItsWay && this.addresses) this.terminate();
  }

  async terminate() {
    await this.transfer?.abort();
    // A few retries, as the server may notice the broken request a moment later.
    Upload.terminate(this.addresses.upload, {
      headers: { "X-CSRFToken": this.csrf },
      retryDelays: RETRY_MS,
    }).catch(() => {
      // The upload expires by itself, and the list of unfinished uploads shows it until then.
    });
  }
}
