"""A dashboard of a game in play: what the two networks lose, what is made, and how diverse it is, while it trains.

In a running notebook it trains in short stretches, and between them the page is drawn and the buttons are heard; so
Stop works at once, and keeps what was learnt. Where no kernel runs, what it showed last stays in the page.

Taught in chapter 07.
"""

import asyncio
from html import escape
from typing import Any

import ipywidgets
import numpy as np

from ..evaluation.diversity import rbf_kernel, vendi_score
from .controls import Answering, number_slider
from .markup import block, bundle, encode_picture, encode_shades, image, table, told

__all__ = ["GanDashboard", "compute", "render", "summary"]

COIN = 2 * np.log(2)  # the discriminator's loss when it knows nothing
ALIKE = 0.15  # a set with less than this share of the real one's diversity has collapsed
SURE = 0.1  # a discriminator with less loss than this teaches little
SHOWN = 32  # samples in the drawing
PAUSE = 0.02  # s between stretches, for buttons
ROUND = 0.25  # s from one drawing to the next, at least: a page drawn oftener falls behind, and so do its buttons
_LINES = (  # key, name, colour, dashes
    ("discriminator", "discriminator", "#0064af", ""),
    ("generator", "generator", "#e12800", "6 4"),
)


def compute(parameters):
    """What there is to say of a game so far.

    Parameters
    ----------
    parameters : dict
        "history": reports of `networks.gan_training.Trainer`, oldest first; "diversity": pairs (step, Vendi score),
        oldest first; "samples": made samples, (n, 2), (n, H, W, 3) in -1..1, or (n, frames, bands, 1) in -1..1;
        "features": standardised features of the samples, (n, d); "real_diversity": Vendi score of as many real ones,
        or None.

    Returns
    -------
    dict
        The parameters, and "vendi", of the samples; "collapsed", whether they are nearly alike; "sure", whether the
        discriminator has nothing left to learn; "fooled", whether it does no better than a coin. The last three are
        False before the first report.

    Raises
    ------
    ValueError
        Samples and features that are not equally many, or samples of another shape.

    Notes
    -----
    Taught in chapter 07.
    """
    samples, features = np.asarray(parameters["samples"]), np.asarray(parameters["features"])
    if len(samples) != len(features):
        raise ValueError(f"There are {len(samples)} samples, but features of {len(features)}.")
    if samples.shape[1:] != (2,) and not (samples.ndim == 4 and samples.shape[3] in (1, 3)):
        raise ValueError(f"Samples are points, pictures or spectrograms, but these have the shape {samples.shape}.")
    vendi, real = vendi_score(rbf_kernel(features)), parameters["real_diversity"]
    lost = parameters["history"][-1]["discriminator"] if parameters["history"] else np.nan  # of which nothing is true
    return parameters | {
        "vendi": vendi,
        "collapsed": bool(parameters["history"]) and vendi < max(1.05, ALIKE * (real or len(samples))),
        "sure": bool(lost < SURE),
        "fooled": bool(abs(lost - COIN) < 0.03),
    }


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """Where the game stands, and what to look at, in words."""
    n, real = len(result["samples"]), result["real_diversity"]
    of_real = f" (as many real ones: {real:.1f})" if real else ""
    diversity = f"The {n} samples are as diverse as {result['vendi']:.1f} things that have nothing in common{of_real}."
    if not result["history"]:
        return f"Not trained yet. {diversity}"
    last = result["history"][-1]
    words = [
        f"After {last['step']} steps, {last['seconds']:.0f} s: the discriminator loses {last['discriminator']:.2f} "
        f"(a coin {COIN:.2f}), the generator {last['generator']:.2f};",
        f"real samples score {last['real_score']:+.2f}, made ones {last['fake_score']:+.2f}.",
        diversity,
    ]
    if last["real_score"] < last["fake_score"]:
        words.append("Made samples score above real ones: if that lasts, are real and made swapped?")
    if result["collapsed"]:
        words.append("They are nearly alike: the generator has collapsed, whatever the losses say.")
    if result["sure"]:
        words.append("The discriminator is sure of everything, and has little left to teach.")
    elif result["fooled"]:
        words.append("The discriminator does no better than a coin; look at the samples to see why.")
    return " ".join(words)


# ---- drawn -----------------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 330, 170, 34, 22  # of a plot and its margins, pixels


