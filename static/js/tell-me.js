// "Tell me when it is done": a notification of the browser, asked for by a click and shown once.
import { Wish } from "./wish.js";

let box;
let button;
let said;
// Of this tab and this page: it outlives the loading anew that ends the waiting.
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
    // One tag: of two tabs of this page only one notification stays.
    const notification = new Notification(title, { body: `Done: ${result}`, tag: wish.key });
    notification.addEventListener("click", () => window.focus());
  } catch {
    // Chromium on phones has the class and refuses to make one from a page.
    say("It is done. This browser shows no notifications of pages.");
  }
}

// Once for each content of the page: it may change from waiting to the result without being loaded anew.
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
