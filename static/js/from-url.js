// The button posts the form by itself, to its own address: the upload's script shall not take it.
const button = document.querySelector("[data-from-url]");
const field = document.querySelector("[data-url]");

document.addEventListener(
  "submit",
  (event) => {
    if (event.submitter !== button) return;
    event.stopPropagation();
    // Fetching takes a while; a second press would fetch the song twice.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = "Fetching…";
    });
  },
  { capture: true },
);

// Enter would press the form's first button, which sends files.
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  button.click();
});

// Back from the job's page, which may show this one as it was left.
window.addEventListener("pageshow", () => {
  button.disabled = false;
  button.textContent = "Fetch and separate";
});
