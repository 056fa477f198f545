
// The stage of the studio: the player above, a picture taken in by hand, a region of it chosen, two versions compared,
// and files handed out. stage.py puts the player's script before this one, and answers what is sent from here.

const LARGE = 6e6; // bytes of a file: a message to Python must stay below ten million
const SIDE = 2048; // px to which the browser reduces a picture that is larger
const PATIENCE = 8000; // ms without an answer from Python until that is told
const EDGES = ["Left", "Top", "Right", "Bottom"];
const GONE =
  "Python does not answer: it is busy, out of reach or gone. What is here stays, and what you turn waits. " +
  "If its kernel has ended, run the cell again.";
const AGAIN =
  "Python answers again, and has now heard what you turned. " +
  "What you pressed or opened meanwhile may have been lost: do it once more.";
const UNFIT = "No region now: its edges are 0 to 100, left before right, top above bottom.";
const STAGE = `
<div class="im-take">
  <button type="button" class="im-open">Open a picture</button>
  <button type="button" class="im-camera">Camera</button>
  <span>or drop one here, or paste it</span>
  <input type="file" accept="image/*" hidden>
</div>
<div class="im-view" hidden>
  <video muted playsinline aria-label="What the camera sees"></video>
  <button type="button" class="im-snap">Take the picture</button>
  <button type="button" class="im-shut">Close the camera</button>
</div>
<p class="im-said" role="status"></p>
<div class="im-here"></div>
<fieldset class="im-brush"><legend>Region: drag on the picture, or type (%)</legend>
  ${EDGES.map((edge) => `<label>${edge} <input type="number" min="0" max="100" step="5"></label>`).join("")}
  <button type="button" data-act="hear">Hear only this</button>
  <button type="button" data-act="grey">Grey it out</button>
  <button type="button" data-act="clear">Whole picture</button>
</fieldset>
<div class="im-compare" role="group" aria-label="Compare two versions" hidden>
  <button type="button" class="im-both">Play</button>
  <button type="button" class="im-switch">Switch to B</button>
  <span class="im-which" role="status"></span>
  <audio loop></audio><audio loop></audio>
</div>
<ul class="im-files" aria-label="Files"></ul>`;

const blob = (bytes, type) => URL.createObjectURL(new Blob([bytes], { type }));
const picture = (files) => [...(files || [])].find((file) => file.type.startsWith("image/")) || (files || [])[0];

// A file as it is if it is small enough, else reduced by the browser.
async function packed(file) {
  if (file.size <= LARGE) return file.arrayBuffer();
  const image = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  return snapshot(image, image.width * scale, image.height * scale);
}

