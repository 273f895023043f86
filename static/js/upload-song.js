// The upload of one file: announced, sent by tus, its outcome polled. It reports its state to the page.
import { translate } from "./language.js";
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
const CANCEL_AGAIN_MS = 3000;
const ON_ITS_WAY = ["sending", "paused", "lost"];

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

  get isOnItsWay() {
    return ON_ITS_WAY.includes(this.state);
  }

  // Once all of it is there, the server goes on by itself: there is nothing left to hold back.
  get canPause() {
    return this.state === "paused" || (this.isMoving && !this.isSent);
  }

  tell(state, note) {
    Object.assign(this, { state, note });
    this.changed(this);
  }

  async send() {
    clearTimeout(this.timer);
    this.tell("sending", translate("Starting…"));
    this.announcing = this.announce();
    try {
      await this.announcing;
    } catch (problem) {
      return this.stop(problem);
    }
    if (this.state !== "sending") return this.state === "removed" ? this.terminate() : undefined;
    this.transfer ??= this.prepare();
    this.transfer.start();
  }

  async announce() {
    if (this.addresses) return;
    const body = this.fields();
    body.append("name", this.file.name);
    body.append("size_bytes", this.file.size);
    body.append("modified_ms", this.file.lastModified);
    this.addresses = await this.ask(this.begin, body);
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
          this.tell(
            "sending",
            translate("The connection was lost at %(percent)s %. Trying again…", {
              percent: this.percent,
            }),
          );
        return again && this.isMoving;
      },
      onProgress: (sent, total) => {
        if (!this.isMoving) return;
        this.percent = percentOf(sent, total);
        this.isSent = sent >= total;
        this.tell(
          "sending",
          sent < total
            ? translate("%(percent)s % of %(total)s", { percent: this.percent, total: size(total) })
            : translate("Checking the file…"),
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
      // It was cancelled while this was asked.
      if (!this.isMoving) return;
      if (outcome.state === "queued") this.queued(outcome.url);
      else if (outcome.state === "known") this.known(outcome);
      else this.stop(new Refusal({ status: 0 }));
    } catch (problem) {
      this.stop(problem);
    }
  }

  queued(url) {
    this.url = url;
    this.tell("done", translate("In the queue"));
  }

  known({ name, url }) {
    this.url = url;
    this.tell(
      "known",
      name === this.file.name
        ? translate("You have this very song here already.")
        : translate("You have this very song here already, as “%(name)s”.", { name }),
    );
  }

  async separateKnown() {
    this.tell("sending", translate("Adding it to the queue…"));
    try {
      const { url } = await this.ask(this.addresses.again, new FormData());
      if (this.isMoving) this.queued(url);
    } catch (problem) {
      if (this.isMoving)
        this.tell("failed", problem.detail ?? translate("The connection was lost."));
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
        ? translate("The server cannot be reached. The upload goes on as soon as it can.")
        : translate("There is no connection. The upload goes on as soon as there is."),
    );
    this.timer = setTimeout(() => this.resume(), TRY_AGAIN_MS);
  }

  pause() {
    this.transfer?.abort();
    clearTimeout(this.timer);
    this.tell(
      "paused",
      translate("Paused at %(percent)s % of %(total)s", {
        percent: this.percent,
        total: size(this.file.size),
      }),
    );
  }

  // Back in the queue: the page sends it when its turn comes.
  resume() {
    clearTimeout(this.timer);
    this.tell(
      "waiting",
      this.percent
        ? translate("Waiting, %(percent)s % are there", { percent: this.percent })
        : size(this.file.size),
    );
  }

  // Wherever it is: the server stops what it does with it, also a job that has come of it by now.
  async cancel() {
    clearTimeout(this.timer);
    this.tell("cancelling", translate("Cancelling…"));
    await this.transfer?.abort();
    // What is being announced is not to be cancelled before it is there.
    await this.announcing?.catch(() => {});
    await this.askToCancel();
  }

  async askToCancel() {
    try {
      const body = new FormData();
      this.cancelled(this.addresses ? await this.ask(this.addresses.cancel, body) : {});
    } catch (problem) {
      // Refused, expired or cancelled in another tab: there is none any more.
      if (problem.status === 404) return this.cancelled({});
      if (!passes(problem)) return this.tell("failed", problem.detail);
      this.tell(
        "cancelling",
        translate("The server cannot be reached. Cancelling as soon as it can…"),
      );
      this.timer = setTimeout(() => this.askToCancel(), CANCEL_AGAIN_MS);
    }
  }

  cancelled({ state, url = "" }) {
    if (this.state !== "cancelling") return;
    this.addresses = this.transfer = this.announcing = undefined;
    this.percent = 0;
    this.isSent = false;
    this.url = url;
    if (state === "ended")
      this.tell("cancelled", translate("It was finished before it could be cancelled."));
    else if (url)
      this.tell(
        "cancelled",
        translate("Cancelled. The song is here; its page can start it again."),
      );
    else this.tell("cancelled", translate("Cancelled. Nothing was kept."));
  }

  remove() {
    clearTimeout(this.timer);
    const wasThere = this.isOnItsWay || this.state === "waiting";
    this.state = "removed";
    if (wasThere && this.addresses) this.terminate();
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
