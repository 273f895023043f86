// Songs from anywhere on the page: dropped, pasted, or a folder that is chosen; and pasted links.
import { translate, translatePlural } from "./language.js";
import { MOST_SONGS, songsIn, songsOf, taken } from "./upload-folder.js";

const TYPED_INTO =
  "textarea, select, [contenteditable], input:not([type=file], [type=radio], [type=checkbox])";

// The link in a text that is nothing else; undefined where it is none.
export function linkIn(text) {
  const words = text.trim();
  if (/\s/.test(words) || !/^https?:\/\//i.test(words)) return undefined;
  return URL.canParse?.(words) === false ? undefined : words;
}

// The sentence about what was left out; empty where nothing was.
export function leftOut({ files, leftOut: count, isCut }) {
  const told = [];
  if (files.length === 0) told.push(translate("There is no song in it."));
  if (count > 0)
    told.push(
      translatePlural(
        "%(count)s file that is no song was left out.",
        "%(count)s files that are no songs were left out.",
        count,
      ),
    );
  if (isCut)
    told.push(
      translate("A folder gives %(count)s songs at a time. The rest was left out.", {
        count: MOST_SONGS,
      }),
    );
  return told.join(" ");
}

// `add(files)` is called for every set of songs, `said` shows what was left out.
export function takeInSongs({ form, add, said }) {
  const { accept } = form.querySelector("#files");
  const take = (found) => {
    said.textContent = leftOut(found);
    if (found.files.length > 0) add(found.files);
  };
  const takeEvent = async (transfer) => take(await songsIn(taken(transfer), accept));
  onDrop(document.querySelector("[data-drop-overlay]"), takeEvent);
  onPaste(takeEvent, (link) => fillIn(link, said));
  offerFolder(form.querySelector("[data-folder]"), (files) => take(songsOf(files, accept)));
}

// A text or a picture of a page that is dragged is no file.
function hasFiles({ dataTransfer }) {
  return [...(dataTransfer?.types ?? [])].includes("Files");
}

function onDrop(overlay, take) {
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      overlay.hidden = false;
    });
  }
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    // Without a target it has left the window.
    if (!relatedTarget) overlay.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    overlay.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    take(event.dataTransfer);
  });
}

function onPaste(take, follow) {
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.(TYPED_INTO)) return;
    if (event.clipboardData.files.length > 0) {
      event.preventDefault();
      take(event.clipboardData);
      return;
    }
    const link = linkIn(event.clipboardData.getData("text/plain"));
    if (link && follow(link)) event.preventDefault();
  });
}

// Nothing is fetched before the person presses the button. Returns whether the site fetches links.
function fillIn(link, said) {
  const field = document.querySelector("[data-url]");
  if (!field) return false;
  field.value = link;
  document.querySelector("[data-from-url]").focus();
  said.textContent = translate("The link is in the box below. Press Enter to fetch the song.");
  return true;
}

function offerFolder(label, take) {
  const input = label.querySelector("input");
  label.hidden = !("webkitdirectory" in input);
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
}
