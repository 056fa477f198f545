// Sliders and buttons say who they are. Sliders of ipywidgets show their name and value beside the handle, but tie
// neither to it, so a screen reader says "slider, 3". ipywidgets 8 draws with noUiSlider; 7 (Colab) with jQuery UI,
// whose handle has no role.

const HANDLE = '[role="slider"], .ui-slider-handle';
// JupyterLab moves to another cell by the arrow keys, unless whatever has the focus says that it needs them.
const LIST = { "data-lm-suppress-shortcuts": "true" };
const OFF = ".ui-slider-disabled, .noUi-target[disabled], .noUi-origin[disabled]";

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value); // else watching would never end
  }
}

function tell(slider) {
  const name = slider.querySelector(".widget-label")?.textContent.trim();
  const readout = slider.querySelector(".widget-readout");
  if (!name) return;
  for (const handle of slider.querySelectorAll(HANDLE)) {
    if (!handle.hasAttribute("aria-valuenow") || handle.dataset.imNamed) {
      const place = Math.round(parseFloat(handle.style.left) || 0); // per cent of the way
      set(handle, { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": place, "data-im-named": "all" });
    }
    set(handle, { role: "slider", "aria-label": name, "aria-disabled": handle.closest(OFF) !== null });
    if (readout) set(handle, { "aria-valuetext": readout.textContent.trim() });
  }
  if (readout?.isContentEditable) set(readout, { role: "textbox", "aria-label": `${name}, typed` });
}

// A picture of a padlock is no name, and a toggle that is down must say so.
function tellButton(button) {
  if (button.title && !button.textContent.trim()) set(button, { "aria-label": button.title });
  if (button.matches(".widget-toggle-button")) set(button, { "aria-pressed": button.classList.contains("mod-active") });
}

// What `interactive` prints is said aloud, as the sentences of our own panels are.
function tellAll(panel) {
  panel.querySelectorAll(".widget-slider").forEach(tell);
  panel.querySelectorAll("button.jupyter-button").forEach(tellButton);
  panel.querySelectorAll("select").forEach((list) => set(list, LIST));
  panel.querySelectorAll(".widget-output").forEach((printed) => set(printed, { "aria-live": "polite" }));
}

function render({ el }) {
  let frame = 0;
  let panel = null;
  const all = () => {
    frame = 0;
    tellAll(panel);
  };
  const watch = new MutationObserver(() => (frame ||= requestAnimationFrame(all))); // a panel changes in many places at once
  const begin = () => {
    panel = el.closest(".widget-box"); // none until the box has taken this in
    if (!panel) return (frame = requestAnimationFrame(begin));
    all();
    const what = { childList: true, characterData: true, subtree: true };
    watch.observe(panel, { ...what, attributes: true, attributeFilter: ["aria-valuetext", "class", "disabled", "style", "title"] });
  };
  begin();
  return () => {
    cancelAnimationFrame(frame);
    watch.disconnect();
  };
}

export default { render };
