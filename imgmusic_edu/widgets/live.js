// Music without an end: samples asked for from Python shortly before they are needed, and played one portion after the
// other without a seam; and what a camera or a film shows, sent to Python twice a second. camera.js comes before this.

const RATE = 22050;
const PORTION = 4410; // samples asked for at once
const LEAD = 0.45; // s of music that lie ready: Python may be that late
const LOOK = 500; // ms between two looks at a moving picture
const SEEN = 160; // px
const PATIENCE = 5000; // ms without an answer from Python until that is told
const LATE = "Python does not answer: it is busy, out of reach or gone. The music goes on as soon as it does.";
const ENDED = "Python does not answer: run the cell again to go on.";
const SPEAKER = `
<div class="im-take">
  <button type="button" class="im-start">Start</button>
  <label>Volume <input type="range" class="im-volume" min="0" max="1" step="0.05" value="0.8"></label>
</div>
<div class="im-take">
  <button type="button" class="im-camera">Camera</button>
  <button type="button" class="im-film">Film</button>
  <button type="button" class="im-shut" hidden>Stop looking</button>
  <input type="file" accept="video/*" hidden>
</div>
<video muted playsinline loop hidden aria-label="What steers the music"></video>
<p class="im-said" role="status"></p>
<p class="im-count"></p>`;

function renderLive({ model, el }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  el.classList.add("im-stage", "im-live");
  el.dataset.lmSuppressShortcuts = "true";
  el.innerHTML = SPEAKER;
  const find = (selector) => el.querySelector(selector);
  const on = (target, name, act) => target.addEventListener(name, act, { signal });
  const say = (text) => (find(".im-said").textContent = text);
  const { ask, arrives } = openLine(model, el, signal, PATIENCE, {
    gone: (ended) => {
      if (ended) stop();
      say(ended ? ENDED : LATE);
    },
    back: () => find(".im-said").textContent === LATE && say(""),
    lost: () => {
      asked = 0; // what was asked for does not come any more
      pull();
    },
  });

  // ---- sound
  let [context, volume, next, asked] = [null, null, 0, 0];
  const heard = { seconds: 0, gaps: 0, lost: 0 };
  const tell = () => {
    Object.assign(el.dataset, heard);
    const gaps = heard.gaps ? `${heard.gaps} gaps, ${heard.lost.toFixed(1)} s of silence in all` : "no gap";
    find(".im-count").textContent = `${heard.seconds.toFixed(0)} s played, ${gaps}.`;
  };
  const pull = () => {
    while (context && next - context.currentTime + (asked * PORTION) / RATE < LEAD) {
      asked += 1;
      ask({ want: "more", n: PORTION });
    }
  };
  const play = (bytes) => {
    asked = Math.max(0, asked - 1);
    if (!context) return;
    const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const buffer = context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const node = new AudioBufferSourceNode(context, { buffer });
    node.connect(volume);
    const now = context.currentTime;
    if (next < now) {
      if (heard.seconds) {
        heard.gaps += 1;
        heard.lost += now - next;
        tell();
      }
      next = now + 0.02;
    }
    node.start(next);
    node.onended = () => {
      heard.seconds += samples.length / RATE;
      tell();
      pull();
    };
    next += samples.length / RATE;
    pull();
  };
  const stop = () => {
    context?.close();
    [context, asked, next] = [null, 0, 0];
    find(".im-start").textContent = "Start";
    el.classList.remove("im-playing");
  };
  const start = async () => {
    Object.assign(heard, { seconds: 0, gaps: 0, lost: 0 });
    context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    volume = new GainNode(context, { gain: Number(find(".im-volume").value) });
    volume.connect(context.destination);
    find(".im-start").textContent = "Stop";
    el.classList.add("im-playing");
    await context.resume();
    ask({ want: "start" });
    pull();
  };
  on(find(".im-start"), "click", () => (context ? stop() : start()));
  on(find(".im-volume"), "input", (event) => {
    if (context) volume.gain.setTargetAtTime(Number(event.target.value), context.currentTime, 0.02);
  });

  // ---- a moving picture
  const [video, chooser] = [find("video"), find("input[type=file]")];
  let [looking, timer] = [null, 0]; // what ends the camera or film that was asked for last
  const look = async () => {
    if (!looking) return;
    if (!video.videoWidth || video.paused) return void (timer = setTimeout(look, LOOK));
    const scale = SEEN / Math.max(video.videoWidth, video.videoHeight);
    const seen = await snapshot(video, video.videoWidth * scale, video.videoHeight * scale);
    if (looking) ask({ want: "frame" }, seen); // else the chosen picture steers by now
  };
  const shut = () => {
    clearTimeout(timer);
    looking?.abort();
    looking = null;
    video.hidden = find(".im-shut").hidden = true;
  };
  const watch = () => {
    video.hidden = find(".im-shut").hidden = false;
    find(".im-shut").focus();
    look();
  };
  // Where something else cannot steer, the chosen picture does again.
  const steerBy = async (open, steers, fails) => {
    const looked = looking;
    shut();
    const mine = (looking = new AbortController());
    try {
      await open(mine.signal);
      if (mine !== looking) return;
      watch();
      say(steers);
    } catch (error) {
      if (mine !== looking) return;
      shut();
      if (looked) ask({ want: "picture" });
      say(fails(error));
    }
  };
  const openFilm = async (file, signal) => {
    const address = (video.src = URL.createObjectURL(file));
    signal.addEventListener("abort", () => {
      URL.revokeObjectURL(address);
      video.removeAttribute("src");
      video.load(); // else it goes on unseen
    });
    await video.play();
  };
  on(find(".im-camera"), "click", () =>
    steerBy(
      (signal) => openCamera(video, 640, signal),
      "The camera steers the music.",
      (error) => `The browser gave no camera (${error.name}): allow it for this page, or take a film.`,
    ),
  );
  on(find(".im-film"), "click", () => chooser.click());
  on(chooser, "change", () => {
    const [file] = chooser.files;
    chooser.value = "";
    if (!file) return;
    const fails = `The browser cannot play ${file.name}: take an MP4 or WebM film.`;
    steerBy((signal) => openFilm(file, signal), `${file.name} steers the music.`, () => fails);
  });
  on(find(".im-shut"), "click", () => {
    shut();
    find(".im-camera").focus();
    ask({ want: "picture" });
  });

  const arrive = (message, buffers) => {
    if (!arrives(message)) return;
    if (message.do === "samples") play(buffers[0]);
    else if (message.do === "look") {
      clearTimeout(timer); // of two that are on their way after a change from camera to film, one goes on
      timer = setTimeout(look, LOOK);
    } else if (message.do === "stop") stop();
    else if (message.do === "shut" && looking) {
      shut();
      ask({ want: "picture" }); // a look that was on its way comes before it
    }
  };
  model.on("msg:custom", arrive);
  tell();
  return () => {
    model.off("msg:custom", arrive);
    leaving.abort();
    shut();
    stop();
  };
}

export default { render: renderLive };
