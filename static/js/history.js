// One box that ticks every song of the page; without this script there is none.

const label = document.getElementById("tick-all");

if (label) {
  const all = label.querySelector("input");
  label.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("#jobs .jobs__tick input"))
      box.checked = all.checked;
  });
}
