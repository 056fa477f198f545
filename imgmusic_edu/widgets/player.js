// The player: a picture, its notes, its spectrogram and its sound, under one moving playhead.
//
// A page holds the HTML that page.py writes, picture and sound inside, and calls mount() on it. A live notebook has,
// besides, a small model in Python: initialize() links the two. render() is for a player inside another widget: it asks
// Python for the HTML and the bytes, so that no widget state stores the sound.

const SVG = "http://www.w3.org/2000/svg";
const NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
// Okabe and Ito's colours that stand out on the dark panel; each part also has a shape, so hue is never alone.
const COLOURS = ["#f0e442", "#56b4e9", "#e69f00", "#cc79a7", "#2fc79a", "#ff8a50"];
const SHAPES = ["solid", "hollow", "striped", "dashed", "dotted"];
const [START, LENGTH, PITCH, PART, LEFT, TOP, RIGHT, BOTTOM, FEATURE, VALUE, RULE] = Array(11).keys();
const HINT = "Play, or point at a note, to see where in the picture it comes from.";
let patterns = 0; // ids of SVG patterns must differ between the players of a page

const pitchName = (pitch) => NAMES[pitch % 12] + (Math.floor(pitch / 12) - 1);
const percent = (fraction) => `${(100 * fraction).toFixed(3)}%`;

function number(value) {
  const text = Math.abs(value) < 1 ? value.toFixed(2) : String(Number(value.toPrecision(3)));
  return text.replace(/^(-?)0\./, "$1.");
}

