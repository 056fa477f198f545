"""Any plot as sound: `listen(figure)` says in words what the axes are, and plays what stands between them.

What is further right comes later, and what is higher on the page sounds higher: three octaves from the lower edge of
the plot to the upper one, whatever its scale. A line is a gliding tone, a point or a bar a short one, a picture or a
map a chord for each column in which bright places are loud. Several lines of one plot come one after another, each
after as many clicks as its number. (After the auditory graphs of Mansur, Blattner & Joy 1985, J. Med. Syst. 9(3),
and what Walker & Nees 2011, "Theory of sonification", have to say of their context: range and ticks must be heard.)

Taught in chapter 14, "Hearing without seeing"; every chapter's figures can be heard.
"""

import html
from typing import NamedTuple

import numpy as np

from .drawn import categories, gathered, plots_of
from .sounds import SAMPLE_RATE, Sound

__all__ = ["Listening", "listen"]

LOWEST, OCTAVES = 165.0, 3.0  # Hz at the lower edge, and how far it goes up: what small loudspeakers play well
SECONDS, LONGEST = 4.0, 14.0  # of one line, and of a whole figure
LEVEL = 0.25
ROWS = 48  # tones of a picture
NAMED = 12  # words of an axis that are read out
NOTE, CLICK, PAUSE = 0.12, 0.06, 0.2  # s


class Heard(NamedTuple):
    """Something to be heard in a plot: what it is, its name, and its places, each 0..1 in the plot.

    Of a map, y is a table of levels 0..1, (rows upwards, columns), and x is None.
    """

    kind: str
    name: str
    x: np.ndarray | None
    y: np.ndarray


class Listening:
    """A figure to be heard: shows its text and a player.

    Attributes
    ----------
    sound : Sound
    text : str
        What is heard, in the order in which it comes.
    """

    def __init__(self, sound, text):
        self.sound, self.text = sound, text

    def __repr__(self):
        return f"{self.text}\n{self.sound!r}"

    def _repr_html_(self):
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines())
        return f'<div role="group" aria-label="A figure to be heard">{lines}{self.sound._repr_html_()}</div>'


