// The page of a running job: htmx fetches its progress; this script updates the title and a screen reader,
// and opens the mixer as soon as there are stems to play.
import { Early } from "./early.js";
import { Original } from "./original.js";
import { tellMe } from "./tell-me.js";

const region = document.querySelector("#progress");
const announce = document.querySelector("[data-announce]");
const name = document.title;
const early = new Early(document.querySelector("[data-early]"));
const original = new Original(document.querySelector("[data-original]"));
let said = "";
let arriving = false;

async function listen() {
  if (await early.open()) announce.textContent = "The stems can be played now.";
}

function tell() {
  const card = region.querySelector("[data-percent]");
  if (!card) return;
  const { percent, stage } = card.dataset;
  document.title = `${percent} % – ${name}`;
  if ("playable" in card.dataset) listen();
  // Every figure would keep a screen reader talking; each tenth is enough.
  const sentence = `${stage}, ${Math.floor(Number(percent) / 10) * 10} per cent`;
  if (sentence !== said) announce.textContent = said = sentence;
}

// A reload would stop the music.
async function arrive() {
  if (arriving) return;
  arriving = true;
  if (await early.arrive().catch(() => false)) tellMe();
  else location.reload();
}

region.addEventListener("htmx:beforeOnLoad", (event) => {
  if (!event.detail.xhr.getResponseHeader("HX-Refresh")) return;
  if (original.isPlaying) {
    event.preventDefault();
    original.offerResult();
    return;
  }
  if (!early.isOpen) return;
  event.preventDefault();
  arrive();
});
region.addEventListener("htmx:afterSwap", tell);
region.addEventListener("htmx:responseError", ({ detail }) => {
  // The job was deleted in another window. Other errors are ignored, as the next poll follows.
  if (detail.xhr.status === 404) location.reload();
});
tell();
