// The progress of an upload in words, and its next state after each answer of the server.
import { decimal, translate } from "./language.js";

// Statuses that concern the network or the server, not the file: the upload resumes when they are over.
const PASSING = [0, 408, 409, 423, 502, 503, 504];

export function size(bytes) {
  const kilobytes = Math.ceil(bytes / 1e3);
  return kilobytes < 1000 ? `${kilobytes} kB` : `${decimal(bytes / 1e6, 1)} MB`;
}

// Whole per cent, 100 only when nothing is left.
export function percentOf(sent, total) {
  return total > 0 ? Math.floor((100 * sent) / total) : 0;
}

// Why a request failed: the status of its answer, 0 without an answer, and the server's sentence.
export class Refusal extends Error {
  constructor({ status, code, detail }) {
    super(detail);
    Object.assign(this, { status, code, detail });
  }
}

// The server's sentence about a refused request; pages of proxies are ignored.
export function refusal(status, text) {
  const told = parsed(text);
  if (typeof told?.detail === "string") return new Refusal({ ...told, status });
  const detail =
    status === 403
      ? translate("This page is out of date. Load it again, then choose the song once more.")
      : translate("The server answered with status %(status)s. Try again in a moment.", { status });
  return new Refusal({ status, detail });
}

// The object of a JSON text; null where it is none.
export function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

export function passes({ status, code }) {
  return PASSING.includes(status) || code === "throttled";
}

// Whether the same file may be accepted at another time.
export function canBeSentAgain({ status }) {
  return status === 429 || status >= 500;
}