function make(parent, tag, attributes = {}, text = "") {
  const node = document.createElementNS(tag === "svg" ? SVG : parent.namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return parent.appendChild(node);
}

// ---- what a note says about itself
function sentence(note, data) {
  const part = data.parts[note[PART]];
  const what = part.drum ? `${part.name}, one stroke` : `${part.name} note ${pitchName(note[PITCH])}`;
  let text = `${what[0].toUpperCase()}${what.slice(1)} at ${note[START].toFixed(1)} s`;
  if (note[FEATURE] === null) return `${text}.`;
  const { words, unit } = data.features[note[FEATURE]];
  const here = note[RIGHT] - note[LEFT] < 0.9 ? " here" : "";
  text += `: ${words}${here}`;
  if (note[VALUE] !== null) text += ` ${number(note[VALUE])}${unit ? ` ${unit}` : ""}`;
  return note[RULE] === null ? `${text}.` : `${text} (rule ${data.rules[note[RULE]]}).`;
}

// ---- the notes as shapes
function paint(shape, index, drum, prefix) {
  const colour = COLOURS[index % COLOURS.length];
  const style = drum ? "solid" : SHAPES[index % SHAPES.length];
  const tiled = style === "striped" || style === "dotted";
  shape.setAttribute("fill", style === "solid" ? colour : tiled ? `url(#${prefix}-${index})` : "transparent");
  shape.setAttribute("stroke", style === "solid" ? "none" : colour);
  if (style === "dashed") shape.setAttribute("stroke-dasharray", "3 2");
}

function addPatterns(svg, parts, prefix) {
  parts.forEach((part, index) => {
    const fill = COLOURS[index % COLOURS.length];
    const box = { id: `${prefix}-${index}`, width: 4, height: 4, patternUnits: "userSpaceOnUse" };
    const tile = make(svg, "pattern", box);
    if (SHAPES[index % SHAPES.length] === "striped") make(tile, "rect", { width: 2, height: 4, fill });
    else make(tile, "circle", { cx: 2, cy: 2, r: 1.3, fill });
  });
}

function drawRoll(panel, legend, data) {
  const height = 128;
  const drums = data.parts.some((part) => part.drum) ? 16 : 0;
  const prefix = `im-pattern-${(patterns += 1)}`;
  const svg = make(panel, "svg", { width: "100%", height, "aria-hidden": "true" });
  addPatterns(svg, data.parts, prefix);
  const pitches = data.notes.filter((note) => !data.parts[note[PART]].drum).map((note) => note[PITCH]);
  const low = Math.min(...pitches, 127) - 2;
  const high = Math.max(...pitches, low + 14) + 2;
  const step = (height - drums) / (high - low);
  const y = (pitch) => (high - pitch) * step;
  for (let pitch = Math.ceil(low / 12) * 12; pitch < high; pitch += 12) {
    make(svg, "line", { x1: 0, x2: "100%", y1: y(pitch), y2: y(pitch), class: "im-octave" });
    make(panel, "span", { class: "im-chip", style: `top:${(y(pitch) - 7).toFixed(0)}px` }, pitchName(pitch));
  }
  const thick = Math.min(8, Math.max(4.5, step * 1.4));
  const shapes = data.notes.map((note) => {
    const { drum } = data.parts[note[PART]];
    const middle = drum ? height - drums + 4 + (note[PITCH] % 3) * 4 : y(note[PITCH]);
    const x = percent(note[START] / data.seconds);
    const width = percent(note[LENGTH] / data.seconds);
    const shape = drum
      ? make(svg, "circle", { cx: x, cy: middle, r: 2.2, class: "im-shape" })
      : make(svg, "rect", { x, width, y: middle - thick / 2, height: thick, rx: 1, class: "im-shape" });
    paint(shape, note[PART], drum, prefix);
    shape.middle = middle; // for finding the note under the pointer
    return shape;
  });
  data.parts.forEach((part, index) => {
    const item = make(legend, "li");
    const swatch = make(item, "svg", { width: 26, height: 12, "aria-hidden": "true" });
    const bar = { x: 3, y: 2.5, width: 20, height: 7, rx: 1 };
    const shape = part.drum ? make(swatch, "circle", { cx: 13, cy: 6, r: 3 }) : make(swatch, "rect", bar);
    paint(shape, index, part.drum, prefix);
    make(item, "span", {}, part.name);
  });
  return shapes;
}

// ---- the player
function mount(root, signal) {
  if (root.dataset.ready) return;
  root.dataset.ready = "yes";
  const data = JSON.parse(root.dataset.im);
  const find = (name) => root.querySelector(`.im-${name}`);
  const [audio, roll] = [find("sound"), find("roll")];
  const panels = [find("picture"), roll, find("spectrogram")];
  find("spectrogram").insertAdjacentHTML("beforeend", data.frequencies);
  audio.insertAdjacentHTML("beforebegin", data.times);
  audio.insertAdjacentHTML("afterend", data.controls);
  const region = make(find("picture"), "i", { class: "im-region", hidden: "" });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const { notes, seconds } = data;
  const shapes = notes.length ? drawRoll(roll, find("legend"), data) : [];
  const heads = panels.map((panel) => playhead(panel, seconds, audio, still));

  let [selected, followed] = [-1, -1]; // the note a person chose; the note of the first part that sounds
  let [told, telling, ticking] = ["", 0, 0]; // what Python knows; the timers of the next news and the next look
  let [spoken, waiting] = [0, 0]; // when the last sentence was said; the timer of the next one

  // Screen readers hear at most one sentence a second, the last one.
  const say = (text) => {
    clearTimeout(waiting);
    const speak = () => ([find("live").textContent, spoken] = [text, Date.now()]);
    waiting = setTimeout(speak, Math.max(0, spoken + 1000 - Date.now()));
  };

  const showNote = (index) => {
    shapes.forEach((shape, i) => shape.classList.toggle("im-chosen", i === index));
    const note = notes[index];
    region.hidden = !note || note[LEFT] === null;
    find("note").textContent = note ? sentence(note, data) : HINT;
    if (region.hidden) return;
    const edges = { left: note[LEFT], top: note[TOP], right: 1 - note[RIGHT], bottom: 1 - note[BOTTOM] };
    for (const [edge, fraction] of Object.entries(edges)) region.style[edge] = percent(fraction);
  };

  const state = () => [Number(audio.currentTime.toFixed(3)), !audio.paused];
  // Python hears where the sound stands, at most ten times a second.
  const tell = () => {
    telling = 0;
    const [time, playing] = state();
    told = String([time, playing]);
    const detail = { key: root.dataset.key, time, playing };
    root.dispatchEvent(new CustomEvent("im-player", { bubbles: true, detail }));
  };

  // Heads, clock and sounding notes follow the sound.
  const refresh = () => {
    const now = Math.min(audio.currentTime, seconds);
    heads.forEach((follow) => follow(now));
    find("clock").textContent = `${now.toFixed(1)} of ${seconds.toFixed(1)} s`;
    let melody = -1;
    notes.forEach((note, i) => {
      const sounds = !audio.paused && note[START] <= now && now < note[START] + note[LENGTH];
      if (sounds !== shapes[i].classList.contains("im-sounds")) shapes[i].classList.toggle("im-sounds", sounds);
      if (sounds && note[PART] === 0) melody = i;
    });
    if (melody !== -1 && melody !== followed && !still.matches) showNote(melody);
    followed = melody;
    if (String(state()) !== told && !telling) telling = setTimeout(tell, 100);
  };

  const loop = () => {
    clearTimeout(ticking);
    refresh();
    if (!audio.paused) ticking = setTimeout(loop, 50); // ms
  };
  const seek = (time) => {
    audio.currentTime = Math.max(0, Math.min(time, seconds - 0.01));
    selected = -1;
    showNote(-1);
    refresh();
  };
  const refused = () => say("The browser did not start the sound. Press play.");
  const toggle = (on = audio.paused) => (on ? audio.play().catch(refused) : audio.pause());
  const choose = (index) => {
    seek(notes[index][START]);
    selected = index;
    showNote(index);
    say(sentence(notes[index], data));
  };
  const step = (by) => {
    if (!notes.length) return;
    const next = notes.findIndex((note) => note[START] >= audio.currentTime - 0.001);
    const after = next < 0 ? notes.length : next;
    const index = selected >= 0 ? selected + by : by > 0 ? after : after - 1;
    choose(Math.max(0, Math.min(index, notes.length - 1)));
  };

  // The note under the pointer, or the nearest within 7 pixels.
  const noteAt = (event) => {
    const box = roll.getBoundingClientRect();
    const [perSecond, x] = [box.width / seconds, event.clientX - box.left];
    let [best, least] = [-1, 7];
    notes.forEach((note, i) => {
      const left = note[START] * perSecond;
      const right = data.parts[note[PART]].drum ? left : left + note[LENGTH] * perSecond;
      const away = Math.max(left - x, x - right, 0) + Math.abs(event.clientY - box.top - shapes[i].middle);
      if (away < least) [best, least] = [i, away];
    });
    return best;
  };

  for (const panel of panels) {
    panel.addEventListener("click", (event) => {
      const index = panel === roll ? noteAt(event) : -1;
      if (index >= 0) return choose(index);
      const box = panel.getBoundingClientRect();
      seek((seconds * (event.clientX - box.left)) / box.width);
      say(`${audio.currentTime.toFixed(1)} seconds.`);
    });
  }
  roll.addEventListener("pointermove", (event) => {
    const index = noteAt(event);
    if (audio.paused) showNote(index >= 0 ? index : selected);
  });
  roll.addEventListener("pointerleave", () => audio.paused && showNote(selected));

  const keys = {
    " ": () => toggle(),
    ArrowLeft: (event) => seek(audio.currentTime - (event.shiftKey ? 1 : 0.1)),
    ArrowRight: (event) => seek(audio.currentTime + (event.shiftKey ? 1 : 0.1)),
    Home: () => seek(0),
    End: () => seek(seconds),
    n: (event) => step(event.shiftKey ? -1 : 1),
  };
  root.addEventListener("keydown", (event) => {
    const act = keys[event.key] || keys[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return;
    event.stopPropagation(); // the notebook has shortcuts of its own
    if (event.target === audio || (event.target.tagName === "BUTTON" && event.key === " ")) return;
    event.preventDefault();
    act(event);
  });
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));

  const changed = () => {
    selected = -1;
    root.classList.toggle("im-playing", !audio.paused);
    say(audio.paused ? `Paused at ${audio.currentTime.toFixed(1)} seconds.` : "Playing.");
    loop();
  };
  for (const name of ["play", "pause"]) audio.addEventListener(name, changed);
  for (const name of ["seeked", "ratechange"]) audio.addEventListener(name, refresh);
  audio.addEventListener("error", () => say("This browser cannot play the sound."));
  const orders = { seek: ({ time }) => seek(time), play: () => toggle(true), pause: () => toggle(false) };
  root.addEventListener("im-do", ({ detail }) => orders[detail.do]?.(detail));
  // Two sounds at once help nobody: the player that starts last is the one that plays.
  document.addEventListener("play", (event) => event.target !== audio && audio.pause(), { capture: true, signal });
  showNote(-1);
  refresh();
}

