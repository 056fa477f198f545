"""The player as HTML: complete in itself, without a request to anywhere, with or without a running kernel.

The HTML holds real <img> and <audio> elements, so a page whose scripts are not allowed to run (an untrusted notebook)
still shows the picture and plays the sound.  The script adds the playhead, the notes and the keys.

Taught in chapter 00, "Hear a picture".
"""

import base64
import functools
import json
import math
import pathlib
from html import escape

from .payload import HIGHEST, LOWEST, player_payload

__all__ = ["player_html"]

_HERE = pathlib.Path(__file__).parent

# What is there even where no script may run.  The notes stand as one sentence then.
_SKELETON = """\
<div class="im-player" role="group" tabindex="0" aria-label="{label}" data-key="{key}" data-im="{data}" \
style="--ratio:{ratio}" aria-keyshortcuts="Space ArrowLeft ArrowRight Home End N Shift+N">
<style>{css}</style>
<div class="im-panel im-picture"><img alt="{picture_alt}" {picture}></div>
<div role="img" aria-label="{notes_alt}"{no_notes}><div class="im-panel im-roll"></div></div>
<div class="im-panel im-spectrogram"><img alt="{spectrogram_alt}" {spectrogram}></div>
<audio class="im-sound" controls preload="auto" aria-label="Sound of {label}" {sound}></audio>
</div>"""

# What only the script can bring to life, and therefore puts in.
_CONTROLS = """\
<div class="im-tools"><button type="button" class="im-previous"{no_notes}>Previous note</button>
<button type="button" class="im-next"{no_notes}>Next note</button><span class="im-clock"></span></div>
<p class="im-note"{no_notes}></p>
<ul class="im-legend" aria-label="Parts"{no_notes}></ul>
<p class="im-help">Keys: Space plays and pauses, arrows move by 0.1 s (with Shift 1 s), Home and End jump\
<span{no_notes}>, N and Shift+N step through the notes</span>.</p>
<div class="im-live" aria-live="polite"></div>"""


@functools.cache
def _module():
    """The player's module, for notebooks."""
    return "".join((_HERE / name).read_text(encoding="utf-8") for name in ("playhead.js", "player.js"))


def _script():
    """The player's module as a plain script; what follows "export default" is for notebooks only."""
    return _module().partition("export default")[0]


@functools.cache
def _css():
    return (_HERE / "player.css").read_text(encoding="utf-8")


def _frequency_labels():
    """Marks of the spectrogram's logarithmic axis: each a text at its height, in per cent from the top."""
    span = math.log(HIGHEST / LOWEST)
    marks = ((100, "100 Hz"), (1000, "1 kHz"), (5000, "5 kHz"))
    return "".join(
        f'<span class="im-chip" aria-hidden="true" style="top:calc({100 * math.log(HIGHEST / at) / span:.1f}% - 7px)">'
        f"{text}</span>"
        for at, text in marks
    )


def skeleton(payload, *, key="", inside=True):
    """The player's elements, every text in them escaped.

    Parameters
    ----------
    payload : dict
        From `player_payload`.
    key : str
        Ties the elements to a `Player` in a running kernel; empty when there is none.
    inside : bool
        Whether picture, spectrogram and sound are in the text as data URIs; else somebody sets their `src` later.
    """
    seconds = payload["data"]["seconds"]
    sources = dict.fromkeys(("picture", "spectrogram", "sound"), "")
    if inside:
        for name, kind in zip(sources, payload["types"], strict=True):
            sources[name] = f'src="data:{kind};base64,{base64.b64encode(payload[name]).decode()}"'
    marks = "".join(f"<span>{seconds * i / 4:.3g}{' s' if i == 4 else ''}</span>" for i in range(5))
    no_notes = "" if payload["data"]["notes"] else " hidden"
    inserted = {
        "frequencies": _frequency_labels(),
        "times": f'<div class="im-axis" aria-hidden="true">{marks}</div>',
        "controls": _CONTROLS.format(no_notes=no_notes),
    }
    data = json.dumps(payload["data"] | inserted, allow_nan=False, separators=(",", ":"))
    texts = {name: escape(payload[name]) for name in ("picture_alt", "spectrogram_alt", "notes_alt")}
    return _SKELETON.format(
        label=escape(payload["title"] or "picture and music"),
        key=escape(key),
        data=escape(data),
        ratio=payload["ratio"],
        css=_css(),
        no_notes=no_notes,
        **texts,
        **sources,
    )


def payload_html(payload, *, key=""):
    """Skeleton and script together: what an output of a notebook or a web page needs."""
    start = 'document.querySelectorAll(".im-player").forEach((root) => mount(root));'
    return f"{skeleton(payload, key=key)}\n<script>(() => {{\n{_script()}\n{start}\n}})();</script>"


def player_html(piece):
    """A player of a piece as HTML that needs nothing else: no kernel, no network, no other file.

    Parameters
    ----------
    piece : Piece, or anything that has its `picture` and `sound`

    Returns
    -------
    str
        For a notebook's output (`IPython.display.HTML`), a page of the book, or a file of one's own.

    Notes
    -----
    Taught in chapter 00, "Hear a picture".
    """
    return payload_html(player_payload(piece))
