// The player of the song as it was sent, on the page of a running job. Where the browser cannot play the file,
// the page says so instead.
export class Original {
  // `box` is null on pages without it, such as that of a batch.
  constructor(box) {
    this.box = box;
    this.audio = box?.querySelector("audio");
    if (!this.audio) return;
    this.audio.addEventListener("error", () => this.#silent());
    if (this.audio.error || !this.audio.canPlayType(this.audio.dataset.type)) this.#silent();
  }

  get isPlaying() {
    return Boolean(this.audio && !this.audio.paused && !this.audio.ended);
  }

  // The result would stop the music, so it waits until the person stops it.
  offerResult() {
    this.box.querySelector("[data-original-done]").hidden = false;
  }

  #silent() {
    this.audio.hidden = true;
    this.box.querySelector("[data-original-silent]").hidden = false;
  }
}