// ---- the two ways in from Python
function initialize({ model }) {
  const key = model.get("key");
  const heard = ({ detail }) => {
    if (detail.key !== key) return;
    model.set("time", detail.time);
    model.set("playing", detail.playing);
    model.save_changes();
  };
  document.addEventListener("im-player", heard);
  model.on("msg:custom", (message) => {
    const root = message.do && document.querySelector(`.im-player[data-key="${key}"]`);
    if (root) root.dispatchEvent(new CustomEvent("im-do", { detail: message }));
  });
  return () => document.removeEventListener("im-player", heard);
}

function render({ model, el }) {
  const token = Math.random().toString(36).slice(2);
  let urls = [];
  const patience = setTimeout(() => {
    el.textContent = "The player waits for Python. If nothing happens, run its cell again.";
  }, 3000);
  const arrive = (message, buffers) => {
    if (message.token !== token) return;
    clearTimeout(patience);
    el.innerHTML = message.html;
    urls = buffers.map((bytes, i) => URL.createObjectURL(new Blob([bytes], { type: message.types[i] })));
    el.querySelectorAll("img, audio").forEach((node, i) => node.setAttribute("src", urls[i]));
    mount(el.querySelector(".im-player"));
  };
  model.on("msg:custom", arrive);
  model.send({ want: "player", token });
  return () => {
    clearTimeout(patience);
    model.off("msg:custom", arrive);
    urls.forEach((url) => URL.revokeObjectURL(url));
  };
}

export default { initialize, render };
