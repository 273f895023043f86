// Sends the chosen songs one after the other through the same form, each with its own row.
const form = document.querySelector("[data-upload]");
const zone = form.querySelector("[data-dropzone]");
const input = form.querySelector("input[type=file]");
const queue = form.querySelector("[data-queue]");
const submit = form.querySelector("[data-submit]");
const done = form.querySelector("[data-done]");
const announce = form.querySelector("[data-announce]");
const template = document.querySelector("template[data-row]");
const maxBytes = Number(form.dataset.maxBytes);
const items = [];
let sending = false;

document.documentElement.classList.add("scripted");
input.required = false;

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function show(item, state, note) {
  item.state = state;
  item.row.className = `queue__row queue__row--${state}`;
  item.note.textContent = note;
  item.remove.textContent = state === "sending" ? "Cancel" : "Remove";
  item.remove.setAttribute("aria-label", `${item.remove.textContent} ${item.file.name}`);
  item.remove.hidden = state === "done";
  item.again.hidden = true;
}

function count(state) {
  return items.filter((item) => item.state === state).length;
}

function refresh() {
  const waiting = count("waiting");
  submit.disabled = sending || waiting === 0;
  if (sending) submit.textContent = "Uploading…";
  else submit.textContent = waiting > 1 ? `Separate ${waiting} songs` : "Separate";
  zone.classList.toggle("dropzone--filled", items.length > 0);
  done.hidden = sending || count("done") === 0;
}

function add(file) {
  const row = template.content.firstElementChild.cloneNode(true);
  const find = (key) => row.querySelector(`[data-${key}]`);
  const item = { file, row, note: find("note"), bar: find("bar"), remove: find("remove"), open: find("open"), again: find("again") };
  find("name").textContent = file.name;
  item.bar.setAttribute("aria-label", `Upload of ${file.name}`);
  item.remove.addEventListener("click", () => take(item));
  item.again.setAttribute("aria-label", `Send ${file.name} again`);
  item.again.addEventListener("click", () => sendAgain(item));
  items.push(item);
  queue.append(row);
  if (file.size === 0) show(item, "failed", "The file is empty.");
  else if (file.size > maxBytes) show(item, "failed", `${size(file.size)} is more than the ${size(maxBytes)} accepted here.`);
  else show(item, "waiting", size(file.size));
}

function take(item) {
  item.request?.abort();
  items.splice(items.indexOf(item), 1);
  item.row.remove();
  input.focus();
  refresh();
}

function sendAgain(item) {
  show(item, "waiting", size(item.file.size));
  // A round that is under way picks it up by itself.
  if (!sending) sendAll();
}

// Reasons that lie on the way and not in the file: the same file may well pass the next time.
function mayPassLater({ status }) {
  return status === 0 || status === 429 || status >= 500;
}

function answer(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    if (request.status === 403) return { detail: "This page is out of date. Load it again, then choose the song once more." };
    return { detail: `The server answered with status ${request.status}. Try again in a moment.` };
  }
}

function send(item) {
  return new Promise((resolve) => {
    const body = new FormData(form);
    body.delete("files");
    body.append("files", item.file);
    const request = (item.request = new XMLHttpRequest());
    const fail = (sentence) => {
      show(item, "failed", sentence);
      item.again.hidden = !mayPassLater(request);
    };
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.round((100 * event.loaded) / event.total);
      item.bar.value = percent;
      item.note.textContent = percent < 100 ? `${percent} % of ${size(item.file.size)}` : "Checking the file…";
    });
    request.addEventListener("load", () => {
      const { url, detail } = answer(request);
      if (request.status !== 201) return fail(detail);
      item.url = item.open.href = url;
      item.open.hidden = false;
      item.open.setAttribute("aria-label", `Open the job of ${item.file.name}`);
      show(item, "done", "In the queue");
    });
    request.addEventListener("error", () => fail("The connection was lost before the song had arrived."));
    request.addEventListener("loadend", () => {
      item.request = undefined;
      resolve();
    });
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    show(item, "sending", "0 %");
    request.send(body);
  });
}

async function sendAll() {
  sending = true;
  refresh();
  for (let item; (item = items.find(({ state }) => state === "waiting")); ) await send(item);
  sending = false;
  refresh();
  const sent = count("done");
  const failed = count("failed");
  announce.textContent = `${sent} in the queue${failed ? `, ${failed} refused` : ""}.`;
  if (sent && !failed) location.assign(sent === 1 ? items[0].url : form.dataset.history);
}

const cards = [...form.querySelectorAll("input[name=model]")];

function offerStems() {
  const offered = cards.find(({ checked }) => checked)?.dataset.stems.split(" ");
  for (const label of form.querySelectorAll("[data-stem]")) {
    const box = label.querySelector("input");
    label.hidden = offered !== undefined && !offered.includes(box.value);
    // A box that is disabled keeps its tick and is not sent.
    box.disabled = label.hidden;
  }
}

for (const card of cards) card.addEventListener("change", offerStems);
offerStems();

input.addEventListener("change", () => {
  [...input.files].forEach(add);
  input.value = "";
  refresh();
});
for (const type of ["dragenter", "dragover"]) {
  zone.addEventListener(type, () => zone.classList.add("dropzone--over"));
}
for (const type of ["dragleave", "drop"]) {
  zone.addEventListener(type, () => zone.classList.remove("dropzone--over"));
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sendAll();
});
refresh();
