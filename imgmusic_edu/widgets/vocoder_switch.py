"""One sound through every vocoder: switch while it plays, and see where each copy is too loud or too soft.

What has been rendered is HTML with a short script, so it plays and switches without a kernel, too; where no script may
run, every copy has a player of its own.

Taught in chapter 09.
"""

import base64
import io
import json
import time
from html import escape

import ipywidgets
import numpy as np

from .. import vocoders
from ..audio_features.inverses import log_spectral_distance, spectral_convergence
from ..audio_features.transforms import HOP_LENGTH, N_MELS, log_mel, stft
from ..evaluation.vocoding import mel_difference
from ..sounds import SAMPLE_RATE, Sound
from .controls import Answering, sound_choice
from .markup import block, bundle, image, table, told

__all__ = ["VocoderSwitch", "compute", "render", "summary", "vocoder_switch"]

#: What each vocoder is called.
TITLES = {
    "griffin_lim": "Griffin-Lim, 32 rounds",
    "fast_griffin_lim": "Fast Griffin-Lim, 32 rounds",
    "pghi": "Heap integration (PGHI)",
    "neural": "Neural vocoder of the course",
    "hifigan": "HiFi-GAN",
}
RANGE = 20.0  # dB: so much too loud or too soft has the full colour
COLUMNS = 400  # of a difference spectrogram: finer cannot be seen
WARM_UP = 32  # frames: what a vocoder compiles or opens at its first call is not its cost


def compute(parameters):
    """A sound's mel bands through every vocoder, and how near each copy is.

    Parameters
    ----------
    parameters : dict
        "sound": Sound at the course's rate; "own": mapping of titles to vocoders of the learner's own, perhaps empty;
        "notice", optional: callable, told the title of each vocoder before it runs.

    Returns
    -------
    dict
        "copies": list of dicts, the original first, each with "title", "sound", "difference" (np.ndarray, shape
        (frames, bands), dB, positive where the copy is louder), "lsd" (dB), "sc" (ratio), "mel" (dB) and "rtf"
        (processor seconds a second of sound; NaN for the original); "left_out": sentences on vocoders that are not
        installed; and the parameters.

    Raises
    ------
    ValueError
        Another sample rate; otherwise as the vocoders do.

    Notes
    -----
    Taught in chapter 09.
    """
    sound, notice = parameters["sound"], parameters.get("notice") or (lambda title: None)
    if sound.sample_rate != SAMPLE_RATE:
        raise ValueError(
            f"The vocoders work at {SAMPLE_RATE} Hz, but this sound has {sound.sample_rate}: open it again."
        )
    samples = np.pad(sound.samples, (0, -len(sound.samples) % HOP_LENGTH))
    levels = log_mel(samples)  # (frames, bands)
    ways, left_out = _available(parameters["own"])
    copies = [_compared(sound.title, samples, samples, levels, np.nan)]
    for title, way in ways.items():
        notice(title)
        way(levels[:WARM_UP])
        began = time.process_time()
        made = way(levels).samples
        rtf = (time.process_time() - began) * SAMPLE_RATE / len(samples)
        copies.append(_compared(title, made, samples, levels, rtf))
    return parameters | {"copies": copies, "left_out": left_out}


def _available(own):
    """Vocoders by their titles, the learner's own last; and sentences on those that are not installed."""
    ways, left_out = {}, []
    for name in vocoders.NAMES:
        try:
            ways[TITLES.get(name, name)] = vocoders.get(name)
        except ImportError as problem:
            left_out.append(str(problem))
    return ways | dict(own), left_out


def _compared(title, made, samples, levels, rtf):
    """A copy, made as long as the original, and its measures."""
    made = np.pad(made, (0, max(0, len(samples) - len(made))))[: len(samples)]
    there, here = np.abs(stft(samples)), np.abs(stft(made))
    difference = mel_difference(levels, log_mel(made))
    return {
        "title": title,
        "sound": Sound(made, title=title),
        "difference": difference,
        "lsd": log_spectral_distance(there, here),
        "sc": spectral_convergence(there, here),
        "mel": float(np.abs(difference).mean()),
        "rtf": float(rtf),
    }


# ---- in words --------------------------------------------------------------------------------------------------------


def described(copy):
    """One copy in a sentence."""
    if np.isnan(copy["rtf"]):
        return f"{copy['title']}: the original."
    balance = float(copy["difference"].mean())
    way = "as loud as the original" if abs(balance) < 0.05 else f"{abs(balance):.1f} dB too {_way(balance)}"
    return (
        f"{copy['title']}: spectral convergence {copy['sc']:.3f}, log-spectral distance {copy['lsd']:.1f} dB, mel "
        f"bands off by {copy['mel']:.1f} dB and on average {way}; "
        f"{copy['rtf']:.3f} s of the processor for a second of sound."
    )


def _way(balance):
    return "loud" if balance > 0 else "soft"


