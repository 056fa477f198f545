"""Reading a picture from left to right while the music plays.

Taught in chapter 10, section "Reading the skyline".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .. import crossmodal
from ..scores import Cause
from .plan import Plan

# What a strip decides by itself -> the curve that is read there, and the rule.
STRIPS = {"register": ("skyline", "R5"), "mode": ("lightness", "R1"), "density": ("edge_density", "R15")}
SWING = 1.8  # standard deviations beyond which the skyline moves the melody no further


class Reading:
    """What the picture holds where a beat is read.

    Parameters
    ----------
    plan : Plan
        Time runs linearly: the picture's left edge is the first sample, its right edge the last.
    features : visual_features.VisualFeatures
    """

    def __init__(self, plan: Plan, features):
        self._total = plan.total_beats
        self._features = features
        self._plan = plan
        height = features.columns["skyline"]
        self._skyline = (height - height.mean()) / max(float(height.std()), 0.03)

    def strip(self, beat: float, beats: float) -> tuple[float, float]:
        """Part of the picture's width read from `beat` on, as fractions."""
        start = min(beat / self._total, 1.0)
        return start, min(max((beat + beats) / self._total, start), 1.0)

    def mean(self, name: str, beat: float, beats: float) -> float:
        """Mean of a column feature over the strip."""
        return _mean(self._features.columns[name], *self.strip(beat, beats))

    def lightness(self, strips: Sequence[tuple[float, float]], *, relit: tuple[int, float] | None = None) -> np.ndarray:
        """Lightness of some strips, given as (beat, beats), about the picture's mean, in standard units: shape (n,).

        `relit`, a number among the strips and L*, gives them as if that one had that light.
        """
        light = self._features.columns["lightness"]
        if relit is not None:
            first, last = _columns(len(light), *self.strip(*strips[relit[0]]))
            light = np.concatenate([light[:first], np.full(last + 1 - first, relit[1]), light[last + 1 :]])
        units = (light - light.mean()) / max(float(light.std()), 3.0)
        return np.array([_mean(units, *self.strip(*strip)) for strip in strips])

    def busyness(self, beat: float, beats: float) -> float:
        """Edges in the strip relative to the picture's mean: -0.5 few .. 0.5 many."""
        edges = self._features.columns["edge_density"]
        here = _mean(edges, *self.strip(beat, beats))
        return (here - edges.mean()) / (here + edges.mean() + 1e-9)

    def melody_target(self, beat: float) -> float:
        """MIDI number at which the skyline would like the melody."""
        column = np.interp(beat / self._total * len(self._skyline) - 0.5, np.arange(len(self._skyline)), self._skyline)
        return self._plan.centre + self._plan.span * float(np.clip(column, -SWING, SWING))

    def cause(self, beat: float, beats: float, quality: str, *, salient: bool = False) -> Cause | None:
        """Why a note is so: the strip it was read from (or what stands out in it), the value in it, the rule.

        None where the rule is switched off.
        """
        feature, rule = STRIPS[quality]
        if not self._plan.bend(rule):
            return None
        first, last = _columns(len(self._skyline), *self.strip(beat, beats))
        x0, y0, x1, y1 = self._features.region(first, last)
        value = self.mean(feature, beat, beats)
        return Cause((x0, y0, x1, y1) if salient else (x0, 0.0, x1, 1.0), feature, value, rule, quality)

    def whole_cause(self, quality: str, *, sign: int = 0) -> Cause | None:
        """Why a note is so where no strip decides it: the feature of the whole picture that moves the quality most."""
        found = crossmodal.strongest(self._plan.contributions, quality, sign=sign)
        if found is None:
            return None  # all of its rules are switched off
        feature, rule = found
        return Cause((0.0, 0.0, 1.0, 1.0), feature, self._features.whole[feature], rule, quality)


def _columns(n_columns: int, x0: float, x1: float) -> tuple[int, int]:
    """First and last column of a strip."""
    first = min(int(x0 * n_columns), n_columns - 1)
    return first, max(int(np.ceil(x1 * n_columns)) - 1, first)


def _mean(values: np.ndarray, x0: float, x1: float) -> float:
    first, last = _columns(len(values), x0, x1)
    return float(values[first : last + 1].mean())
