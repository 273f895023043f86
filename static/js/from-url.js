// The button posts the form to its own address, without the script of the uploads.
import { translate } from "./language.js";

const button = document.querySelector("[data-from-url]");
const words = button.textContent;
const field = document.querySelector("[data-url]");

document.addEventListener(
  "submit",
  (event) => {
    if (event.submitter !== button) return;
    event.stopPropagation();
    // Fetching takes a while; a second press would fetch the song twice.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = translate("Fetching…");
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
  button.textContent = words;
});
