// One player at a time: starting a track stops the one that plays.
const players = [...document.querySelectorAll("audio")];

for (const player of players) {
  player.addEventListener("play", () => {
    for (const other of players) if (other !== player) other.pause();
  });
}
