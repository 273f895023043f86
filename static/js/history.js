// A box that selects every song of the page; it needs this script.

const label = document.getElementById("tick-all");

if (label) {
  const all = label.querySelector("input");
  label.hidden = false;
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll("#jobs .jobs__tick input"))
      box.checked = all.checked;
  });
}