def listen(figure, *, seconds=SECONDS):
    """A matplotlib figure as sound, with the words that a listener needs.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        With lines, points, bars or pictures in it.
    seconds : float
        For one line or map from left to right; less where a figure holds so much that it would last too long.

    Returns
    -------
    Listening

    Raises
    ------
    TypeError
        It is no figure.
    ValueError
        There is nothing in it that can be heard, or the time is not above 0.

    Notes
    -----
    Taught in chapter 14, section "A figure for the ear".
    """
    if not hasattr(figure, "axes") or not hasattr(figure, "savefig"):
        raise TypeError(f"A matplotlib figure can be listened to, but this is a {type(figure).__name__}.")
    if not 0 < seconds <= 60:
        raise ValueError(f"A line takes more than 0 and at most 60 seconds, but {seconds!r} was asked for.")
    plots = [(axes, heard) for axes, found in plots_of(figure) if (heard := _heard(axes, found))]
    n = sum(len(found) for _, found in plots)
    if not n:
        raise ValueError("There is nothing in this figure that can be heard: no line, points, bars or picture.")
    clicks = sum(len(found) * (len(found) + 1) // 2 for _, found in plots if len(found) > 1)
    seconds = min(seconds, max(0.5, (LONGEST - 2 * CLICK * clicks) / n - PAUSE))
    parts, lines = [], []
    for number, (axes, found) in enumerate(plots, 1):
        head = f"Plot {number} of {len(plots)}" if len(plots) > 1 else "The plot"
        lines.append(_words(head, axes, found, seconds))
        for place, one in enumerate(found, 1):
            parts += [_clicks(place if len(found) > 1 else 0), _played(one, seconds), np.zeros(_samples(PAUSE))]
    samples = np.concatenate(parts).astype(np.float32)
    return Listening(Sound(samples, title="The figure, heard"), "\n".join(lines))


# ---- what is in a plot -----------------------------------------------------------------------------------------------


def _heard(axes, found):
    """Everything in a plot that can be heard, places as shares of the plot."""
    heard = [_places(axes, one) for one in gathered(found)]
    return [one for one in heard if one.kind == "map" or np.isfinite(one.y + one.x).any()]


def _places(axes, one):
    if one.kind == "map":
        return Heard("map", one.name, None, _levels(axes, one))
    if one.kind == "lying" and not np.ptp(one.start):  # a list from the top down, in which longer is higher
        across, up = _shares(axes, one.x, one.y)
        return Heard("lying", one.name, 1 - up, across)
    x, y = _shares(axes, one.start if one.kind == "lying" else one.x, one.y)
    return Heard("line" if one.kind == "line" else "points", one.name, x, y)


def _shares(axes, x, y):
    """Places in a plot, 0 at its left or lower edge and 1 at the other; NaN where something is missing."""
    points = np.column_stack([x, y])
    known = np.isfinite(points)  # each coordinate by itself: where y is missing, x still says when to be silent
    with np.errstate(all="ignore"):  # a logarithmic axis has no place for 0
        places = axes.transAxes.inverted().transform(axes.transData.transform(np.where(known, points, 1.0)))
    return np.where(known, places, np.nan).T


def _levels(axes, one):
    """How bright each place of a map is, 0..1, by its places in the plot, whatever the scales; rows upwards."""
    values = np.ma.filled(np.ma.asarray(one.values, float), np.nan)
    if values.ndim == 3:
        values = values[..., :3].mean(axis=2) / (255 if np.nanmax(values) > 1 else 1)
    else:
        low, high = one.artist.get_clim()
        values = (values - low) / (high - low if high > low else 1.0)
    values = np.clip(np.nan_to_num(values), 0, 1)
    across, _ = _shares(axes, one.x, np.full(len(one.x), one.y[0]))
    _, up = _shares(axes, np.full(len(one.y), one.x[0]), one.y)
    seen = (across >= 0) & (across <= 1)
    values = values[:, seen][:, np.argsort(across[seen], kind="stable")] if seen.any() else values
    n = min(ROWS, len(values))
    return np.stack([_row(values, up, k / n, (k + 1) / n) for k in range(n)])


def _row(values, up, low, high):
    """Mean of the rows that lie between two heights; of the nearest where none does."""
    inside = (up >= low) & (up < high)
    return values[inside].mean(axis=0) if inside.any() else values[np.nanargmin(np.abs(up - (low + high) / 2))]


def _words(head, axes, found, seconds):
    """What the axes are, and what comes in which order."""
    title = f', "{axes.get_title()}"' if axes.get_title() else ""
    later, higher, way = axes.xaxis, axes.yaxis, "left to right"
    (first, last), (low, high) = axes.get_xlim(), axes.get_ylim()
    if all(one.kind == "lying" for one in found):
        later, higher, way = axes.yaxis, axes.xaxis, "top to bottom"
        (last, first), (low, high) = axes.get_ylim(), axes.get_xlim()
    top = LOWEST * 2**OCTAVES
    words = [
        f"{head}{title}. From {way}: {_called(later)}, {_listed(later, first, last)}, in {seconds:.1f} seconds.",
        f"From low to high: {_called(higher)}, {low:.4g} at {LOWEST:.0f} hertz to {high:.4g} at {top:.0f} hertz.",
    ]
    kinds = {
        "line": "a line, gliding",
        "points": "points, short tones",
        "lying": "bars, short tones, longer is higher",
        "map": "a map, bright is loud",
    }
    for place, one in enumerate(found, 1):
        clicks = "" if len(found) == 1 else f"After {place} click{'s' if place > 1 else ''}: "
        words.append(f"{clicks}{one.name + ', ' if one.name else ''}{kinds[one.kind]}.")
    return " ".join(word[0].upper() + word[1:] for word in words)


def _called(axis):
    return " ".join(axis.get_label_text().split()) or "without a name"


def _listed(axis, first, last):
    """From where to where an axis goes: its words in their order where it has few, else its ends."""
    low, high = sorted((first, last))
    words = [text for place, text in sorted(categories(axis).items()) if low <= place <= high]
    words = words if first <= last else words[::-1]
    return ", ".join(words) if 0 < len(words) <= NAMED else f"{first:.4g} to {last:.4g}"


# ---- what is played --------------------------------------------------------------------------------------------------


def _samples(seconds):
    return max(1, round(seconds * SAMPLE_RATE))


def _frequency(height):
    """Hz of a place in a plot, 0 at its lower edge and 1 at its upper one; what lies outside sounds at the edge."""
    return LOWEST * 2 ** (OCTAVES * np.clip(height, 0, 1))


def _tone(frequency, level):
    """A soft tone whose pitch and level go along; sums of a few partials carry pitch better than a bare sine."""
    phase = 2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE
    return level * sum(np.sin(k * phase) / k**2 for k in (1, 2, 3)) / 1.4


def _faded(samples, seconds=0.01):
    n = min(_samples(seconds), len(samples) // 2)
    ramp = np.ones(len(samples))
    if n:
        ramp[:n], ramp[-n:] = np.linspace(0, 1, n), np.linspace(1, 0, n)
    return samples * ramp


def _clicks(n):
    """As many short clicks as a line's number."""
    click = np.zeros(_samples(2 * CLICK))
    t = np.arange(_samples(CLICK))
    click[: len(t)] = LEVEL * np.exp(-t / (0.004 * SAMPLE_RATE)) * np.sin(2 * np.pi * 1000 * t / SAMPLE_RATE)
    return np.concatenate([np.tile(click, n), np.zeros(_samples(0.1))])


def _played(one, seconds):
    n = _samples(seconds)
    if one.kind == "map":
        return _chords(one.y, n)
    order = np.argsort(one.x, kind="stable")
    x, y = one.x[order], one.y[order]
    return _line(x, y, n) if one.kind == "line" else _notes(x, y, n)


def _line(x, y, n):
    """A gliding tone; where values are missing it is silent."""
    there = np.isfinite(x) & np.isfinite(y)
    time = np.linspace(0, 1, n)
    height = np.interp(time, x[there], y[there])
    heard = np.interp(time, x[np.isfinite(x)], there[np.isfinite(x)].astype(float)) > 0.999
    heard &= (time >= x[there].min()) & (time <= x[there].max())
    softly = np.convolve(heard, np.hanning(_samples(0.01)) / np.hanning(_samples(0.01)).sum(), mode="same")
    return _tone(_frequency(height), LEVEL * softly)


def _notes(x, y, n):
    """A short tone for each point, as soft as there are many of them at once."""
    there = np.isfinite(x) & np.isfinite(y) & (x >= -0.01) & (x <= 1.01)
    length = _samples(NOTE)
    samples = np.zeros(n + length)
    for at, height in zip(x[there], y[there], strict=True):
        start = int(np.clip(at, 0, 1) * (n - 1))
        samples[start : start + length] += _faded(_tone(np.full(length, _frequency(height)), 1.0), 0.03)
    peak = np.abs(samples).max()
    return LEVEL * samples / max(peak, 1.0)


def _chords(levels, n):
    """All rows at once, each as loud as its place in the column is bright."""
    rows, columns = levels.shape
    time = (np.arange(n) * columns / n).astype(int)
    t = np.arange(n) / SAMPLE_RATE
    samples = np.zeros(n)
    for row in range(rows):
        frequency = _frequency((row + 0.5) / rows)
        samples += levels[row, time] * np.sin(2 * np.pi * frequency * t + row * 2.4)  # phases apart: no loud beginning
    return _faded(LEVEL * samples / max(np.abs(samples).max(), 1.0))
