// The page of a result: its tabs, one player at a time, and times that lead to their place in the mixer.
import { Tabs } from "./tabs.js";

const tabs = document.querySelector("[data-tabs]");
if (tabs) new Tabs(tabs);

// Starting a track stops the one that plays.
const players = [...document.querySelectorAll("audio")];

for (const player of players) {
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
  });
}

for (const link of document.querySelectorAll("[data-seek]")) {
  link.addEventListener("click", (event) => {
    const root = document.querySelector("[data-mixer]");
    if (!root?.mixer) return;
    event.preventDefault();
    root.mixer.engine.seek(Number(link.dataset.seek));
    root.scrollIntoView({ block: "nearest" });
  });
}
