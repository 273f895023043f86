// Saves the state of the mixer on the server, for the account, and restores it when the page opens, on any
// device. A shared page saves nothing, as its visitors have no account.
import { Autosave } from "./autosave.js";
import { restore, stateOf } from "./state.js";

const PLAYING_MS = 10_000;

export class Persistence {
  #timer = 0;

  // `state`: what the server has saved, null where it has nothing.
  constructor(player, state) {
    this.player = player;
    this.first = stateOf(player);
    if (state) restore(player, state);
    const { savesTo } = player.root.dataset;
    if (savesTo) this.#save(savesTo);
  }

  reset() {
    restore(this.player, this.first);
    this.autosave?.save();
  }

  #save(address) {
    const { player } = this;
    const token = player.root.querySelector("[name=csrfmiddlewaretoken]").value;
    const page = randomName();
    let number = 0;
    // Two requests may overtake each other: the server compares their numbers.
    const form = (text) => {
      const state = JSON.stringify({ ...JSON.parse(text), page, number: ++number });
      return new URLSearchParams({ csrfmiddlewaretoken: token, state });
    };
    this.autosave = new Autosave({
      text: () => JSON.stringify(stateOf(player)),
      send: (text) => post(address, form(text)),
      leave: (text) => navigator.sendBeacon(address, form(text)),
    });
    this.#watch(player);
  }

  #watch({ desk, engine, region, viewport }) {
    const changed = () => this.autosave.changed();
    for (const each of [desk, region, viewport]) each.addEventListener("change", changed);
    for (const name of ["rate", "seek", "state"]) engine.addEventListener(name, changed);
    engine.addEventListener("state", () => this.#follow(engine.state !== "paused"));
    addEventListener("pagehide", () => this.autosave.left());
    // A phone may end a hidden page without a further event.
    document.addEventListener("visibilitychange", () => document.hidden && this.autosave.left());
  }

  // The position changes all the time while it plays.
  #follow(isMoving) {
    clearInterval(this.#timer);
    if (isMoving) this.#timer = setInterval(() => this.autosave.save(), PLAYING_MS);
  }
}

function randomName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function post(address, body) {
  try {
    const answer = await fetch(address, { method: "POST", body, keepalive: true });
    return answer.status === 204;
  } catch {
    return false; // the next change sends it again
  }
}
