// Pictures out of a camera or a film, for the widgets that look; their scripts come after this one.

async function snapshot(source, width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, width), Math.max(1, height)];
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.93))).arrayBuffer();
}

// What a camera sees, in a <video>; gives back what ends it. Throws where the browser gives none.
async function openCamera(video, ideal) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal } } });
  video.srcObject = stream;
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  await video.play().catch((error) => {
    close();
    throw error;
  });
  return close;
}