def summary(result):
    """Who is nearest and who is quickest, in words."""
    original, *copies = result["copies"]
    if not copies:
        return "There is no vocoder to compare."
    nearest, quickest = (min(copies, key=lambda copy: copy[key]) for key in ("sc", "rtf"))
    words = [
        f"{original['title']} came back from {N_MELS} mel bands in {len(copies)} ways.",
        f"Nearest in spectral convergence is {nearest['title']} ({nearest['sc']:.3f}),",
        f"least work has {quickest['title']} ({quickest['rtf']:.3f} s a second of sound).",
        *(f"Left out: {sentence}" for sentence in result["left_out"]),
    ]
    return " ".join(words)


# ---- drawn -----------------------------------------------------------------------------------------------------------

# Blue where the copy is too soft, white where it is right, orange where it is too loud: told apart by everybody.
_SOFT, _RIGHT, _LOUD = (5, 48, 97), (247, 247, 247), (127, 59, 8)
_SHADES = 33

_STYLE = """\
.im-switch { font: 13px/1.45 system-ui, sans-serif; color: var(--jp-ui-font-color1, var(--vscode-foreground, inherit)) }
.im-switch fieldset { border: 1px solid currentColor; border-radius: 4px; margin: 0 0 6px; padding: 4px 10px }
.im-switch button { margin: 2px 4px 2px 0; padding: 2px 9px; border: 1px solid currentColor; border-radius: 4px;
  background: transparent; color: inherit; font: inherit; cursor: pointer }
.im-switch button[aria-pressed=true] { font-weight: bold; border-width: 3px; padding: 0 7px }
.im-switch figure { margin: 0 0 8px }
.im-switch audio { width: 100%; max-width: 480px; height: 36px }
.im-switch [hidden] { display: none }"""

# Runs when the last style of the page has been read: that also happens where an ipywidgets.HTML is filled, in which a
# <script> would stay dead. It takes the copies' own players away but one, and lets the buttons choose it.
_SCRIPT = """\
const root = this.closest('.im-switch');
if (!root.dataset.ready) {
  root.dataset.ready = 'yes';
  const copies = [...root.querySelectorAll('figure')], sounds = copies.map((copy) => copy.querySelector('audio'));
  const choices = [...root.querySelectorAll('fieldset button')], live = root.querySelector('.im-live');
  const words = JSON.parse(root.dataset.words);
  let now = 0;
  const show = () => copies.forEach((copy, i) => {
    copy.hidden = i !== now;
    choices[i].setAttribute('aria-pressed', String(i === now));
  });
  const choose = (next) => {
    const [old, sound] = [sounds[now], sounds[next]];
    const playing = !old.paused && !old.ended;
    now = next;
    sound.currentTime = Math.min(old.currentTime, sound.duration || old.currentTime);
    sound.volume = old.volume;
    if (playing) sound.play().catch(() => { live.textContent = 'The browser did not start the sound. Press play.'; });
    old.pause();
    show();
    live.textContent = words[next];
  };
  choices.forEach((choice, i) => choice.addEventListener('click', () => { if (i !== now) choose(i); }));
  root.querySelector('fieldset').hidden = false;
  show();
}"""


