// The songs in what was dropped, pasted or chosen: folders are walked, what is no song is counted.
export const MOST_SONGS = 500;
const MOST_LEVELS = 12;

// `accept`: the kinds of a file input, such as "audio/*,.flac".
export function isSong({ name, type }, accept) {
  const ending = name.toLowerCase();
  return accept
    .split(",")
    .some((kind) =>
      kind.endsWith("/*") ? type.startsWith(kind.slice(0, -1)) : ending.endsWith(kind),
    );
}

// Files and folders of an event. They have to be taken before the event is over.
export function taken(transfer) {
  return [...transfer.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => {
      const entry = item.webkitGetAsEntry?.();
      return entry?.isDirectory ? entry : item.getAsFile();
    })
    .filter(Boolean);
}

// `files`: those of the event itself, and the songs in its folders; `leftOut`: the number of other
// files in folders; `isCut`: whether a folder has more than are taken at a time.
export async function songsIn(things, accept) {
  const found = { files: [], leftOut: 0, isCut: false };
  for (const thing of things) {
    if (thing.isDirectory) await walk(thing, accept, found, 1);
    // A single file of a strange kind was meant: the server says what is wrong with it.
    else found.files.push(thing);
  }
  return found;
}

// As `songsIn`, for the files of a folder that was chosen in a dialogue.
export function songsOf(files, accept) {
  const found = { files: [], leftOut: 0, isCut: false };
  for (const file of files) keep(file, accept, found);
  return found;
}

function keep(file, accept, found) {
  // The systems' own files are nobody's songs.
  if (file.name.startsWith(".")) return;
  if (!isSong(file, accept)) found.leftOut += 1;
  else if (found.files.length < MOST_SONGS) found.files.push(file);
  else found.isCut = true;
}

async function walk(folder, accept, found, level) {
  for (const entry of await entriesOf(folder)) {
    if (found.isCut) return;
    if (!entry.isDirectory) await read(entry, accept, found);
    else if (level < MOST_LEVELS) await walk(entry, accept, found, level + 1);
    else found.isCut = true;
  }
}

async function read(entry, accept, found) {
  try {
    keep(await new Promise((resolve, reject) => entry.file(resolve, reject)), accept, found);
  } catch {
    found.leftOut += 1;
  }
}

// In the order of their names. A reader gives a hundred at a time, and none at the end.
async function entriesOf(folder) {
  const reader = folder.createReader();
  const entries = [];
  let more = [];
  do {
    more = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    entries.push(...more);
  } while (more.length > 0);
  return entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}
