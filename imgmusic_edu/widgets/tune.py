"""A tune whose costs can be moved: sliders for taste, and the cheapest tune there is for it.

Taught in chapter 10, section "Choosing the best tune at once".
"""

from html import escape

import ipywidgets
import numpy as np

from ..composer.search import cheapest_path
from ..plots import COLOURS
from ..scores import Note, Part, Score, pitch_name
from ..sounds import Sound
from ..synthesizer import INSTRUMENTS
from ..synthesizer import render as render_score
from .names import Names
from .upload import said

__all__ = ["TunePanel", "compute", "play", "render", "tune_panel"]

FREE = 2  # semitones: the two steps of a scale, which cost nothing
RINGS = 0.6  # seconds that a sound goes on after its last note
WIDTH, HEIGHT = 640, 220  # of the drawing, px


def play(pitches, beats=1.0, *, tempo=100.0, instrument="piano", title="Notes"):
    """Hear notes one after another.

    Parameters
    ----------
    pitches : sequence of int or of tuple of int
        MIDI numbers; a tuple is a chord.
    beats : float or sequence of float
        How long each lasts, in quarter notes.
    tempo : float
        Quarter notes per minute.
    instrument : str
        Name from `instruments.INSTRUMENTS`.
    title : str
        What it is, for its caption and for screen readers.

    Returns
    -------
    Sound

    Notes
    -----
    Taught in chapter 10, section "From notes to sound".
    """
    lengths = np.broadcast_to(np.asarray(beats, dtype=float), (len(pitches),))
    starts = np.cumsum(lengths) - lengths
    notes = tuple(
        Note(start, length, int(pitch), 80, "notes")
        for chord, start, length in zip(pitches, starts, lengths, strict=True)
        for pitch in np.atleast_1d(chord)
    )
    parts = (Part("notes", INSTRUMENTS[instrument]),)
    score = Score(notes, parts, tempo, 4, 0, "major", seconds=float(lengths.sum()) * 60 / tempo + RINGS)
    return Sound(render_score(score), title=title)


def compute(parameters):
    """The cheapest tune for given tastes.

    The cost of note s where the picture wishes for t is  skyline |s - t|;  of going from r to s it is
    leap max(|r - s| - 2, 0),  or `repeat` where s is r.

    Parameters
    ----------
    parameters : dict
        "target": np.ndarray, shape (n,), MIDI numbers (floats) that the picture wishes for; "scale": pitch classes
        that may be sung; "skyline", "leap", "repeat": costs, 0 or more.

    Returns
    -------
    dict
        "pitches": np.ndarray of int, shape (n,); "target"; "distance": mean distance from the wishes, semitones;
        "interval": mean distance from note to note, semitones; "repeats": how many notes are said twice; "cost".

    Notes
    -----
    Taught in chapter 10, section "Choosing the best tune at once".
    """
    target = np.asarray(parameters["target"], dtype=float)
    low, high = int(target.min()) - 7, int(target.max()) + 8
    notes = np.array([pitch for pitch in range(low, high) if pitch % 12 in parameters["scale"]])
    own = parameters["skyline"] * np.abs(notes[None, :] - target[:, None])  # (positions, notes)
    distance = np.abs(notes[:, None] - notes[None, :])
    step = parameters["leap"] * np.maximum(distance - FREE, 0) + parameters["repeat"] * (distance == 0)
    path = cheapest_path(own, lambda _: step)
    pitches = notes[path]
    moved = np.abs(np.diff(pitches))
    return {
        "pitches": pitches,
        "target": target,
        "distance": float(np.abs(pitches - target).mean()),
        "interval": float(moved.mean()) if len(moved) else 0.0,
        "repeats": int((moved == 0).sum()),
        "cost": float(own[np.arange(len(path)), path].sum() + step[path[:-1], path[1:]].sum()),
    }


def summary(result):
    """What there is to see and hear in a tune, in words."""
    pitches = result["pitches"]
    top = int(np.argmax(pitches))
    return (
        f"{len(pitches)} notes between {pitch_name(pitches.min())} and {pitch_name(pitches.max())}, highest at note "
        f"{top + 1}. They lie {result['distance']:.1f} semitones from the skyline and move {result['interval']:.1f} "
        f"semitones from note to note, with {result['repeats']} repeated; together they cost {result['cost']:.1f}."
    )


