// Named loops and mixes of the song: saved on the server for the account, so that every device has them.
// Their buttons and names are ordinary controls, so keys work in them without more.
import { translate } from "../language.js";
import { restoreMix, stateOf } from "./state.js";
import { clock } from "./time.js";

const NAMES = { loops: "Loop %(number)s", mixes: "Mix %(number)s" };

// The first name of a kind that is not taken.
export function freeName(kind, entries) {
  const taken = new Set(entries.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = translate(NAMES[kind], { number });
    if (!taken.has(name)) return name;
  }
}

export class Saved {
  // `saved`: `{ loops, mixes }` as the server has them.
  constructor(player, saved) {
    this.player = player;
    this.saved = saved;
    this.box = player.find("saved");
    this.note = player.find("saved-note");
    for (const kind of ["loops", "mixes"]) this.#bind(kind);
    player.region.addEventListener("change", () => this.#showMarked());
    this.#show();
  }

  #part(kind) {
    return this.box.querySelector(`[data-kind=${kind}]`);
  }

  #bind(kind) {
    const part = this.#part(kind);
    const name = part.querySelector("[data-new-name]");
    const save = () => this.#save(kind, name);
    part.querySelector("[data-save]").addEventListener("click", save);
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      if (!part.querySelector("[data-save]").disabled) save();
    });
  }

  async #save(kind, field) {
    const name = field.value.trim() || freeName(kind, this.saved[kind]);
    const value = JSON.stringify(kind === "loops" ? this.#loop() : stateOf(this.player));
    if (!(await this.#send({ kind, action: "save", name, value }))) return;
    field.value = "";
    this.note.textContent = translate("“%(name)s” is saved.", { name });
  }

  #loop() {
    const { start, end } = this.player.region;
    return { start_s: start, end_s: end };
  }

  apply(kind, entry) {
    const { player } = this;
    if (kind === "mixes") restoreMix(player, entry);
    else {
      player.region.set(entry.start_s, entry.end_s);
      player.engine.seek(entry.start_s);
    }
  }

  async #rename(kind, entry, field) {
    const done = await this.#send({ kind, action: "rename", id: entry.id, name: field.value });
    if (!done) field.value = entry.name;
  }

  async #delete(kind, entry) {
    const number = this.saved[kind].indexOf(entry);
    if (!(await this.#send({ kind, action: "delete", id: entry.id }))) return;
    const part = this.#part(kind);
    const left = part.querySelectorAll("[data-apply]");
    (left[Math.min(number, left.length - 1)] ?? part.querySelector("[data-new-name]")).focus();
  }

  // Returns whether the server has done it; its reason for a refusal is shown.
  async #send(fields) {
    this.note.textContent = "";
    const { root } = this.player;
    const token = root.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...fields });
      const headers = { Accept: "application/json" };
      const answer = await fetch(this.box.dataset.saved, { method: "POST", body, headers });
      const told = await answer.json();
      if (!answer.ok) {
        this.note.textContent = told.detail;
        return false;
      }
      this.saved = told;
      this.#show();
      return true;
    } catch {
      this.note.textContent = translate("The server could not be reached. Nothing was changed.");
      return false;
    }
  }

  #show() {
    for (const kind of ["loops", "mixes"]) {
      const entries = this.saved[kind];
      const list = this.#part(kind).querySelector("[data-list]");
      list.replaceChildren(...entries.map((entry) => this.#item(kind, entry)));
      list.hidden = !entries.length;
      this.#part(kind).querySelector("[data-new-name]").placeholder = freeName(kind, entries);
    }
    this.#showMarked();
  }

  #showMarked() {
    this.#part("loops").querySelector("[data-save]").disabled = !this.player.region.exists;
  }

  #item(kind, entry) {
    const item = this.#part(kind)
      .querySelector("template")
      .content.firstElementChild.cloneNode(true);
    const name = { name: entry.name };
    const apply = item.querySelector("[data-apply]");
    const field = item.querySelector("[data-name]");
    const remove = item.querySelector("[data-delete]");
    apply.setAttribute("aria-label", translate("Apply %(name)s", name));
    apply.addEventListener("click", () => this.apply(kind, entry));
    field.value = entry.name;
    field.addEventListener("change", () => this.#rename(kind, entry, field));
    field.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") field.value = entry.name;
      if (key === "Enter" || key === "Escape") field.blur();
    });
    remove.setAttribute("aria-label", translate("Delete %(name)s", name));
    remove.addEventListener("click", () => this.#delete(kind, entry));
    const times = item.querySelector("[data-times]");
    if (times) times.textContent = `${clock(entry.start_s, 1)}–${clock(entry.end_s, 1)}`;
    return item;
  }
}
