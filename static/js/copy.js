// A button that copies a field. Without this script the field can be copied by hand.
const told = document.querySelector("[data-copy-told]");

// Browsers offer no clipboard to pages on plain http, which many portals use.
async function copy(field) {
  field.select();
  if (navigator.clipboard) return navigator.clipboard.writeText(field.value);
  if (!document.execCommand("copy")) throw new Error("copying is not allowed here");
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await copy(field);
      told.textContent = "Copied.";
    } catch {
      told.textContent = "It is marked: copy it with Ctrl+C, or by a long press on it.";
    }
  });
  field.addEventListener("focus", () => field.select());
}
