// The upload page: a row for each chosen song, a few of which are sent at a time.
import { translate, translatePlural } from "./language.js";
import { followChoices } from "./upload-choice.js";
import { takeInSongs } from "./upload-intake.js";
import { count, isOver, next, pageOf, sentence } from "./upload-queue.js";
import { size } from "./upload-rules.js";
import { Song } from "./upload-song.js";
import { Times } from "./upload-time.js";

const form = document.querySelector("[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const input = form.querySelector("input[type=file]");
const queue = form.querySelector("[data-queue]");
const submit = form.querySelector("[data-submit]");
const done = form.querySelector("[data-done]");
const announce = form.querySelector("[data-announce]");
const template = document.querySelector("template[data-row]");
const unfinished = document.querySelector("[data-unfinished]");
const times = new Times(form);
const maxBytes = Number(form.dataset.maxBytes);
// States of songs whose time is still to come.
const WANTED = ["waiting", "sending", "paused", "lost"];
const songs = new Map();
let sending = false;
let batch = newKey();

document.documentElement.classList.add("scripted");
input.required = false;

const all = () => [...songs.keys()];

// The key that the songs of one round share. Not randomUUID, which plain HTTP does not offer.
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fields() {
  const body = new FormData(form);
  body.delete("files");
  body.append("batch", batch);
  body.append("songs", songs.size);
  return body;
}

function add(file) {
  const row = template.content.firstElementChild.cloneNode(true);
  const find = (key) => row.querySelector(`[data-${key}]`);
  const parts = Object.fromEntries(
    ["note", "bar", "pause", "again", "use", "undo", "open", "remove"].map((key) => [
      key,
      find(key),
    ]),
  );
  const csrf = form.elements.csrfmiddlewaretoken.value;
  const song = new Song(file, { fields, csrf, begin: form.dataset.begin, changed });
  songs.set(song, { row, ...parts });
  find("name").textContent = file.name;
  parts.bar.setAttribute("aria-label", translate("Upload of %(name)s", { name: file.name }));
  parts.pause.addEventListener("click", () =>
    song.state === "paused" ? goOn(song) : song.pause(),
  );
  parts.again.addEventListener("click", () => goOn(song));
  parts.use.addEventListener("click", () => {
    song.separateKnown();
    begin();
  });
  parts.undo.addEventListener("click", () => goOn(song));
  parts.remove.addEventListener("click", () => (song.isOnItsWay ? song.cancel() : take(song)));
  queue.append(row);
  if (file.size === 0) song.tell("failed", translate("The file is empty."));
  else if (file.size > maxBytes)
    song.tell(
      "failed",
      translate("%(size)s is more than the %(most)s accepted here.", {
        size: size(file.size),
        most: size(maxBytes),
      }),
    );
  else changed(song);
}

function goOn(song) {
  song.resume();
  // A round that is running picks the song up by itself.
  if (!sending) begin();
}

function take(song) {
  song.remove();
  songs.get(song).row.remove();
  songs.delete(song);
  input.focus();
  advance();
}

// A screen reader says the file's name too: "Send Song.wav again".
function label(button, text, spoken, shown) {
  button.textContent = text;
  button.setAttribute("aria-label", spoken);
  button.hidden = !shown;
}

function changed(song) {
  const { row, note, bar, pause, again, use, undo, open, remove } = songs.get(song);
  const { state, file } = song;
  const before = row.dataset.state;
  row.dataset.state = state;
  row.className = `queue__row queue__row--${state}`;
  note.textContent = song.note;
  bar.value = song.percent;
  const { name } = file;
  const isPaused = state === "paused";
  label(
    pause,
    isPaused ? translate("Resume") : translate("Pause"),
    isPaused ? translate("Resume %(name)s", { name }) : translate("Pause %(name)s", { name }),
    song.canPause,
  );
  label(
    again,
    translate("Send again"),
    translate("Send %(name)s again", { name }),
    state === "lost" || (state === "failed" && song.canBeSentAgain),
  );
  label(
    use,
    translate("Separate again"),
    translate("Separate %(name)s again", { name }),
    state === "known",
  );
  label(
    undo,
    translate("Undo"),
    translate("Undo %(name)s", { name }),
    state === "cancelled" && !song.url,
  );
  label(
    remove,
    song.isOnItsWay ? translate("Cancel") : translate("Remove"),
    song.isOnItsWay
      ? translate("Cancel %(name)s", { name })
      : translate("Remove %(name)s", { name }),
    !["done", "cancelling"].includes(state),
  );
  open.hidden = !song.url;
  if (song.url) open.href = song.url;
  open.setAttribute("aria-label", translate("Open the job of %(name)s", { name }));
  if (song.addresses) forget(song.addresses.upload);
  if (state === before) return;
  if (["paused", "lost", "known", "failed", "cancelled"].includes(state))
    announce.textContent = `${file.name}: ${song.note}`;
  // The button that was pressed is gone: whoever uses the keyboard goes on where the row does.
  if (state === "cancelled" && document.activeElement === document.body)
    (song.url ? open : undo).focus();
  advance();
}

// An upload that continues here leaves the list of unfinished uploads.
function forget(address) {
  unfinished?.querySelector(`[data-upload-url="${address}"]`)?.remove();
  if (unfinished && !unfinished.querySelector("[data-upload-url]")) unfinished.remove();
}

function begin() {
  sending = true;
  advance();
}

function advance() {
  if (sending) {
    // Each start calls this function again, so that no song comes from an old list.
    const song = next(all());
    if (song) return song.send();
    if (isOver(all())) conclude();
  }
  const waiting = count(all(), "waiting");
  submit.disabled = sending || waiting === 0;
  submit.textContent = submitText(waiting);
  zone.classList.toggle("dropzone--filled", songs.size > 0);
  times.tell(
    all()
      .filter((song) => WANTED.includes(song.state))
      .map(({ file }) => file),
  );
  done.hidden = sending || count(all(), "done") === 0;
}

function submitText(waiting) {
  if (sending) return translate("Uploading…");
  if (waiting < 2) return translate("Separate");
  return translatePlural("Separate %(count)s song", "Separate %(count)s songs", waiting);
}

function conclude() {
  sending = false;
  const told = sentence(all());
  if (told) announce.textContent = told;
  const page = pageOf(all(), form.dataset.history);
  if (!page) return;
  // A person who returns to this page starts a new round.
  batch = newKey();
  location.assign(page);
}

window.addEventListener("online", () => {
  for (const song of all()) if (song.state === "lost") song.resume();
});

followChoices(form);

function addAll(files) {
  [...files].forEach(add);
  advance();
}

function takeChosen() {
  addAll(input.files);
  input.value = "";
}

input.addEventListener("change", takeChosen);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
takeInSongs({ form, add: addAll, said: form.querySelector("[data-left-out]") });
// Songs may have been chosen before this script was loaded.
takeChosen();
