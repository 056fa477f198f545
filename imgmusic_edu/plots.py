"""Figures that come with words: `show`, and the plots that chapters share.

Each plot returns a figure and its alternative text, computed from what is drawn::

    figure, alt = plots.piano_roll(piece.score)
    plots.show(figure, alt=alt)

Figures made with ``plt.subplots`` are shown the same way; `style` gives them the colours used here.
"""

from __future__ import annotations

import base64
import html
import io
import math
import os
import sys

import numpy as np

from . import access, tables
from .access import SHORTEST_ALT
from .scores import pitch_name

__all__ = ["COLOURS", "STYLE", "piano_roll", "picture_columns", "show", "spectrogram", "style"]

LARGE = 150_000  # letters of a data address: more would let a chapter with its pictures grow too large to open at ease

#: At least 4.5:1 against white, and at least 30 CIE units from each other for the three kinds of colour blindness too.
COLOURS = ("#0064af", "#e12800", "#000032", "#9600fa", "#4b0000")

#: For matplotlib: these colours, each with a line of its own, and sober axes.
STYLE: dict = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "#d9d9d9",
    "image.cmap": "magma",
    "svg.hashsalt": "imgmusic_edu",  # the same figure gives the same bytes
}

COLUMN_UNITS = {"lightness": "L*", "chroma": "C*", "warmth": "C*", "contrast": "L*"}  # all others are shares, 0 to 1


def style():
    """A context that gives new figures the course's colours: ``with plots.style(): figure, axes = plt.subplots()``.

    Taught in chapter 00, section "Why does it sound like this?".
    """
    import matplotlib
    from cycler import cycler

    lines = cycler(color=COLOURS) + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))])
    return matplotlib.rc_context(STYLE | {"axes.prop_cycle": lines})


class _Shown:
    """A figure as it goes into the page: HTML where there is a page, the words where there is none."""

    def __init__(self, source, alt, numbers):
        self.source, self.alt, self.numbers = source, alt, numbers

    def _repr_html_(self):
        alt = html.escape(" ".join(self.alt.split()))
        drawn = f'<img alt="{alt}" src="{self.source}" style="max-width: 100%">'
        return f'<figure style="margin: 0">{drawn}{self.numbers}</figure>'

    def __repr__(self):
        return f"Figure: {self.alt}"


def show(figure, *, alt):
    """Show a figure together with what there is to see in it, and its numbers as a table that unfolds.

    The figure is drawn as SVG or PNG, whichever is smaller (as JPEG if both are large: a photograph), and closed, so
    that the notebook does not draw it again.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt : str
        What there is to see, in at least 20 letters; computed from the data where it can be.

    Raises
    ------
    ValueError
        The text is missing or too short to say anything. Where IMGMUSIC_STRICT=1 is set, as in the tests, also where
        `access.faults` finds anything that would keep people from reading the figure.
    TypeError
        Not a figure.

    Notes
    -----
    The text travels in the HTML itself, because notebooks drop the one of a bare image.
    Taught in chapter 00.
    """
    from IPython.display import display
    from matplotlib.figure import Figure

    if not isinstance(figure, Figure):
        raise TypeError(
            f"show() takes a matplotlib figure (axes have one: axes.figure), not a {type(figure).__name__}."
        )
    if not isinstance(alt, str) or len(alt.strip()) < SHORTEST_ALT:
        raise ValueError(
            f"A figure needs words that say what there is to see, at least {SHORTEST_ALT} letters; alt is {alt!r}."
        )
    if os.environ.get("IMGMUSIC_STRICT") == "1" and (faults := access.faults(figure, alt)):
        raise ValueError("This figure cannot be read by everyone. " + " ".join(faults))
    source, numbers = _data_address(figure), tables.numbers(figure)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)
    display(_Shown(source, alt.strip(), numbers))


def _data_address(figure):
    drawn = min(
        _drawn(figure, "png", "image/png", metadata={"Software": None}),
        _drawn(figure, "svg", "image/svg+xml", metadata={"Date": None}),
        key=len,
    )
    return drawn if len(drawn) <= LARGE else _drawn(figure, "jpg", "image/jpeg", pil_kwargs={"quality": 88})


