"""Roads from a picture to music: the one call behind the notebooks, the command and the studio.

Taught in chapters 00, 08 and 10.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .composer.plan import Plan
from .files import write_atomically
from .scores import Score
from .sounds import Sound
from .visual_features import VisualFeatures

if TYPE_CHECKING:  # TensorFlow's rooms load when a spectral road is taken
    from .networks.spectral import Made, SpectralRoad

ROADS = ("score", "linear", "mlp", "autoencoder", "vae", "gan")  #: by rules first, then by networks, simplest first
WORKING_SIDE = 1024  # px: a picture is read at this size at most; features look at less


@dataclass(frozen=True, repr=False)
class Piece:
    """A picture's music, whatever road it came by, and where it came from.

    Attributes
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8 sRGB
    features : visual_features.VisualFeatures
    sound : sounds.Sound
    """

    picture: np.ndarray
    features: VisualFeatures
    sound: Sound

    @cached_property
    def explanation(self) -> dict:
        """What in the picture made what in the music, ready for JSON, as `explanations` gives it."""
        raise NotImplementedError

    @property
    def sentences(self) -> list[str]:
        """The explanation in three plain sentences."""
        return self.explanation["sentences"]

    def save(self, path: str | os.PathLike) -> None:
        """Write the piece in the form its suffix names: sound (wav, flac, ogg), score (mid), explanation (json).

        Raises
        ------
        ValueError
            Another suffix, or a score where the road writes none.
        OSError
            The file cannot be written; what was there before is untouched.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix in (".mid", ".midi"):
            self._save_score(path)
        elif suffix == ".json":
            write_atomically(path, json.dumps(self.explanation, indent=1).encode())
        else:
            self.sound.save(path)

    def _save_score(self, path: Path) -> None:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        from .widgets.page import player_html

        return player_html(self)


@dataclass(frozen=True, repr=False)
class ScorePiece(Piece):
    """A piece by the score road.

    Attributes
    ----------
    plan : composer.Plan
    score : scores.Score
    """

    plan: Plan
    score: Score

    @cached_property
    def explanation(self) -> dict:
        """Features, rules and notes with their causes, as `explanations.explain` gives them."""
        from .explanations import explain

        return explain(self.plan, self.features, self.score)

    def _save_score(self, path: Path) -> None:
        self.score.to_midi(path)

    def __repr__(self) -> str:
        return f"<Piece: {self.plan.seconds:g} s, {self.plan.tempo:.0f} beats per minute, {self.plan.key_name}>"


@dataclass(frozen=True, repr=False)
class SpectralPiece(Piece):
    """A piece by one of the spectral roads: a network made it, and there are no notes.

    Attributes
    ----------
    road : networks.spectral.SpectralRoad
    made : networks.spectral.Made
        Tempo, key, latent sequence and log-mel.
    """

    road: SpectralRoad
    made: Made

    @cached_property
    def explanation(self) -> dict:
        """Features, and what each moves in the sound, as `explanations.explain_made` gives them."""
        from .explanations import explain_made

        return explain_made(self.road, self.features, self.made)

    def _save_score(self, path: Path) -> None:
        raise ValueError(f"The road {self.road.name!r} writes no notes: save the sound, or take the road 'score'.")

    def __repr__(self) -> str:
        return (
            f"<Piece: {self.sound.seconds:g} s by the road {self.road.name!r}, {self.made.tempo:.0f} beats per minute>"
        )


def compose(
    picture,
    *,
    road: str = "score",
    seconds: float = 20.0,
    seed: int = 0,
    tempo: float | None = None,
    key: str | None = None,
    mode: str | None = None,
    instruments: Sequence[str | None] | None = None,
    weights: Mapping[str, float] | None = None,
    seeds: Mapping[str, int] | None = None,
    title: str = "",
    features: VisualFeatures | None = None,
) -> Piece:
    """Turn a picture into music.

    Parameters
    ----------
    picture : path, bytes, file object, array or PIL image
        Anything `open_picture` reads.
    road : str
        One of `ROADS`: "score" goes by rules, notes and instruments, the others through networks alone (they need
        TensorFlow; the first call opens them).
    seconds, seed, tempo, key, mode, instruments, weights, seeds
        As in `composer.make_plan`: what is left out follows the picture. The last four belong to the score road.
    title : str
        Name written into the MIDI file.
    features : visual_features.VisualFeatures, optional
        Of this picture, where they are known already; the picture then is an array as `open_picture` gives it, and
        the piece's own. That saves half the time of a short piece.

    Returns
    -------
    Piece
        With `.sound` and `.explanation`, and, by the score road, `.plan` and `.score`.

    Raises
    ------
    PictureError
        The picture cannot be read.
    ValueError
        A setting out of range, or one that the road does not have.
    ImportError
        A road needs TensorFlow, and it is not installed.

    Examples
    --------
    >>> from imgmusic_edu import compose, datasets
    >>> piece = compose(datasets.picture("the_night_cafe"), seconds=8, seed=7)
    >>> piece.sound.seconds
    8.0

    Notes
    -----
    Taught in chapter 00; the score road step by step in chapter 10, the others in chapter 08.
    """
    from .pictures import open_picture
    from .visual_features import visual_features

    if road not in ROADS:
        raise ValueError(f"The roads are {', '.join(ROADS)}, but {road!r:.40} was asked for.")
    told = {"mode": mode, "instruments": instruments, "weights": weights, "seeds": seeds}
    given = [name for name, value in told.items() if value is not None]
    if road != "score" and given:
        raise ValueError(f"The road {road!r} takes its {' and '.join(given)} from the picture: leave that out.")
    if features is None:
        picture = open_picture(picture, max_side=WORKING_SIDE)
        features = visual_features(picture)
    common = {"seconds": seconds, "seed": seed, "tempo": tempo, "key": key}
    if road == "score":
        return _by_score(picture, features, title, **common, **told)
    return _by_network(picture, features, title, road, **common)


def _by_score(picture, features, title, **settings) -> ScorePiece:
    from .composer import compose_score, make_plan
    from .synthesizer import render

    plan = make_plan(features, **settings)
    score = compose_score(plan, features, title=title)
    return ScorePiece(picture, features, Sound(render(score)), plan, score)


def _by_network(picture, features, title, name, **settings) -> SpectralPiece:
    from .networks.spectral import open_road

    road = open_road(name)
    made = road.make(features, **settings)
    return SpectralPiece(picture, features, road.sound(made, title=title), road, made)
