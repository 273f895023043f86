// The moving part of a running job's page: htmx fetches it, this tells the title and a screen reader.
const region = document.querySelector("#progress");
const announce = document.querySelector("[data-announce]");
const name = document.title;
let said = "";

function tell() {
  const card = region.querySelector("[data-percent]");
  if (!card) return;
  const { percent, stage } = card.dataset;
  document.title = `${percent} % – ${name}`;
  // A reader that hears every second's figure hears nothing else: each tenth is enough.
  const sentence = `${stage}, ${Math.floor(Number(percent) / 10) * 10} per cent`;
  if (sentence !== said) announce.textContent = said = sentence;
}

region.addEventListener("htmx:afterSwap", tell);
region.addEventListener("htmx:responseError", ({ detail }) => {
  // Deleted in another window; other errors pass, and the next poll shows the truth.
  if (detail.xhr.status === 404) location.reload();
});
tell();