def _drawn(figure, kind, mime, **options):
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": STYLE["svg.hashsalt"]}):
        figure.savefig(buffer, format=kind, dpi=110, bbox_inches="tight", **options)
    return f"data:{mime};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _subplots(*args, size, **options):
    """Figure and axes without pyplot: nothing has to be closed, nothing is drawn twice."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(*args, **options)


# --- plots of the course ----------------------------------------------------------------------------------------------


def picture_columns(picture, features, *, names=("lightness", "warmth", "skyline")):
    """The picture, and below it what its columns hold from left to right.

    Parameters
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    features : visual_features.VisualFeatures
    names : sequence of str
        Keys of ``features.columns``.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str

    Raises
    ------
    ValueError
        A name that the columns do not have; the message lists those they have.

    Notes
    -----
    Taught in chapter 10.
    """
    for name in names:
        if name not in features.columns:
            raise ValueError(f"There is no column feature {name!r}; there are {', '.join(features.columns)}.")
    with style():
        tall = float(np.clip(5.0 * picture.shape[0] / picture.shape[1], 1.0, 6.0))  # inches: the axes are about 5 wide
        ratios = [tall, *[0.8] * len(names)]
        size = (6.0, tall + 0.7 + 1.0 * len(names))
        figure, axes = _subplots(len(names) + 1, size=size, sharex=True, height_ratios=ratios)
        axes[0].imshow(picture, extent=(0, 100, 0, 1), aspect="auto")
        axes[0].set(yticks=[], title="The picture")
        axes[0].grid(False)
        for name, place in zip(names, axes[1:], strict=True):
            values = features.columns[name]
            place.plot((np.arange(len(values)) + 0.5) * 100 / len(values), values)
            place.set(ylabel=f"{name}\n({_unit(name)})")
        axes[-1].set(xlabel="place (% of the width)", xlim=(0, 100))
    words = [_course(name, features.columns[name]) for name in names]
    return figure, "A picture and, below it, its columns from left to right. " + " ".join(words)


def _unit(name):
    return COLUMN_UNITS.get(name, "share")


def _course(name, values):
    """How a curve runs, in a sentence."""
    unit = f" {COLUMN_UNITS[name]}" if name in COLUMN_UNITS else ""
    thirds = [float(part.mean()) for part in np.array_split(values, 3)]
    swing = float(np.ptp(values))
    rise = thirds[2] - thirds[0]
    way = "stays about level" if abs(rise) <= 0.15 * swing else "rises" if rise > 0 else "falls"
    top, bottom = (100 * (int(place) + 0.5) / len(values) for place in (np.argmax(values), np.argmin(values)))
    return (
        f"{name.replace('_', ' ').capitalize()} {way} from {thirds[0]:.3g}{unit} in the left third "
        f"to {thirds[2]:.3g}{unit} in the right one; highest ({values.max():.3g}) at {top:.0f} % of the width, "
        f"lowest ({values.min():.3g}) at {bottom:.0f} %."
    )


def piano_roll(score):
    """Notes as bars: time to the right, pitch upwards, one colour and hatching a part; drums as ticks at the bottom.

    Parameters
    ----------
    score : scores.Score

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str

    Notes
    -----
    Taught in chapter 10.
    """
    tuned = [part for part in score.parts if not part.is_drum]
    pitches = [note.pitch for part in tuned for note in _notes(score, part)] or [60]
    low, high = min(pitches) - 3, max(pitches) + 3
    with style():
        figure, axes = _subplots(size=(8, 4))
        for n, part in enumerate(score.parts):
            notes = _notes(score, part)
            colour = COLOURS[n % len(COLOURS)]
            if part.is_drum:
                times = [score.seconds_of(note.beat) for note in notes]
                axes.plot(times, [low + 1] * len(times), "|", color=colour, label=part.name)
                continue
            bars = [(score.seconds_of(note.beat), score.seconds_of(note.beats)) for note in notes]
            axes.barh(
                [note.pitch for note in notes],
                [length for _, length in bars],
                left=[start for start, _ in bars],
                height=0.9,
                color=colour,
                edgecolor="white",
                hatch=("", "////", "....", "\\\\\\\\", "xxxx")[n % 5],
                linewidth=0.5,
                label=part.name,
            )
        octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
        axes.set(xlabel="time (s)", ylabel="pitch", xlim=(0, score.seconds), ylim=(low, high))
        axes.set_yticks(octaves, [pitch_name(pitch) for pitch in octaves])
        figure.legend(loc="outside upper center", ncols=min(len(score.parts), 5) or 1)
    words = [_part_in_words(score, part) for part in score.parts]
    title = f' of "{score.title}"' if score.title else ""
    key = f"{score.seconds:.3g} seconds at {score.tempo:.0f} beats per minute in {score.key_name}"
    return figure, f"Piano roll{title}, {key}. " + " ".join(words)


def _notes(score, part):
    return sorted((note for note in score.notes if note.part == part.name), key=lambda note: (note.beat, note.pitch))


def _part_in_words(score, part):
    notes, name = _notes(score, part), part.name.capitalize()
    if part.is_drum or not notes:
        return f"{name}: {_count(notes, 'stroke' if part.is_drum else 'note')}."
    lowest, highest = min(notes, key=lambda note: note.pitch), max(notes, key=lambda note: note.pitch)
    first, last = pitch_name(notes[0].pitch), pitch_name(notes[-1].pitch)
    return (
        f"{name}: {_count(notes, 'note')} between {pitch_name(lowest.pitch)} and {pitch_name(highest.pitch)}, "
        f"highest at {score.seconds_of(highest.beat):.1f} s; it begins on {first} and ends on {last}."
    )


def _count(things, word):
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


def spectrogram(sound, *, n_fft=2048, hop_length=512):
    """How loud each frequency is from moment to moment.

    Parameters
    ----------
    sound : sounds.Sound
    n_fft, hop_length : int
        Window (Hann) and step, in samples.

    Returns
    -------
    figure : matplotlib.figure.Figure
    alt : str

    Notes
    -----
    Decibels below the loudest point, down to -80; frequency on a logarithmic axis from 50 Hz up.
    Taught in chapter 00; what it is made of, in chapter 03.
    """
    from scipy.signal import ShortTimeFFT, get_window

    rate = sound.sample_rate
    samples = np.pad(np.asarray(sound.samples, dtype=float), (0, max(0, n_fft - len(sound.samples))))
    transform = ShortTimeFFT(get_window("hann", n_fft), hop_length, rate)
    power = np.abs(transform.stft(samples)) ** 2  # (frequencies, times)
    times, frequencies = transform.t(len(samples)), transform.f
    loudest = power.max()
    decibels = 10 * np.log10(np.maximum(power / loudest, 1e-8)) if loudest > 0 else np.full_like(power, -80.0)
    heard = frequencies >= 50
    with style():
        figure, axes = _subplots(size=(8, 3.5))
        mesh = axes.pcolormesh(
            times, frequencies[heard], decibels[heard], vmin=-80, vmax=0, shading="nearest", rasterized=True
        )
        axes.set(xlabel="time (s)", ylabel="frequency (Hz)", yscale="log", xlim=(0, len(samples) / rate))
        axes.set_ylim(50, rate / 2)
        ticks = [tick for tick in (50, 100, 200, 500, 1000, 2000, 5000, 10000) if tick < rate / 2]
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(False)
        figure.colorbar(mesh, label="level (dB below the loudest)")
    seconds = len(samples) / rate
    words = f"Spectrogram of {seconds:.3g} seconds up to {rate / 2:.0f} Hz, time to the right, brighter is louder. "
    return figure, words + _loudness_in_words(power[:, (times >= 0) & (times < seconds)], frequencies, seconds)


def _loudness_in_words(power, frequencies, seconds):
    total = power.sum()
    if not total > 0:
        return "The sound is silent."
    share = np.cumsum(power.sum(axis=1)) / total
    low, high = (_two_digits(frequencies[np.searchsorted(share, q)]) for q in (0.1, 0.9))
    frames = power.sum(axis=0)
    at = seconds * (int(np.argmax(frames)) + 0.5) / len(frames)
    early, late = (10 * math.log10(max(part.mean() / frames.max(), 1e-8)) for part in np.array_split(frames, 2))
    way = "as loud" if abs(late - early) < 2 else "louder" if late > early else "softer"
    return (
        f"Most of the energy lies between {low} and {high} Hz; it is loudest at {at:.1f} s, "
        f"and the second half is {way}{' as' if way == 'as loud' else ' than'} the first."
    )


def _two_digits(value):
    value = float(value)
    digits = 1 - math.floor(math.log10(value)) if value > 0 else 0
    return f"{round(value, digits):.0f}"
