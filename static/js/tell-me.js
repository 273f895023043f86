// "Tell me when it is done": a notification of the browser, asked for by a click and shown once.
import { Wish } from "./wish.js";

let box;
let button;
let said;
// Stored for this tab and this page, as it must survive the reload at the end of the job.
const wish = new Wish(sessionStorage, `tell-me ${location.pathname}`);

const canTell = () => "Notification" in window && window.isSecureContext;

function show() {
  button.setAttribute("aria-pressed", String(wish.isMade));
  button.textContent = wish.isMade ? "You will be told when it is done" : "Tell me when it is done";
}

function say(sentence) {
  said.textContent = sentence;
}

async function turn() {
  if (wish.isMade) {
    wish.drop();
    say("");
  } else if ((await Notification.requestPermission()) === "granted") {
    wish.make();
    say("Keep this page open, in the background if you like.");
  } else {
    say(
      "Your browser blocks notifications of this site. They can be allowed in its settings for the site.",
    );
  }
  show();
}

function tell() {
  if (!wish.take()) return;
  const { title, result } = box.dataset;
  try {
    // With the same tag, two tabs of this page show only one notification.
    const notification = new Notification(title, { body: `Done: ${result}`, tag: wish.key });
    notification.addEventListener("click", () => window.focus());
  } catch {
    // Chromium on phones has the class, but a page cannot create a notification.
    say("It is done. This browser shows no notifications of pages.");
  }
}

// Runs for each content of the page, which may change from waiting to the result without a reload.
export function tellMe() {
  box = document.querySelector("[data-tell-me]");
  button = box?.querySelector("[data-tell-me-button]");
  said = box?.querySelector("[data-tell-me-said]");
  if (!box || !canTell()) return;
  if (box.dataset.state === "ended") {
    tell();
  } else if (button) {
    button.hidden = false;
    button.addEventListener("click", turn);
    show();
  }
}

tellMe();