def render(result):
    """A tune as a drawing, the skyline's wishes as a line behind it.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML: an SVG with its words. Drawn by hand, because a slider cannot wait for a plotting library.
    """
    pitches, target = result["pitches"], result["target"]
    low, high = min(pitches.min(), target.min()) - 1.5, max(pitches.max(), target.max()) + 1.5
    wide, tall = (WIDTH - 40) / len(pitches), HEIGHT / (high - low)

    def y(pitch):
        return (high - pitch) * tall

    lines = "".join(
        f'<line x1="36" x2="{WIDTH}" y1="{y(pitch):.1f}" y2="{y(pitch):.1f}" stroke="#d9d9d9"/>'
        f'<text x="2" y="{y(pitch) + 4:.1f}" font-size="12" fill="#333">{escape(pitch_name(pitch))}</text>'
        for pitch in range(int(np.ceil(low)), int(high) + 1)
        if pitch % 12 == 0
    )
    bars = "".join(
        f'<rect x="{40 + k * wide:.1f}" y="{y(pitch + 0.5):.1f}" width="{wide * 0.9:.1f}" height="{tall:.1f}"/>'
        for k, pitch in enumerate(pitches)
    )
    points = " ".join(f"{40 + (k + 0.45) * wide:.1f},{y(wish):.1f}" for k, wish in enumerate(target))
    return (
        f'<svg role="img" aria-label="The tune as bars, the skyline as a dashed line. {escape(summary(result))}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" style="max-width: {WIDTH}px; width: 100%; background: white">'
        f'{lines}<g fill="{COLOURS[0]}">{bars}</g>'
        f'<polyline points="{points}" fill="none" stroke="{COLOURS[1]}" stroke-width="2" stroke-dasharray="6 4"/></svg>'
    )


class TunePanel(ipywidgets.VBox):
    """Three sliders, the tune they ask for, and a button to hear it; `tune_panel` is the way to one.

    Attributes
    ----------
    result : dict
        The last result of `compute`.
    error : Exception or None
        What went wrong in the last click, also shown as a sentence.
    """

    def __init__(self, target, scale, *, beats=0.5, tempo=100.0, instrument="piano"):
        self._target, self._scale = np.asarray(target, dtype=float), tuple(scale)
        self._playing = {"beats": beats, "tempo": tempo, "instrument": instrument}
        self.error = None
        self.skyline = _slider("How much the skyline matters", 0.3, highest=1.0)
        self.leap = _slider("Cost of leaps, each semitone", 0.5, highest=2.0)
        self.repeat = _slider("Cost of saying a note again", 1.0, highest=3.0)
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        self.button = ipywidgets.Button(description="Hear this tune", icon="music")
        self.sound = ipywidgets.HTML()
        sliders = (self.skyline, self.leap, self.repeat)
        super().__init__([*sliders, self.drawing, self.words, self.button, self.sound, Names()])
        for slider in sliders:
            slider.observe(self._draw, names="value")
        self.button.on_click(self._clicked)
        self._draw()

    @property
    def parameters(self):
        """What the sliders say, for `compute`."""
        costs = {name: getattr(self, name).value for name in ("skyline", "leap", "repeat")}
        return {"target": self._target, "scale": self._scale} | costs

    def hear(self):
        """Make the sound of the tune shown, and a player for it."""
        sound = play(self.result["pitches"], title="The tune of the sliders", **self._playing)
        self.sound.value = sound._repr_html_()

    def _draw(self, _=None):
        self.result = compute(self.parameters)
        self.drawing.value = render(self.result)
        self.words.value = said(summary(self.result))
        self.sound.value = ""  # what could still be heard would be another tune

    def _clicked(self, _):
        self.error = None
        try:
            self.hear()
        except Exception as error:  # a callback's traceback would be seen by nobody, so it is told here
            self.error = error
            self.sound.value = said(f"The tune could not be played ({type(error).__name__}: {error}).", kind="alert")


def _slider(description, value, *, highest):
    return ipywidgets.FloatSlider(
        description=description,
        value=value,
        min=0.0,
        max=highest,
        step=0.05,
        layout=ipywidgets.Layout(width="480px", max_width="100%"),
        style={"description_width": "220px"},
    )


def tune_panel(target, scale, *, beats=0.5, tempo=100.0, instrument="piano"):
    """A panel on which the costs of a tune are moved by sliders.

    Parameters
    ----------
    target : sequence of float
        MIDI numbers the picture wishes for, one a note.
    scale : sequence of int
        Pitch classes that may be sung.
    beats : float or sequence of float
        Length of the notes, in quarter notes.
    tempo : float
        Quarter notes per minute.
    instrument : str

    Returns
    -------
    TunePanel

    Notes
    -----
    Taught in chapter 10, section "Choosing the best tune at once".
    """
    return TunePanel(target, scale, beats=beats, tempo=tempo, instrument=instrument)