def render(result):
    """Losses and diversity over the steps, some samples, and the last report as a table.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    history, marks = result["history"], result["diversity"]
    parts = []
    if history:
        steps = [report["step"] for report in history]
        lines = [([report[key] for report in history], name, *look) for key, name, *look in _LINES]
        parts.append(_plot("Losses", steps, lines, level=(COIN, "a coin")))
    if marks:
        level = (result["real_diversity"], "real samples'") if result["real_diversity"] else None
        line = ([value for _, value in marks], "Vendi score", "#9600fa", "")
        parts.append(_plot("Diversity", [step for step, _ in marks], [line], level=level))
    parts.append(f"<div>{_drawn(result['samples'])}</div>")
    rows = []
    if history:
        last = history[-1]
        rows = [(f"loss of the {name}", f"{last[key]:.3f}") for key, name, *_ in _LINES]
        rows += [("mean score of real samples", f"{last['real_score']:+.2f}")]
        rows += [("mean score of made samples", f"{last['fake_score']:+.2f}")]
    rows += [("Vendi score of the samples", f"{result['vendi']:.2f}")]
    grid = f'<div style="display: flex; flex-wrap: wrap; gap: 10px">{"".join(parts)}</div>'
    return block(grid + table("The last stretch", ("value",), rows))


def _plot(title, steps, lines, *, level=None):
    """A small line plot as SVG, with its words."""
    values = [value for line in lines for value in line[0]] + ([level[0]] if level else [])
    low, high = min(0.0, *values), max(1e-9, *values) * 1.05
    first, last = 0, max(steps[-1], 1)

    def place(step, value):
        x = _LEFT + (step - first) / (last - first) * (_WIDTH - _LEFT - 6)
        return f"{x:.1f},{_HEIGHT - _BOTTOM - (value - low) / (high - low) * (_HEIGHT - _BOTTOM - 22):.1f}"

    said = "; ".join(f"{name} from {row[0]:.2f} to {row[-1]:.2f}" for row, name, *_ in lines)
    alt = f"{title} over {steps[-1]} steps: {said}" + (f"; {level[1]} is {level[0]:.2f}." if level else ".")
    shapes = []
    if level:
        (x1, y1), (x2, y2) = (place(step, level[0]).split(",") for step in (first, last))
        shapes.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#767676" stroke-dasharray="2 3"/>')
    for row, _, colour, dashes in lines:
        points = " ".join(place(step, value) for step, value in zip(steps, row, strict=True))
        dots = f'<circle cx="{points.split(",")[0]}" cy="{points.split(",")[1]}" r="3" fill="{colour}"/>'
        shapes.append(
            dots
            if len(row) == 1
            else f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dashes}"/>'
        )
    dashed = {name: " (dashed)" if dashes else "" for _, name, _, dashes in lines}
    names = " · ".join(f'<tspan fill="{colour}">{escape(name)}{dashed[name]}</tspan>' for _, name, colour, _ in lines)
    note = f'<tspan fill="#595959"> · dotted: {escape(level[1])}</tspan>' if level else ""
    axis = f"M{_LEFT},20V{_HEIGHT - _BOTTOM}H{_WIDTH - 6}"
    return (
        f'<svg role="img" aria-label="{escape(alt)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'style="width: {_WIDTH}px; max-width: 100%; background: #fff; font: 10px system-ui, sans-serif">'
        f'<text x="{_LEFT}" y="12"><tspan fill="#333">{escape(title)}: </tspan>{names}{note}</text>'
        f'<path d="{axis}" fill="none" stroke="#333"/>'
        f'<text x="{_LEFT - 4}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">{low:.1f}</text>'
        f'<text x="{_LEFT - 4}" y="28" text-anchor="end">{high:.1f}</text>'
        f'<text x="{_WIDTH - 6}" y="{_HEIGHT - 6}" text-anchor="end">step {steps[-1]}</text>{"".join(shapes)}</svg>'
    )


def _drawn(samples):
    """Samples as people look at them."""
    if samples.ndim == 2:
        return _points(samples)
    n = min(SHOWN, len(samples))
    kind = "pictures" if samples.shape[3] == 3 else "spectrograms, time to the right, mel bands upwards"
    if samples.shape[3] == 1:
        samples = samples.transpose(0, 2, 1, 3)[:, ::-1]  # (n, bands upwards, frames to the right, 1)
    rows = [np.concatenate(samples[start : start + 8], axis=1) for start in range(0, n - n % 8 or n, 8)]
    whole = np.concatenate(rows, axis=0)
    levels = (np.clip(whole, -1, 1) + 1) / 2
    source = encode_shades(levels[..., 0]) if samples.shape[3] == 1 else encode_picture(np.uint8(255 * levels + 0.5))
    spread = float(samples.std(axis=0).mean() / 2)
    alt = f"{n} made {kind}. A point differs by {spread:.2f} of full scale from one to another, on average."
    return image(source, alt, style="width: 420px; max-width: 100%")


def _points(samples):
    reach = max(2.6, float(np.abs(samples).max()))
    dots = "".join(f'<circle cx="{85 + 80 * x / reach:.1f}" cy="{85 - 80 * y / reach:.1f}" r="2"/>' for x, y in samples)
    (x, y), (dx, dy) = samples.mean(axis=0), samples.std(axis=0)
    alt = f"{len(samples)} made points around ({x:.1f}, {y:.1f}), spread over {dx:.1f} across and {dy:.1f} upwards."
    return (
        f'<svg role="img" aria-label="{alt}" viewBox="0 0 170 170" style="width: 170px; background: #fff">'
        f'<circle cx="85" cy="85" r="{160 / reach:.1f}" fill="none" stroke="#767676" stroke-dasharray="2 3"/>'
        f'<g fill="#9600fa" fill-opacity=".6">{dots}</g></svg>'
    )


# ---- the panel -------------------------------------------------------------------------------------------------------


class GanDashboard(Answering):
    """A game, a button that trains on, one that stops, and everything there is to watch.

    Parameters
    ----------
    trainer : networks.gan_training.Trainer
    features : callable
        Samples to standardised features, (n, d): what the diversity is measured on.
    real : np.ndarray, optional
        As many real samples as are watched (64) or more: their diversity is drawn as the aim.
    steps : int
        That the slider offers first.
    every : int
        Steps of a stretch, after which everything is drawn anew and the buttons are heard.

    Attributes
    ----------
    result : dict
        From `compute`.
    diversity : list of (int, float)
        Step and Vendi score, at each report since the dashboard was opened.
    training : bool
        Is it training now?
    error : Exception or None
        What went wrong last, also shown as a sentence.

    Notes
    -----
    Opening it trains nothing, so a notebook that is run without a browser goes on at once.  Taught in chapter 07.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, trainer, features, *, real=None, steps=100, every=10):
        self.trainer, self.features, self.every = trainer, features, every
        self._rounds: Any = None
        self._last, self._timer = 0, None
        self.diversity: list[tuple[int, float]] = []
        self._real = None if real is None else vendi_score(rbf_kernel(features(real[: len(trainer.samples())])))
        self.steps = number_slider("Steps", steps, 10, max(1000, steps), step=10)
        self.start = ipywidgets.Button(description="Train on", button_style="primary", icon="play")
        self.stop = ipywidgets.Button(description="Stop, keep what was learnt", icon="stop", disabled=True)
        self.stop.layout.width = "max-content"
        self.progress = ipywidgets.IntProgress(min=0, max=1, description="Trained", layout={"display": "none"})
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        buttons = ipywidgets.HBox([self.start, self.stop, self.progress], layout={"flex_flow": "row wrap"})
        super().__init__([self.steps, buttons, self.words, self.drawing])
        self.start.on_click(lambda _: self._try(self.train))
        self.stop.on_click(lambda _: self._try(self.halt))
        self._try(self.update)

    @property
    def training(self):
        return self._rounds is not None

    @property
    def parameters(self):
        """What there is to show, for `compute`."""
        samples = self.trainer.samples()
        features = self.features(samples)
        step = self.trainer.step
        if step and (not self.diversity or self.diversity[-1][0] != step):
            self.diversity.append((step, vendi_score(rbf_kernel(features))))
        return {
            "history": list(self.trainer.history),
            "diversity": list(self.diversity),
            "samples": samples,
            "features": features,
            "real_diversity": self._real,
        }

    def _compute(self, parameters):
        return compute(parameters)

    def _show(self, result):
        self.drawing.value, self.words.value = render(result), told(summary(result))

    def train(self):
        """Begin to train: in a running notebook in the background of its cells, elsewhere to the end at once."""
        if self.training:
            return
        self._rounds, self._last = self.trainer.train(self.steps.value, every=self.every), self.trainer.step
        self.progress.max, self.progress.value, self.progress.layout.display = self.steps.value, 0, ""
        self.start.disabled, self.stop.disabled = True, False
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test
            while self.training:
                self._stretch()
            return
        self._timer = loop.call_later(PAUSE, self._tick, loop)

    def _tick(self, loop):
        began = loop.time()
        self._try(self._stretch)
        rest = max(PAUSE, ROUND - (loop.time() - began))
        self._timer = loop.call_later(rest, self._tick, loop) if self.training else None

    def _stretch(self):
        """One report more, or the end."""
        try:
            report = next(self._rounds, None)
        except BaseException:
            self.halt()
            raise
        if report is None:
            self.halt()
            return
        self.progress.value = report["step"] - self._last
        self.update()

    def halt(self):
        """Stop; weights, history and checkpoint are those of the last stretch."""
        if self._timer:
            self._timer.cancel()
        rounds, self._rounds, self._timer = self._rounds, None, None
        if rounds is not None:
            rounds.close()  # the trainer writes its checkpoint
        self.start.disabled, self.stop.disabled, self.progress.layout.display = False, True, "none"

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel what it showed when the cell was run."""
        return bundle(
            self, f"<GanDashboard after {self.trainer.step} steps>", f"{self.words.value}{self.drawing.value}"
        )
