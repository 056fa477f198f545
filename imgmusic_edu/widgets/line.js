// The line between a panel and Python, which may be busy, out of reach or gone; line.py answers at its other end.
//
// Every question has a number, and Python says which it has heard. As questions arrive in the order in which they were
// asked, one that is heard after another was not says that the line was dead meanwhile: a browser drops without a word
// what is sent on a line that is closing. The controls of ipywidgets then wait for ever and keep back what they are
// turned to, so they are made to say it again.

// `turns(control, state)` is called when people turn a control.
async function watchControls(model, signal, turns) {
  for (const id of model.get("beside")) {
    const control = await model.widget_manager?.get_model(id);
    const names = ["value", "index"].filter((name) => control && name in control.attributes);
    if (!names.length) continue;
    const changed = () => {
      if (control._state_lock) return; // it is Python that turns it
      turns(control, Object.fromEntries(names.map((name) => [name, control.get(name)])));
    };
    control.on("change", changed);
    signal.addEventListener("abort", () => control.off("change", changed));
  }
}

function sayAgain(control, state) {
  control.set(state); // JupyterLab has set it to what Python holds
  control._pending_msgs = 0; // the answer that it waits for does not come
  return new Promise((heard) => {
    const status = ({ content }) => content.execution_state === "idle" && heard();
    control.send_sync_message(state, { iopub: { status } });
  });
}

const panelOf = (el) => el.closest(".im-studio") || el;

// `told.gone(ended)` is called when nothing has been heard for so many ms, `told.back()` when something is again, and
// `told.lost()` when something that was said has not arrived.
function openLine(model, el, signal, patience, told) {
  const token = Math.random().toString(36).slice(2); // a widget may be on a page twice
  let [number, unheard, timer, knocking, away] = [0, [], 0, 0, false];
  const turned = new Map(); // what, to what and after which question, until Python has heard a later one
  watchControls(model, signal, (control, state) => turned.set(control, { state, after: number }));
  const hush = () => {
    clearTimeout(timer);
    clearTimeout(knocking);
    timer = 0;
  };
  const post = (content, bytes) => {
    unheard.push((number += 1));
    try {
      model.send({ ...content, token, number }, undefined, bytes);
    } catch {
      late(true);
    }
  };
  const knock = () => {
    knocking = setTimeout(knock, patience);
    post({ want: "answer" }, []);
  };
  const late = (ended) => {
    hush();
    away = true;
    told.gone(ended);
    if (!ended) knocking = setTimeout(knock, patience);
  };
  const listen = () => (timer ||= setTimeout(late, patience, false));
  const ask = (content, ...bytes) => {
    listen();
    post(content, bytes);
  };
  const mend = async (unsaid) => {
    await Promise.all(unsaid.map(([control, { state }]) => sayAgain(control, state)));
    ask({ want: "again" }); // what Python said was lost, too
    told.lost();
  };
  // Whether a message is for this place on the page.
  const arrives = (message) => {
    if (message.token && message.token !== token) return false;
    hush();
    if (away) told.back();
    away = false;
    if (message.do === "heard") {
      const lost = unheard.some((one) => one < message.number);
      unheard = unheard.filter((one) => one > message.number);
      const before = [...turned].filter(([, { after }]) => after < message.number);
      before.forEach(([control]) => turned.delete(control));
      if (lost) mend(before);
    }
    if (unheard.length) listen();
    return true;
  };
  // The controls beside this speak to Python by themselves; whether it is there is asked here.
  // One answer that is awaited is enough: a slider is moved by many keys.
  setTimeout(() => {
    const panel = panelOf(el);
    const asking = (event) => el.contains(event.target) || timer || ask({ want: "answer" });
    for (const event of ["click", "change", "keyup"]) panel.addEventListener(event, asking, { signal });
  }, 0);
  signal.addEventListener("abort", hush);
  return { ask, arrives };
}