def render(result):
    """All copies under one row of buttons, each with its player and its difference spectrogram; a table below.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    copies = result["copies"]
    # Buttons, not radio buttons: JupyterLab takes the arrow keys that those are chosen with.
    buttons = "".join(
        f'<button type="button" aria-pressed="{"false" if n else "true"}">{escape(copy["title"])}</button>'
        for n, copy in enumerate(copies)
    )
    words = escape(json.dumps([described(copy) for copy in copies]))
    return block(
        f'<div class="im-switch" role="group" aria-label="The same sound from every vocoder" data-words="{words}">'
        f"<style>{_STYLE}</style>"
        f"<fieldset hidden><legend>Which one sounds? Switch while it plays.</legend>{buttons}</fieldset>"
        f"{''.join(_figure(copy) for copy in copies)}"
        f'<div class="im-live" role="status"></div>{_meters(copies)}'
        f'<style onload="{escape(_SCRIPT)}">.im-switch .im-live {{ min-height: 1.5em }}</style></div>'
    )


def _figure(copy):
    """A player and, for a copy, the picture of where it is off."""
    title = escape(copy["title"])
    drawn = "" if np.isnan(copy["rtf"]) else image(_encoded(copy["difference"]), _alt(copy), style="height: 110px")
    source = _source(copy["sound"])
    return (
        f"<figure><figcaption>{title}</figcaption>"
        f'<audio controls preload="auto" aria-label="{title}" src="{source}"></audio>{drawn}</figure>'
    )


def _source(sound):
    """The sound as a data address, from the player that it would show of itself."""
    return sound._repr_html_().partition('src="')[2].partition('"')[0]


def _alt(copy):
    """What the picture of a difference shows, in words."""
    difference = copy["difference"]
    thirds = [float(part.mean()) for part in np.array_split(difference, 3, axis=1)]
    places = zip(("low", "middle", "high"), thirds, strict=True)
    told_of = ", ".join(f"{value:+.1f} dB in the {name} bands" for name, value in places)
    share = float((np.abs(difference) > 3).mean())
    return (
        f"Difference of {copy['title']} from the original, {copy['sound'].seconds:.1f} s to the right, {N_MELS} mel "
        f"bands upwards; orange is too loud, blue too soft, {RANGE:.0f} dB the full colour. On average {told_of}; "
        f"{100 * share:.0f} % of it is off by more than 3 dB."
    )


def _encoded(difference):
    """A difference (frames, bands) in dB as the address of a PNG, blue to white to orange."""
    from PIL import Image

    n = min(COLUMNS, len(difference))
    firsts = np.arange(n) * len(difference) // n
    counts = np.diff(np.append(firsts, len(difference)))[:, None]
    mean = np.add.reduceat(difference, firsts, axis=0) / counts  # (columns, bands)
    shades = np.round((np.clip(mean / RANGE, -1, 1) + 1) / 2 * (_SHADES - 1)).astype(np.uint8)
    drawn = Image.fromarray(np.ascontiguousarray(shades.T[::-1]))
    drawn.putpalette(_palette().tobytes())
    buffer = io.BytesIO()
    drawn.save(buffer, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _palette():
    at = np.linspace(-1, 1, _SHADES)
    channels = zip(_SOFT, _RIGHT, _LOUD, strict=True)
    return np.stack([np.interp(at, (-1, 0, 1), three) for three in channels], axis=1).round().astype(np.uint8)


def _meters(copies):
    heads = ("LSD", "SC", "mel", "cost")  # short, for a telephone
    rows = [
        (copy["title"], *(f"{copy[key]:.{digits}f}" for key, digits in _SHOWN.items()))
        for copy in copies
        if not np.isnan(copy["rtf"])
    ]
    caption = "How near (LSD and mel in dB) and at what cost (processor seconds a second of sound); lower is better"
    return table(caption, heads, rows)


_SHOWN = {"lsd": 2, "sc": 3, "mel": 2, "rtf": 3}  # measures and their digits


# ---- the panel -------------------------------------------------------------------------------------------------------


class VocoderSwitch(Answering):
    """A sound, a button, and all its copies under one switch; `vocoder_switch` is the way to one.

    Parameters
    ----------
    sound : Sound, optional
        Given one, the copies are made at once; else when the button is pressed.
    own : mapping of str to callable, optional
        Vocoders of the learner's own by their titles.

    Attributes
    ----------
    result : dict or None
        From `compute`; None until the copies have been made for the sound as it is chosen.
    error : Exception or None
        What went wrong last, also shown as a sentence; None if nothing did.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, sound=None, *, own=None):
        self.own = dict(own or {})
        self.sound = sound_choice(self._moved, sound)
        self.button = ipywidgets.Button(description="Hear every vocoder", button_style="primary", icon="music")
        self.progress = ipywidgets.IntProgress(
            min=0, max=len(vocoders.NAMES) + len(self.own), layout=ipywidgets.Layout(display="none")
        )
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        super().__init__([self.sound, ipywidgets.HBox([self.button, self.progress]), self.words, self.drawing])
        self.button.on_click(lambda _: self._try(self.hear))
        self.update()
        if sound is not None:
            self._try(self.hear)

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        return {"sound": self.sound.chosen, "own": self.own}

    def update(self):
        """Say what the button will do; what could be heard belongs to another sound, and goes."""
        self._result, self.drawing.value = None, ""
        self.words.value = told(f"{self.sound.list.label}: press the button to hear it from every vocoder.")

    def hear(self):
        """Make the copies and show them; what goes wrong is raised."""
        self._settle()
        self.button.disabled, self.progress.value, self.progress.layout.display = True, 0, ""
        try:
            result = compute(self.parameters | {"notice": self._begin})
            self._result, self.drawing.value = result, render(result)
            self.words.value = told(summary(result))
        finally:
            self.button.disabled, self.progress.layout.display = False, "none"

    def _begin(self, title):
        self.progress.value += 1
        self.words.value = told(f"{title} is at work.")

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel what it showed when the cell was run."""
        return bundle(self, f"<VocoderSwitch of {self.sound.list.label}>", f"{self.words.value}{self.drawing.value}")


def vocoder_switch(sound=None, *, own=None):
    """The same sound through every vocoder: switch while it plays, see the difference, read the meters.

    Parameters
    ----------
    sound : Sound, optional
        Chosen at the start, cut to 15 s, at the head of the list of shipped scores.
    own : mapping of str to callable, optional
        Vocoders of one's own (log-mel in, Sound out) by their titles.

    Returns
    -------
    VocoderSwitch

    Notes
    -----
    Taught in chapter 09.
    """
    return VocoderSwitch(sound, own=own)
