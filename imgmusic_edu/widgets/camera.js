// Pictures out of a camera or a film, for the widgets that look; their scripts come after this one.

async function snapshot(source, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, width), Math.max(1, height)];
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.93))).arrayBuffer();
}

// What a camera sees, in a <video>, until `signal` ends it, which may be while the browser still asks for permission.
// Throws where the browser gives no camera.
async function openCamera(video, ideal, signal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal } } });
  const close = () => stream.getTracks().forEach((track) => track.stop());
  if (signal.aborted) return close();
  signal.addEventListener("abort", () => {
    close();
    video.srcObject = null;
  });
  video.srcObject = stream;
  await video.play();
}

