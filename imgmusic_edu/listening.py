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

from .sounds import SAMPLE_RATE, Sound

__all__ = ["Listening", "listen"]

LOWEST, OCTAVES = 165.0, 3.0  # Hz at the lower edge, and how far it goes up: what small loudspeakers play well
SECONDS, LONGEST = 4.0, 14.0  # of one line, and of a whole figure
LEVEL = 0.25
ROWS = 48  # tones of a picture
NOTE, CLICK, PAUSE = 0.12, 0.06, 0.2  # s


class Series(NamedTuple):
    """Something to be heard in a plot: "line", "points" or "map"; its name; and its places, each 0..1 in the plot.

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
    plots = [(axes, found) for axes in figure.axes if axes.get_visible() and (found := _series(axes))]
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


def _series(axes):
    """Everything in a plot that can be heard, places as shares of the plot."""
    axes.get_xlim(), axes.get_ylim()  # until they are asked for, limits that follow the data are not there

    def placed(points):
        points = np.asarray(points, float).reshape(-1, 2)
        known = np.isfinite(points)  # each coordinate by itself: where y is missing, x still says when to be silent
        with np.errstate(all="ignore"):  # a logarithmic axis has no place for 0
            places = axes.transAxes.inverted().transform(axes.transData.transform(np.where(known, points, 1.0)))
        return np.where(known, places, np.nan)

    found = []
    for line in axes.lines:
        if line.get_visible() and line.get_transform() == axes.transData and len(line.get_xdata()) > 1:
            points = placed(np.column_stack([line.convert_xunits(line.get_xdata()), line.get_ydata()]))
            kind = "points" if line.get_linestyle() in ("None", "") else "line"
            found.append(Series(kind, _name(line), points[:, 0], points[:, 1]))
    for cloud in axes.collections:
        if hasattr(cloud, "get_sizes") and cloud.get_visible() and len(cloud.get_offsets()):
            points = placed(cloud.get_offsets())
            found.append(Series("points", _name(cloud), points[:, 0], points[:, 1]))
    for bars in axes.containers:
        boxes = [bar.get_bbox() for bar in bars if hasattr(bar, "get_bbox")]
        if boxes:
            points = placed([((box.x0 + box.x1) / 2, box.y1) for box in boxes])
            found.append(Series("points", _name(bars), points[:, 0], points[:, 1]))
    found += [Series("map", _name(picture), None, _levels(picture)) for picture in axes.images if picture.get_visible()]
    return [one for one in found if one.kind == "map" or np.isfinite(one.y + one.x).any()]


def _name(artist):
    name = str(artist.get_label())
    return "" if name.startswith("_") else name


def _levels(picture):
    """How bright each place of a drawn picture is, 0..1, rows from the lowest upwards."""
    values = np.ma.filled(np.ma.asarray(picture.get_array(), float), np.nan)
    if values.ndim == 3:
        values = values[..., :3].mean(axis=2) / (255 if np.nanmax(values) > 1 else 1)
    else:
        low, high = picture.get_clim()
        values = (values - low) / (high - low if high > low else 1.0)
    if picture.origin == "upper":
        values = values[::-1]
    rows = np.array_split(np.clip(np.nan_to_num(values), 0, 1), min(ROWS, len(values)))
    return np.stack([row.mean(axis=0) for row in rows])


def _words(head, axes, found, seconds):
    """What the axes are, and what comes in which order."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    title = f', "{axes.get_title()}"' if axes.get_title() else ""
    across, up = (label or "without a name" for label in (axes.get_xlabel(), axes.get_ylabel()))
    top = LOWEST * 2**OCTAVES
    words = [
        f"{head}{title}. From left to right: {across}, {left:.4g} to {right:.4g}, in {seconds:.1f} seconds.",
        f"From low to high: {up}, {low:.4g} at {LOWEST:.0f} hertz to {high:.4g} at {top:.0f} hertz.",
    ]
    kinds = {"line": "a line, gliding", "points": "points, short tones", "map": "a map, bright is loud"}
    for place, one in enumerate(found, 1):
        clicks = "" if len(found) == 1 else f"After {place} click{'s' if place > 1 else ''}: "
        words.append(f"{clicks}{one.name + ', ' if one.name else ''}{kinds[one.kind]}.")
    return " ".join(word[0].upper() + word[1:] for word in words)


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
