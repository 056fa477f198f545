"""Roads from a picture to music: the one call behind the notebooks, the command and the studio.

Taught in chapters 00 and 10.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .composer.plan import Plan
from .files import write_atomically
from .scores import Score
from .sounds import Sound

WORKING_SIDE = 1024  # px: a picture is read at this size at most; features look at less


@dataclass(frozen=True, repr=False)
class Piece:
    """A picture's music and where it came from.

    Attributes
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    features : visual_features.VisualFeatures
    plan : composer.Plan
    score : scores.Score
    sound : sounds.Sound
    """

    picture: np.ndarray
    features: object
    plan: Plan
    score: Score
    sound: Sound

    @cached_property
    def explanation(self) -> dict:
        """Features, rules and notes with their causes, as `explanations.explain` gives them."""
        from .explanations import explain

        return explain(self.plan, self.features, self.score)

    @property
    def sentences(self) -> list[str]:
        """The explanation in three plain sentences."""
        return self.explanation["sentences"]

    def __repr__(self) -> str:
        return f"<Piece: {self.plan.seconds:g} s, {self.plan.tempo:.0f} beats per minute, {self.plan.key_name}>"

    def save(self, path: str | os.PathLike) -> None:
        """Write the piece in the form its suffix names: sound (wav, flac, ogg), score (mid), explanation (json).

        Raises
        ------
        ValueError
            Another suffix.
        OSError
            The file cannot be written; what was there before is untouched.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix in (".mid", ".midi"):
            self.score.to_midi(path)
        elif suffix == ".json":
            write_atomically(path, json.dumps(self.explanation, indent=1).encode())
        else:
            self.sound.save(path)

    def _repr_html_(self) -> str:
        from .widgets.page import player_html

        return player_html(self)


def compose(
    picture,
    *,
    seconds: float = 20.0,
    seed: int = 0,
    tempo: float | None = None,
    key: str | None = None,
    mode: str | None = None,
    instruments: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    title: str = "",
) -> Piece:
    """Turn a picture into music by the score road: rules, plan, notes, sound.

    Parameters
    ----------
    picture : path, bytes, file object, array or PIL image
        Anything `open_picture` reads.
    seconds, seed, tempo, key, mode, instruments, weights
        As in `composer.make_plan`: what is left out follows the picture.
    title : str
        Name written into the MIDI file.

    Returns
    -------
    Piece

    Raises
    ------
    PictureError
        The picture cannot be read.
    ValueError
        A setting out of range.

    Examples
    --------
    >>> from imgmusic_edu import compose, datasets
    >>> piece = compose(datasets.picture("the_night_cafe"), seconds=8, seed=7)
    >>> piece.sound.seconds
    8.0

    Notes
    -----
    Taught in chapter 00, and step by step in chapter 10.
    """
    from .composer import compose_score, make_plan
    from .pictures import open_picture
    from .synthesizer import render
    from .visual_features import visual_features

    picture = open_picture(picture, max_side=WORKING_SIDE)
    features = visual_features(picture)
    plan = make_plan(
        features,
        seconds=seconds,
        seed=seed,
        tempo=tempo,
        key=key,
        mode=mode,
        instruments=instruments,
        weights=weights,
    )
    score = compose_score(plan, features, title=title)
    return Piece(picture, features, plan, score, Sound(render(score)))
