// The mixer on the whole screen, for a phone on a music stand: large buttons for play, loop and the stems.
// The browser's full screen where there is one, otherwise an overlay over the page.
import { translate } from "../language.js";

export class Practice {
  #entered = false;

  constructor(player) {
    this.player = player;
    this.dialog = player.find("practice");
    this.opener = player.find("practice-open");
    this.find = (name) => this.dialog.querySelector(`[data-practice-${name}]`);
    this.opener.addEventListener("click", () => this.open());
    this.find("close").addEventListener("click", () => this.close());
    // Escape, and the back gesture of Android, close a dialog by themselves.
    this.dialog.addEventListener("close", () => this.#closed());
    addEventListener("popstate", () => this.dialog.open && this.dialog.close());
    document.addEventListener("fullscreenchange", () => this.#screenChanged());
    this.#bind();
  }

  open() {
    this.dialog.showModal();
    history.pushState({ practice: true }, "");
    this.find("play").focus();
    this.#entered = false;
    // Not every phone has it, and the person or the device may refuse: the dialog fills the page anyway.
    this.dialog.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {});
    this.#show();
  }

  close() {
    this.dialog.close();
  }

  #closed() {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    if (history.state?.practice) history.back();
    this.opener.focus();
  }

  // Escape leaves the browser's full screen before the dialog hears of it.
  #screenChanged() {
    if (document.fullscreenElement === this.dialog) this.#entered = true;
    else if (this.#entered && this.dialog.open) this.dialog.close();
  }

  #bind() {
    const { engine, desk, region, transport } = this.player;
    this.find("play").addEventListener("click", () => transport.toggle());
    this.find("loop").addEventListener("click", () => region.toggle(engine.position()));
    this.find("back").addEventListener("click", () => engine.seek(engine.position() - 5));
    this.find("on").addEventListener("click", () => engine.seek(engine.position() + 5));
    this.stems = this.player.lanes.map((lane, n) => this.#stem(lane, n));
    this.find("stems").append(...this.stems.map(({ button }) => button));
    for (const each of [engine, desk, region])
      for (const name of ["change", "state", "loop"])
        each.addEventListener(name, () => this.dialog.open && this.#show());
  }

  // A stem sounds or is silent: one touch is a mute, as there is no room for two buttons.
  #stem({ element }, n) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "practice__stem";
    button.style.setProperty("--stem", getComputedStyle(element).getPropertyValue("--stem"));
    button.textContent = element.dataset.label;
    button.addEventListener("click", () => this.player.desk.toggleMute(n));
    return { button, n };
  }

  #show() {
    const { engine, desk, region } = this.player;
    const isPaused = engine.state === "paused";
    const play = this.find("play");
    play.setAttribute("aria-label", isPaused ? translate("Play") : translate("Pause"));
    play.dataset.state = engine.state;
    this.find("loop").setAttribute("aria-pressed", region.active !== null);
    for (const { button, n } of this.stems) {
      button.hidden = !desk.isShown(n);
      button.setAttribute("aria-pressed", desk.isHeard(n));
    }
  }

  move(text) {
    if (this.dialog.open) this.find("time").textContent = text;
  }
}
