import assert from "node:assert/strict";
import { test } from "node:test";
import { isSong, MOST_SONGS, songsIn, songsOf, taken } from "../../static/js/upload-folder.js";

const ACCEPT = "audio/*,video/*,.flac";
const file = (name, type = "audio/wav") => ({ name, type });
const entry = (name, type) => ({
  name,
  isDirectory: false,
  file: (done) => done(file(name, type)),
});
// A reader gives its entries in parts, and an empty part at the end.
const folder = (name, ...entries) => ({
  name,
  isDirectory: true,
  createReader: () => {
    const left = [...entries];
    return { readEntries: (done) => done(left.splice(0, 2)) };
  },
});
const names = ({ files }) => files.map(({ name }) => name);

test("a song is told by its kind or its ending", () => {
  assert.ok(isSong(file("a", "audio/mpeg"), ACCEPT));
  assert.ok(isSong(file("A.FLAC", ""), ACCEPT));
  assert.ok(!isSong(file("cover.jpg", "image/jpeg"), ACCEPT));
});

test("folders in folders are walked in the order of names, and other files counted", async () => {
  const album = folder(
    "Album",
    entry("10.wav"),
    entry("2.wav"),
    entry("cover.jpg", "image/jpeg"),
    folder("CD 3", entry("1.wav"), entry(".DS_Store", ""), entry("notes.txt", "text/plain")),
  );
  const found = await songsIn([album, file("single.txt", "text/plain")], ACCEPT);
  assert.deepEqual(names(found), ["2.wav", "10.wav", "1.wav", "single.txt"]);
  assert.deepEqual([found.leftOut, found.isCut], [2, false]);
});

test("a folder without end is given up", async () => {
  const endless = folder("in itself");
  endless.createReader = () => {
    const left = [endless];
    return { readEntries: (done) => done(left.splice(0)) };
  };
  const found = await songsIn([endless], ACCEPT);
  assert.deepEqual([found.files, found.isCut], [[], true]);
});

test("more songs than can be taken at a time are cut off", () => {
  const many = Array.from({ length: MOST_SONGS + 3 }, (_, n) => file(`${n}.wav`));
  const found = songsOf(many, ACCEPT);
  assert.deepEqual([found.files.length, found.isCut], [MOST_SONGS, true]);
});

test("a file that cannot be read is left out", async () => {
  const broken = { name: "a.wav", isDirectory: false, file: (_, fail) => fail(new Error("gone")) };
  const found = await songsIn([folder("Album", broken)], ACCEPT);
  assert.deepEqual([found.files, found.leftOut], [[], 1]);
});

test("of an event, files and folders are taken, and texts are not", () => {
  const album = folder("Album");
  const song = file("a.wav");
  const items = [
    { kind: "string", getAsFile: () => null },
    { kind: "file", webkitGetAsEntry: () => album, getAsFile: () => file("Album") },
    { kind: "file", webkitGetAsEntry: () => entry("a.wav"), getAsFile: () => song },
  ];
  assert.deepEqual(taken({ items }), [album, song]);
});
