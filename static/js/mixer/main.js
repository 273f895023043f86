// Opens the mixer of a page that contains one.
import { openMixer } from "./mixer.js";

const root = document.querySelector("[data-mixer]");
// A page that waited for its result has opened the mixer already, and plays.
if (root && !root.mixer) openMixer(root).catch((error) => console.error(error));
