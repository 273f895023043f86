// Rows of songs that the mouse drags onto something. Buttons do the same for everybody else.

const KIND = "application/x-stemsite-song";

// `rows()` are asked for at each drag, as a list may have replaced them. `drop(row, target)`.
export function onDrag({ rows, targets, drop }) {
  let dragged = null;

  const rowOf = (element) => rows().find((row) => row.contains(element));

  // A row is made draggable where the mouse presses it: text in fields stays selectable.
  document.addEventListener("pointerdown", ({ target, pointerType }) => {
    const row = rowOf(target);
    if (row)
      row.draggable = pointerType === "mouse" && !target.closest("input, button, summary, form");
  });
  document.addEventListener("dragstart", (event) => {
    dragged = rowOf(event.target) ?? null;
    if (!dragged) return;
    event.dataTransfer.setData(KIND, dragged.id);
    event.dataTransfer.effectAllowed = "copyMove";
    dragged.classList.add("song--dragged");
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("song--dragged");
    dragged = null;
  });
  for (const target of targets) {
    target.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      target.classList.add("is-target");
    });
    target.addEventListener("dragleave", () => target.classList.remove("is-target"));
    target.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      target.classList.remove("is-target");
      drop(dragged, target);
    });
  }
}
