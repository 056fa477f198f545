// The line that crosses a panel of the player; player.js comes after this.

const APART = 30; // ms that it may be away from the sound

// Gives what holds the line to a moment of the sound. In between the browser glides it by itself; where motion is to be
// reduced (`still`), it steps twice a second instead.
function playhead(panel, seconds, audio, still) {
  const across = { transform: ["translateX(0)", "translateX(100%)"] };
  const line = make(panel, "i", { class: "im-head" }).animate(across, { duration: 1000 * seconds, fill: "both" });
  return (now) => {
    const gliding = !audio.paused && !still.matches;
    const time = still.matches && !audio.paused ? Math.floor(now * 2) / 2 : now;
    if (!gliding) line.pause();
    else if (line.playState === "paused") line.play();
    if (line.playbackRate !== audio.playbackRate) line.playbackRate = audio.playbackRate;
    if (!gliding || Math.abs(line.currentTime - 1000 * time) > APART) line.currentTime = 1000 * time;
  };
}

