"""Roads from a picture to music: the one call behind the notebooks, the command and the studio.

A road of one's own is a function, picture in, sound out. Once it has a name, it goes wherever the others go:

    roads.register("mine", my_function)
    im.compose(picture, road="mine")

One part of a road can be one's own and the rest stay (`own_roads.score_road`, `own_roads.spectral_road`):

    roads.register("waltz", roads.score_road(plan=my_plan))     # features -> plan -> score -> render
    roads.register("robot", roads.spectral_road("mlp", vocoder=my_vocoder))  # features -> mapping -> decoder -> vocoder

Taught in chapters 00, 08, 10 and 11.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .composer.plan import Plan
from .files import write_atomically
from .own_roads import OwnRoad, checked_name, found_in_file, score_road, spectral_road
from .scores import Score
from .sounds import Sound
from .visual_features import VisualFeatures

if TYPE_CHECKING:  # TensorFlow's rooms load when a spectral road is taken
    from .networks.spectral import Made, SpectralRoad

__all__ = [
    "ROADS",
    "Piece",
    "ScorePiece",
    "SpectralPiece",
    "compose",
    "names",
    "register",
    "score_road",
    "spectral_road",
    "takes",
    "unregister",
]

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


@dataclass(frozen=True, repr=False)
class OwnPiece(Piece):
    """A piece by a road of somebody's own that gave back no more than a sound.

    Attributes
    ----------
    road : str
    about : str
        The first line of the road's docstring, or "".
    """

    road: str
    about: str

    @cached_property
    def explanation(self) -> dict:
        """Features of the picture; what the road made of them is its own affair. See `explanations.explain_own`."""
        from .explanations import explain_own

        return explain_own(self.road, self.about, self.features, self.sound.seconds)

    def _save_score(self, path: Path) -> None:
        raise ValueError(f"The road {self.road!r} gave back no notes: save the sound, or take the road 'score'.")

    def __repr__(self) -> str:
        return f"<Piece: {self.sound.seconds:g} s by the road {self.road!r}>"


# --- roads of one's own ----------------------------------------------------------------------------------

_OWN: dict[str, OwnRoad] = {}  # of this session; nothing is written anywhere


def register(name: str, function: Callable) -> None:
    """Give a function a name, by which it is a road from then on, until the session ends.

    Parameters
    ----------
    name : str
        Letters, digits, "-" and "_". Under a name of your own, the new function replaces the old one.
    function : callable
        Takes the picture, (H, W, 3) uint8 sRGB, and of these what it names: `features` (as `visual_features` gives
        them), `seconds`, `seed`, `tempo`, `key`, `mode`, `instruments`, `weights`, `title`. Gives back a `Sound` at
        22 050 Hz, its samples, or a whole `Piece`; checked each time: no silence, nothing but finite numbers.

    Raises
    ------
    ValueError
        The name is one of `ROADS` or has other signs in it, or the function takes no picture.

    Examples
    --------
    >>> import numpy as np
    >>> from imgmusic_edu import compose, datasets, roads
    >>> def hum(picture, seconds):
    ...     return 0.2 * np.sin(np.arange(round(seconds * 22050)) * (0.02 + picture.mean() / 5000))
    >>> roads.register("hum", hum)
    >>> compose(datasets.picture("koala"), road="hum", seconds=8)
    <Piece: 8 s by the road 'hum'>
    >>> roads.unregister("hum")

    Notes
    -----
    Taught in chapter 11, section "A road of your own".
    """
    checked_name(name, taken=ROADS)
    _OWN[name] = OwnRoad(name, function)


def unregister(name: str) -> None:
    """Take a road of one's own away.

    Raises
    ------
    ValueError
        There is none of this name.
    """
    if name not in _OWN:
        raise ValueError(f"No road {name!r:.40} was registered; there are {', '.join(_OWN) or 'none'}.")
    del _OWN[name]


def names() -> tuple[str, ...]:
    """All roads there are: `ROADS`, then those of one's own."""
    return (*ROADS, *_OWN)


def takes(name: str) -> frozenset[str]:
    """Settings of `compose` that a road can be told; of a road that is not known (yet), all.

    Parameters
    ----------
    name : str

    Notes
    -----
    Taught in chapter 11, section "A road of your own".
    """
    common = frozenset(("seconds", "seed", "tempo", "key"))
    if name in ROADS[1:]:
        return common
    everything = common | {"mode", "instruments", "weights", "seeds"}
    return _OWN[name].taken(everything) if name in _OWN else everything


def known(name: str) -> bool:
    """Whether there is such a road; "my_file.py:my_function" opens the file, and is one from then on.

    That way a terminal and other processes can take a road of one's own.

    Raises
    ------
    ValueError
        The file cannot be read, or has no such function; one sentence.
    """
    if ".py:" in name and name not in _OWN:
        _OWN[name] = OwnRoad(name, found_in_file(name))
    return name in names()


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
        TensorFlow; the first call opens them). Or one of your own: see `register`; "my_file.py:my_function" does
        without it.
    seconds, seed, tempo, key, mode, instruments, weights, seeds
        As in `composer.make_plan`: what is left out follows the picture. The last four belong to the score road, and
        to roads of your own that take them.
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

    if not known(road):
        raise ValueError(f"The roads are {', '.join(names())}, but {road!r:.40} was asked for.")
    told = {"mode": mode, "instruments": instruments, "weights": weights, "seeds": seeds}
    given = [name for name, value in told.items() if value is not None and name not in takes(road)]
    if road in ROADS[1:] and given:
        raise ValueError(f"The road {road!r} takes its {' and '.join(given)} from the picture: leave that out.")
    if features is None:
        picture = open_picture(picture, max_side=WORKING_SIDE)
        features = visual_features(picture)
    common = {"seconds": seconds, "seed": seed, "tempo": tempo, "key": key}
    if road in _OWN:
        own = _OWN[road]
        made = own(picture, features=features, title=title, **common, **told)
        return made if isinstance(made, Piece) else OwnPiece(picture, features, made, road, own.about)
    take = score_road() if road == "score" else spectral_road(road)
    return take(picture, features=features, title=title, **common, **(told if road == "score" else {}))
