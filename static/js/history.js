// The selection of the library: the bar that appears with it, ranges by Shift, Escape, and songs that
// are dragged onto a set list. Without this script the bar stands below the songs.

import { onDrag } from "./drag-songs.js";

const bar = document.getElementById("together");

if (bar) {
  const count = bar.querySelector("[data-count]");
  const [all, none] = ["[data-all]", "[data-none]"].map((name) => bar.querySelector(name));
  let last = null;

  const boxes = () => [...document.querySelectorAll("#jobs .song__tick input")];
  const songsOf = (box) => Number(box.dataset.songs ?? 1);

  function show() {
    const selected = boxes().filter((box) => box.checked);
    const songs = selected.reduce((sum, box) => sum + songsOf(box), 0);
    bar.hidden = !selected.length;
    const words = songs === 1 ? bar.dataset.one : bar.dataset.many;
    count.textContent = words.replace("%(count)s", songs);
    all.hidden = selected.length === boxes().length;
  }

  function set(chosen, checked) {
    for (const box of chosen) box.checked = checked;
    show();
  }

  bar.classList.add("together--bar");
  none.hidden = false;
  all.addEventListener("click", () => set(boxes(), true));
  none.addEventListener("click", () => set(boxes(), false));

  document.addEventListener("click", ({ target, shiftKey }) => {
    if (!target.matches?.("#jobs .song__tick input")) return;
    const here = boxes();
    const [from, to] = [here.indexOf(last), here.indexOf(target)].sort((a, b) => a - b);
    set(shiftKey && from >= 0 ? here.slice(from, to + 1) : [target], target.checked);
    last = target;
  });

  document.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape") return;
    const menu = target.closest?.("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (!target.matches("input:not([type=checkbox])")) set(boxes(), false);
  });

  onDrag({
    rows: () => [...document.querySelectorAll("#jobs [data-song]")],
    targets: [...document.querySelectorAll("[data-set-list]")],
    drop(row, target) {
      const own = row.querySelector(".song__tick input");
      // A row that is not selected is dragged alone.
      if (!own.checked) set(boxes(), false);
      set([own], true);
      bar.elements.set_list.value = target.dataset.setList;
      bar.requestSubmit(bar.querySelector("[data-add-to-set-list]"));
    },
  });

  // A list that keeps itself up to date replaces its rows; what was unfolded stays so.
  let open = [];
  document.addEventListener("htmx:beforeSwap", () => {
    open = [...document.querySelectorAll("#jobs details[open]")].map(({ id }) => id);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    show();
  });
  show();
}

for (const hint of document.querySelectorAll("[data-needs-script]")) hint.hidden = false;

// One menu at a time, as in other programs.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(target)) menu.open = false;
});
