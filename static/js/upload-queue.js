// The order of a round of uploads: the next song, the end of the round, and the page after it.
import { translate } from "./language.js";

const AT_ONCE = 3;

export function count(songs, ...states) {
  return songs.filter(({ state }) => states.includes(state)).length;
}

// The next song to send, unless too many are being sent.
export function next(songs) {
  if (count(songs, "sending") >= AT_ONCE) return undefined;
  return songs.find(({ state }) => state === "waiting");
}

// A paused upload waits for the person; a lost one resumes by itself.
export function isOver(songs) {
  return count(songs, "sending", "cancelling", "waiting", "lost") === 0;
}

// The page that shows the songs of the round, or null while the list of uploads needs attention.
export function pageOf(songs, history) {
  if (songs.length === 0 || count(songs, "done") < songs.length) return null;
  if (songs.length === 1) return songs[0].url;
  return songs.find(({ addresses }) => addresses?.batch)?.addresses.batch || history;
}

export function sentence(songs) {
  const sent = count(songs, "done");
  const others = songs.length - sent;
  if (!sent) return "";
  return others
    ? translate("%(sent)s in the queue, %(others)s not.", { sent, others })
    : translate("%(sent)s in the queue.", { sent });
}
