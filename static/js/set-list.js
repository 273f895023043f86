// The order of a set list: rows that are dragged, and buttons that move a row without a new page.

const list = document.querySelector("[data-form]");

if (list) {
  const form = document.getElementById(list.dataset.form);
  const told = document.querySelector("[data-told]");
  const rows = () => [...list.querySelectorAll("[data-song]")];
  let dragged = null;

  async function keep() {
    const body = new FormData(form);
    for (const row of rows()) body.append("job", row.dataset.song);
    const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
    if (!answer?.ok) told.textContent = list.dataset.notKept;
  }

  function moved(row) {
    const words = { name: row.dataset.name, place: rows().indexOf(row) + 1, count: rows().length };
    told.textContent = list.dataset.moved.replace(/%\((\w+)\)s/g, (_, name) => words[name]);
    return keep();
  }

  document.addEventListener("submit", (event) => {
    const { submitter } = event;
    if (event.target !== form || !["up", "down"].includes(submitter?.name)) return;
    event.preventDefault();
    const row = submitter.closest("[data-song]");
    const up = submitter.name === "up";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    submitter.focus();
    moved(row);
  });

  list.addEventListener("pointerdown", ({ target, pointerType }) => {
    const row = target.closest("[data-song]");
    if (row) row.draggable = pointerType === "mouse" && !target.closest("button");
  });
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-song]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
    dragged.classList.add("song--dragged");
  });
  list.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const over = event.target.closest("[data-song]");
    if (!over || over === dragged) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(dragged);
    else over.after(dragged);
  });
  list.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    moved(dragged);
  });
  list.addEventListener("dragend", () => {
    dragged?.classList.remove("song--dragged");
    dragged = null;
  });
}
