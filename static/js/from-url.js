// The button posts the form to its own address, without the script of the uploads.
import { translate } from "./language.js";

const button = document.querySelector("[data-from-url]");
const words = button.textContent;
const field = document.querySelector("[data-url]");
const stop = document.querySelector("[data-stop-fetching]");

document.addEventListener(
  "submit",
  (event) => {
    if (event.submitter?.matches("[data-stop-fetching]")) event.stopPropagation();
    if (event.submitter !== button) return;
    event.stopPropagation();
    // Fetching takes a while; a second press would fetch the song twice.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = translate("Fetching…");
      // Its answer takes the place of the one that is awaited.
      stop.hidden = false;
    });
  },
  { capture: true },
);

// Otherwise Enter would press the form's first button, which sends files.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  button.click();
});

// After "back" from the job's page, the browser may show this page in its last state.
window.addEventListener("pageshow", () => {
  button.disabled = false;
  stop.hidden = true;
  button.textContent = words;
});