function renderStage({ model, el }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  el.classList.add("im-stage");
  el.dataset.lmSuppressShortcuts = "true"; // in here JupyterLab's keys, such as Enter for a cell, are not its own
  el.innerHTML = STAGE;
  const find = (selector) => el.querySelector(selector);
  const on = (target, name, act, options) => target.addEventListener(name, act, { signal, ...options });
  const here = find(".im-here");
  let [shown, drawn, root] = ["", "", null];
  let swap = () => {};

  const say = (text) => (find(".im-said").textContent = text);
  const { ask, arrives } = openLine(model, el, signal, PATIENCE, {
    gone: () => say(GONE),
    back: () => find(".im-said").textContent === GONE && say(""),
    lost: () => say(AGAIN),
  });

  // ---- the piece: a new player takes the place of the old one, and goes on where that one plays
  const piece = (message, buffers) => {
    swap();
    if (buffers[1]) {
      URL.revokeObjectURL(shown);
      shown = blob(buffers[1], message.types[0]);
    }
    const sheet = document.createElement("div");
    sheet.innerHTML = message.html;
    const [next, old, focus] = [sheet.firstElementChild, root, document.activeElement];
    const [sound, before] = [next.querySelector("audio"), old?.querySelector("audio")];
    next.querySelector("img").src = shown;
    sound.src = blob(buffers[0], message.types[2]);
    next.life = new AbortController();
    mount(next, next.life.signal);
    const playing = before && !before.paused;
    const share = playing && before.duration ? before.currentTime / before.duration : 0;
    let settled = false;
    const settle = () => {
      if (settled) return;
      settled = true;
      next.hidden = false;
      if (old?.contains(focus)) (next.querySelector(`.${focus.classList[0]}`) || next).focus();
      old?.remove();
      old?.life.abort();
      if (before) URL.revokeObjectURL(before.src);
    };
    swap = settle;
    root = next;
    if (old) next.hidden = true;
    here.append(next);
    mark();
    if (!playing && !message.play) return settle();
    sound.currentTime = share * JSON.parse(next.dataset.im).seconds;
    sound.addEventListener("playing", settle, { once: true });
    sound.play().catch((error) => {
      settle();
      if (error.name === "NotAllowedError") say("The browser does not start a sound by itself here: press play.");
    });
    setTimeout(settle, 500);
  };
  const spectrogram = ({ alt }, [bytes]) => {
    const image = root?.querySelector(".im-spectrogram img");
    if (!image) return;
    URL.revokeObjectURL(drawn);
    drawn = blob(bytes, "image/png");
    Object.assign(image, { src: drawn, alt });
  };

  // ---- pictures from outside
  const take = async (file) => {
    if (!file) return say("There is no picture in this: open, drop or paste a picture.");
    say(`Reading ${file.name} ...`);
    try {
      ask({ want: "picture", name: file.name }, await packed(file));
    } catch {
      const size = `${(file.size / 1e6).toFixed(0)} MB`;
      say(`${file.name} has ${size} and the browser cannot make it smaller: save it as a JPEG of at most 6 MB.`);
    }
  };
  const chooser = find("input[type=file]");
  on(find(".im-open"), "click", () => chooser.click());
  on(chooser, "change", () => {
    take(picture(chooser.files));
    chooser.value = "";
  });
  const over = (event, inside) => {
    event.preventDefault();
    el.classList.toggle("im-over", inside);
  };
  on(el, "dragover", (event) => over(event, true));
  on(el, "dragleave", (event) => over(event, false));
  on(el, "drop", (event) => {
    over(event, false);
    take(picture(event.dataTransfer.files));
  });
  on(document, "paste", (event) => {
    // Where the keyboard is comes before where the mouse is: there may be another studio on the page.
    const elsewhere = document.activeElement?.closest(".im-studio");
    const mine = panelOf(el).contains(document.activeElement) || (!elsewhere && panelOf(el).matches(":hover"));
    if (!mine || !event.clipboardData?.files.length) return;
    event.preventDefault();
    take(picture(event.clipboardData.files));
  });

  // ---- the camera
  const video = find("video");
  let looking = null; // what ends the camera that was asked for last
  const shut = () => {
    looking?.abort();
    looking = null;
    find(".im-view").hidden = true;
  };
  on(find(".im-camera"), "click", async () => {
    shut();
    const mine = (looking = new AbortController());
    try {
      await openCamera(video, 1280, mine.signal);
      if (mine !== looking) return;
      find(".im-view").hidden = false;
      find(".im-snap").focus();
    } catch (error) {
      if (mine !== looking) return;
      shut();
      say(`The browser gave no camera (${error.name}): allow it for this page, or open a picture.`);
    }
  });
  on(find(".im-snap"), "click", async () => {
    ask({ want: "picture", name: "Camera picture" }, await snapshot(video, video.videoWidth, video.videoHeight));
    shut();
    find(".im-camera").focus();
  });
  on(find(".im-shut"), "click", () => {
    shut();
    find(".im-camera").focus();
  });

  // ---- a region: dragged, or typed
  const inputs = [...el.querySelectorAll(".im-brush input")];
  let region = null; // left, top, right, bottom in per cent
  const mark = () => {
    const panel = root?.querySelector(".im-picture");
    if (!panel) return;
    panel.querySelector(".im-brushed")?.remove();
    if (!region) return;
    const [left, top, right, bottom] = region;
    const box = make(panel, "i", { class: "im-brushed" });
    Object.assign(box.style, { left: `${left}%`, top: `${top}%`, right: `${100 - right}%`, bottom: `${100 - bottom}%` });
  };
  const choose = (edges) => {
    region = edges;
    inputs.forEach((input, i) => (input.value = edges ? Math.round(edges[i]) : ""));
    mark();
  };
  const act = (name) => {
    if (name === "clear") choose(null);
    else if (!region) return say("Choose a region first: drag on the picture, or type its four edges.");
    ask({ want: "region", act: name, region: region && region.map((edge) => edge / 100) });
  };
  on(find(".im-brush"), "click", (event) => event.target.dataset.act && act(event.target.dataset.act));
  on(find(".im-brush"), "change", () => {
    const values = inputs.map((input) => (input.value === "" ? NaN : Number(input.value)));
    const [left, top, right, bottom] = values;
    const wrong = left >= right || top >= bottom || values.some((value) => value < 0 || value > 100);
    const before = region;
    region = wrong || values.some(Number.isNaN) ? null : values;
    mark();
    if (wrong || (before && !region)) say(UNFIT); // who is still typing the first four edges need not be told
    else if (region && find(".im-said").textContent === UNFIT) say("");
  });
  on(here, "pointerdown", (event) => {
    const panel = event.target.closest?.(".im-picture");
    if (!panel || event.button) return;
    const box = panel.getBoundingClientRect();
    const place = ({ clientX, clientY }) =>
      [(clientX - box.left) / box.width, (clientY - box.top) / box.height].map((s) => 100 * Math.max(0, Math.min(1, s)));
    const [start, before] = [place(event), region];
    const dragging = new AbortController();
    let dragged = false;
    event.preventDefault(); // the browser would drag the picture itself
    root.focus();
    const move = (now) => {
      dragged ||= Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) > 6;
      if (!dragged) return;
      const end = place(now);
      choose([...start.map((s, i) => Math.min(s, end[i])), ...start.map((s, i) => Math.max(s, end[i]))]);
    };
    const stop = () => {
      dragging.abort();
      if (!dragged) return;
      // What follows a drag is no click on the player.
      window.addEventListener("click", (late) => late.stopPropagation(), { capture: true, once: true });
      setTimeout(() => window.dispatchEvent(new MouseEvent("click")), 0);
      if (region[0] < region[2] && region[1] < region[3]) act("hear");
    };
    const cancel = () => {
      dragging.abort(); // a finger began to scroll
      if (dragged) choose(before);
    };
    for (const [name, next] of Object.entries({ pointermove: move, pointerup: stop, pointercancel: cancel }))
      window.addEventListener(name, next, { signal: dragging.signal });
  });

  // ---- two versions
  const both = [...el.querySelectorAll(".im-compare audio")];
  let [names, second] = [["", ""], 0];
  const listen = () => {
    both.forEach((sound, i) => (sound.muted = i !== second));
    find(".im-switch").textContent = `Switch to ${second ? "A" : "B"}`;
    find(".im-both").textContent = both[0].paused ? "Play both" : "Pause";
    find(".im-which").textContent = `${both[0].paused ? "Next" : "Now"}: ${names[second]}`;
  };
  const compare = (message, buffers) => {
    both.forEach((sound, i) => {
      URL.revokeObjectURL(sound.src);
      sound.src = blob(buffers[i], "audio/wav");
    });
    [names, second] = [message.names, 0];
    find(".im-compare").hidden = false;
    listen();
  };
  on(find(".im-both"), "click", () => {
    const start = both[0].paused;
    both.forEach((sound) => (start ? sound.play() : sound.pause()));
  });
  on(find(".im-switch"), "click", () => {
    second = 1 - second;
    both[second].currentTime = both[1 - second].currentTime % (both[second].duration || 1);
    listen();
  });
  for (const name of ["play", "pause"]) on(both[0], name, listen);
  on(document, "play", (event) => both.includes(event.target) || both.forEach((sound) => sound.pause()), { capture: true });

  // ---- files
  const file = ({ name, type }, [bytes]) => {
    const list = find(".im-files");
    for (const old of [...list.children].filter((item) => item.dataset.name === name)) {
      URL.revokeObjectURL(old.firstElementChild.href);
      old.remove();
    }
    const link = make(make(list, "li", { "data-name": name }), "a", { download: name, href: blob(bytes, type) }, name);
    link.click();
    say(`${name} is ready (${(bytes.byteLength / 1000).toFixed(0)} kB). If nothing was saved, use its link below.`);
  };

  const orders = { piece, spectrogram, compare, file, say: ({ text }) => say(text), clear: () => choose(null) };
  const arrive = (message, buffers) => {
    if (arrives(message)) orders[message.do]?.(message, buffers);
  };
  model.on("msg:custom", arrive);
  ask({ want: "piece" });
  return () => {
    model.off("msg:custom", arrive);
    shut();
    leaving.abort();
    root?.life.abort();
    for (const node of el.querySelectorAll("audio, img, a[download]")) URL.revokeObjectURL(node.src || node.href);
  };
}

export default { render: renderStage };
