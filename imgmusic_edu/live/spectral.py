"""The spectral roads without an end: what the network is told can be changed from one step to the next.

A network looks at its surroundings: a row of log-mel depends on conditions some steps before and after it. So each
block is made with `CONTEXT` steps around it, those before as they were told, those after as things stand now; what
comes out is then the same as if all of it had been made in one piece. The vocoder streams.

Taught in chapter 11, section "Live".
"""

import math
from typing import Any, NamedTuple

import numpy as np

from .. import vocoders
from ..networks.autoencoder import STEP
from ..networks.mapping import NEAR, STEP_SECONDS, conditions_at
from ..networks.pairs import numbers_of
from ..networks.spectral import open_road
from ..scores import PITCH_NAMES
from .streams import Stream

__all__ = ["SpectralStream"]

ROUND = 10.0  # s in which the picture is read from left to right; then again
CONTEXT = 24  # steps to either side on which a row of log-mel may depend: generator 16, decoder 6
AT_ONCE = 6  # steps
SETTINGS = ("seed", "tempo", "key")


class _Told(NamedTuple):
    """What was asked for last, in one piece: another thread may be making music of it."""

    seen: tuple  # features and columns, as `pairs.seen` gives them
    asked: np.ndarray
    fixed: dict
    chance: np.ndarray

    @property
    def beats_a_step(self):
        return math.exp(self.asked[0]) / 60 * STEP_SECONDS


class SpectralStream(Stream):
    """A spectral road without an end.

    Parameters
    ----------
    picture : anything `open_picture` reads
    road : str
    **settings
        seed, tempo and key.

    Raises
    ------
    ValueError
        Another setting.

    Notes
    -----
    Taught in chapter 11, section "Live".
    """

    def __init__(self, picture, *, road, **settings):
        self.road = open_road(road)
        self._now: Any = None  # _Told
        self._before: np.ndarray | None = None  # what the last CONTEXT steps were told
        self._step, self._beat = 0, 0.0  # of the next one: its number, and the beat at which it begins
        self._samples = vocoders.get("neural").stream(self._frames())
        super().__init__(picture, **settings)

    @property
    def words(self) -> str:
        now = self._now
        return f"{math.exp(now.asked[0]):.0f} beats per minute, tonic {PITCH_NAMES[now.fixed['tonic']]}"

    def _prepare(self, features, settings):
        foreign = [name for name in settings if name not in SETTINGS]
        if foreign:
            raise ValueError(f"The road {self.road.name!r} takes its {' and '.join(foreign)} from the picture.")
        features, columns = numbers_of(features)
        asked, fixed, chance = self.road.settled(features, **settings)
        now = _Told((features, columns), asked, fixed, chance)
        steps = np.arange(math.ceil(ROUND / STEP_SECONDS))
        whole = self._conditions(now, steps, steps * now.beats_a_step)
        self._now = now._replace(chance=self.road.drawn(whole[None], chance))

    def _conditions(self, now, steps, beat):
        """What the network is told at some steps that begin at some beats."""
        time = (steps + 0.5) * STEP_SECONDS
        near = np.stack([time, np.full(len(time), NEAR)], axis=1)  # it has a beginning and no end
        return conditions_at(
            *now.seen,
            asked=now.asked,
            beat=beat + now.beats_a_step / 2,
            place=time % ROUND / ROUND,
            near=near,
            scales=self.road.scales,
            **now.fixed,
        )

    def _frames(self):
        """Log-mel, AT_ONCE steps at a time."""
        while True:
            now, ahead = self._now, np.arange(AT_ONCE + CONTEXT)
            told = self._conditions(now, self._step + ahead, self._beat + ahead * now.beats_a_step)
            window = told if self._before is None else np.concatenate([self._before, told])
            begin = len(window) - len(told)
            levels = self.road.decode(self.road.latent(window[None], now.chance, drawn=True))[0]
            self._before = window[: begin + AT_ONCE][-CONTEXT:]
            self._step += AT_ONCE
            self._beat += AT_ONCE * now.beats_a_step
            yield levels[begin * STEP : (begin + AT_ONCE) * STEP]

    def _produce(self):
        return next(self._samples)
