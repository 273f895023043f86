// The choices of the upload page: the stems of the chosen model, and what is chosen below "More".
export function followChoices(form) {
  const cards = [...form.querySelectorAll("input[name=model]")];
  for (const card of cards) card.addEventListener("change", () => offerStems(form, cards));
  offerStems(form, cards);
  form.addEventListener("change", () => nameChosen(form));
  nameChosen(form);
}

function offerStems(form, cards) {
  const offered = cards.find(({ checked }) => checked)?.dataset.stems.split(" ");
  for (const label of form.querySelectorAll("[data-stem]")) {
    const box = label.querySelector("input");
    label.hidden = offered !== undefined && !offered.includes(box.value);
    // A disabled box stays checked and is not sent.
    box.disabled = label.hidden;
  }
}

// A closed "More" names the preset that is chosen in it.
function nameChosen(form) {
  const chosen = form.querySelector("[data-more] input[name=preset]:checked");
  if (!chosen) return;
  const title = document.getElementById(`preset-title-${chosen.value || "own"}`);
  form.querySelector("[data-chosen]").textContent = title.textContent;
}
