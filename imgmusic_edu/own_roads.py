"""Roads of one's own: a function as a road, and the known roads with one part exchanged.

Taught in chapter 11, section "A road of your own".
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .files import printable
from .sounds import SAMPLE_RATE, Sound

__all__ = ["OwnRoad", "checked_name", "found_in_file", "score_road", "spectral_road"]

ALWAYS = ("features", "seconds", "seed", "title")  # handed to whoever takes them; the rest must have been asked for
SILENCE = 1e-4  # -80 dBFS


class OwnRoad:
    """A function that makes music of a picture, called with what it takes, and its answer checked.

    Parameters
    ----------
    name : str
    function : callable
        See `roads.register`.
    """

    def __init__(self, name: str, function: Callable):
        self.name, self.function = name, function
        self.about = next(iter((inspect.getdoc(function) or "").splitlines()), "")
        try:
            taken = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            raise ValueError(f"A road is a function of a picture, but {name!r} is {function!r:.60}.") from None
        if not any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL) for p in taken):
            raise ValueError(f"The function for the road {name!r} takes no picture: let it be its first argument.")
        self._takes_all = any(p.kind == p.VAR_KEYWORD for p in taken)
        self._takes = {p.name for p in list(taken)[1:] if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}

    def __call__(self, picture: np.ndarray, **settings):
        """A `Sound`, or the `Piece` that the function gave back.

        Raises
        ------
        ValueError
            A setting that the function does not take, or an answer that is no sound; one sentence.
        """
        asked = {name: value for name, value in settings.items() if value is not None}
        taken = self.taken(frozenset(settings))
        foreign = [n for n in asked if n not in taken and n not in ALWAYS]
        if foreign:
            raise ValueError(f"The road {self.name!r} takes no {' and no '.join(foreign)}: leave that out.")
        handed = {n: v for n, v in settings.items() if n in taken}
        return self._checked(self.function(picture, **handed))

    def taken(self, settings: frozenset[str]) -> frozenset[str]:
        """Those of some settings that the function takes."""
        return settings if self._takes_all else settings & self._takes

    def _checked(self, made):
        sound = getattr(made, "sound", made)
        if isinstance(made, np.ndarray):
            try:
                sound = made = Sound(made, title=f"By the road {self.name}")
            except ValueError as problem:
                raise ValueError(f"The road {self.name!r} gave back no sound: {problem}") from problem
        if not isinstance(sound, Sound):
            kind = type(made).__name__
            raise ValueError(f"The road {self.name!r} gave back {kind}: a Sound, its samples or a Piece is wanted.")
        if sound.sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"The road {self.name!r} gave back a sound at {sound.sample_rate} Hz: {SAMPLE_RATE} Hz are wanted."
            )
        if not np.abs(sound.samples).max() > SILENCE:
            raise ValueError(f"The road {self.name!r} gave back silence: at least one sample must be heard.")
        return made


def checked_name(name: str, *, taken) -> None:
    """Refuse names that a road of one's own cannot have; a ValueError of one sentence."""
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"A road's name has letters, digits, '-' and '_', but this is {name!r:.40}.")
    if name in taken:
        raise ValueError(f"{name!r} is a road of the course, which stays as it is: choose another name for yours.")


def found_in_file(place: str) -> Callable:
    """The function that "my_file.py:my_function" names; the file is run.

    Raises
    ------
    ValueError
        There is no such file, it cannot be run, or has no such function; one sentence.
    """
    file, _, name = place.rpartition(":")
    if not Path(file).is_file():
        raise ValueError(f"There is no file {printable(file)} to take the road {printable(name)} from.")
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None and spec.loader is not None  # a .py file always has both
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        what = f"{type(problem).__name__}: {problem}"
        raise ValueError(f"The file {printable(file)} could not be run ({printable(what)}): mend it.") from problem
    function = getattr(module, name, None)
    if not callable(function):
        raise ValueError(f"The file {printable(file)} has no function {printable(name)}.")
    return function


# --- the known roads, in parts ---------------------------------------------------------------------------


def score_road(*, features=None, plan=None, score=None, render=None) -> Callable:
    """The score road, with parts of one's own where given: picture -> features -> plan -> score -> sound.

    Parameters
    ----------
    features : callable, optional
        Picture -> features, as `visual_features.visual_features`.
    plan : callable, optional
        (features, seconds=, seed=, tempo=, key=, mode=, instruments=, weights=) -> Plan, as `composer.make_plan`.
    score : callable, optional
        (plan, features, title=) -> Score, as `composer.compose_score`.
    render : callable, optional
        Score -> samples at 22 050 Hz, as `synthesizer.render`.

    Returns
    -------
    callable
        For `roads.register`; its pieces have notes and explanations like those of the road "score".

    Notes
    -----
    Taught in chapter 11, section "A road of your own".
    """

    def take(picture, *, features=None, title="", **settings):
        from .composer import compose_score, make_plan
        from .roads import ScorePiece
        from .synthesizer import render as usual

        features = _seen(picture, own_features, features)
        made = (plan or make_plan)(features, **settings)
        written = (score or compose_score)(made, features, title=title)
        return ScorePiece(picture, features, Sound((render or usual)(written)), made, written)

    own_features = features
    return take


def spectral_road(name: str, *, features=None, mapping=None, decoder=None, vocoder=None) -> Callable:
    """A spectral road, with parts of one's own where given: picture -> features -> mapping -> decoder -> vocoder.

    Parameters
    ----------
    name : str
        Which one the other parts come from: "linear", "mlp", "autoencoder", "vae" or "gan".
    features : callable, optional
        Picture -> features, as `visual_features.visual_features`.
    mapping : callable, optional
        (conditions (batch, steps, 57), chance (batch, 32)) -> latent (batch, steps, 16), as `SpectralRoad.latent`.
    decoder : callable, optional
        Latent (batch, steps, 16) -> log-mel (batch, frames, 128) in dB, as `Codec.decode`.
    vocoder : callable, optional
        Log-mel (frames, 128) in dB -> samples at 22 050 Hz, as `vocoders.get("neural")` gives them.

    Returns
    -------
    callable
        For `roads.register`.

    Notes
    -----
    Taught in chapter 11, section "A road of your own".
    """

    def take(picture, *, features=None, seconds=20.0, seed=0, tempo=None, key=None, title=""):
        from .networks.spectral import open_road
        from .roads import SpectralPiece

        features = _seen(picture, own_features, features)
        road = open_road(name).with_parts(mapping=mapping, decoder=decoder, vocoder=vocoder)
        made = road.make(features, seconds=seconds, seed=seed, tempo=tempo, key=key)
        return SpectralPiece(picture, features, road.sound(made, title=title), road, made)

    own_features = features
    return take


def _seen(picture, own, features):
    from .visual_features import visual_features

    if own is not None:
        return own(picture)
    return visual_features(picture) if features is None else features
