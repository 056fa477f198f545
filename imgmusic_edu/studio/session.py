"""A session in the studio: what was asked for, what is locked, and every version on the way, with undo and redo.

A knob is either free, and follows the picture and the seed, or locked at a value. That is the whole idea: to set one
is to lock it, and a re-roll draws a new seed for all that is free.

Taught in chapter 11.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..composer.plan import PARTS
from ..pictures import open_picture
from ..roads import WORKING_SIDE, takes
from ..scores import PITCH_NAMES

__all__ = ["LOCKS", "Session", "Settings", "Version", "heard"]

#: What can be locked. A tune stands on its chords, metre and key, so these are locked with it.
LOCKS = ("tempo", "key", "mode", *PARTS, "chords", "tune")
_SEEDED = {"chords": ("metre", "chords"), "tune": ("metre", "chords", "rhythm", "motif")}
_SETTING = {**dict.fromkeys(PARTS, "instruments"), **dict.fromkeys(_SEEDED, "seeds")}  # a lock -> its setting
STEPS = 200  # versions that undo can go back
KEPT = 8  # pieces that need not be made again
SEEDS = 1_000_000  # a re-roll draws one below
TRIES = 8  # seeds that a re-roll hears before it says that none of them is heard


@dataclass(frozen=True)
class Settings:
    """What is asked of a piece; None and what is missing follow the picture and the seed.

    Attributes
    ----------
    road, seconds, seed, tempo, key, mode, weights, seeds
        As `compose` takes them.
    instruments : tuple of 4
        A name or None for each of `composer.plan.PARTS`.
    """

    road: str = "score"
    seconds: float = 10.0
    seed: int = 0
    tempo: float | None = None
    key: str | None = None
    mode: str | None = None
    instruments: tuple = (None,) * len(PARTS)
    weights: Mapping[str, float] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)

    @property
    def locked(self) -> frozenset[str]:
        """Those of `LOCKS` that neither the picture nor a re-roll moves."""
        values = {"tempo": self.tempo, "key": self.key, "mode": self.mode}
        values |= dict(zip(PARTS, self.instruments, strict=True))
        values |= {"chords": self.seeds.get("chords"), "tune": self.seeds.get("motif")}
        return frozenset(name for name, value in values.items() if value is not None)

    def arguments(self) -> dict:
        """For `compose`: what its road takes. What it does not take is kept for the way back."""
        asked = {name: getattr(self, name) for name in ("seconds", "seed", "tempo", "key", "mode")}
        asked |= {"instruments": self.instruments if any(self.instruments) else None}
        asked |= {"weights": self.weights or None, "seeds": self.seeds or None}
        return {"road": self.road} | {name: value for name, value in asked.items() if name in takes(self.road)}

    def turns(self, name: str) -> bool:
        """Whether the road takes what a knob or a lock stands for."""
        return _SETTING.get(name, name) in takes(self.road)

    def set(self, name: str, value) -> Settings:
        """Settings with one of them, or the instrument of one part, at another value; None frees it."""
        if name not in PARTS:
            return replace(self, **{name: value})
        players = dict(zip(PARTS, self.instruments, strict=True)) | {name: value}
        return replace(self, instruments=tuple(players.values()))

    def can_lock(self, name: str, now: Mapping) -> bool:
        """Whether the road takes one of `LOCKS`, and something of the kind is heard `now`."""
        return self.turns(name) and (name in now or (name in _SEEDED and "mode" in now))

    def lock(self, name: str, now: Mapping) -> Settings:
        """Settings that keep one of `LOCKS` as it is heard `now` (see `heard`).

        Raises
        ------
        ValueError
            There is no such lock, or nothing of the kind is heard on this road.
        """
        if name not in LOCKS:
            raise ValueError(f"There is no lock for {name!r:.40}; there are {', '.join(LOCKS)}.")
        if not self.can_lock(name, now):
            raise ValueError(f"On the road {self.road!r} there is no {name} to lock: take the road 'score'.")
        if name not in _SEEDED:
            return self.set(name, now[name])
        kept = {choice: self.seeds.get(choice, self.seed) for choice in _SEEDED[name]}
        locked = replace(self, seeds={**self.seeds, **kept})
        return locked.set("key", now["key"]) if name == "tune" else locked

    def unlock(self, name: str) -> Settings:
        """Settings with one of `LOCKS` free again; a tune goes with its chords and its key."""
        freed = {"tune"} if name in ("tune", "key", "chords") else set()
        staying = self.locked - freed - {name}
        wanted = {choice for lock in staying & set(_SEEDED) for choice in _SEEDED[lock]}
        kept = replace(self, seeds={choice: seed for choice, seed in self.seeds.items() if choice in wanted})
        return kept if name in _SEEDED else kept.set(name, None)


def heard(piece) -> dict:
    """Name of a lock -> what stands there in a piece now, as far as its road knows of it."""
    if getattr(piece, "plan", None) is not None:
        plan = piece.plan
        return {"tempo": plan.tempo, "key": PITCH_NAMES[plan.tonic % 12], "mode": plan.mode, **plan.instruments}
    made = getattr(piece, "made", None)
    return {} if made is None else {"tempo": made.tempo, "key": PITCH_NAMES[made.tonic]}


def same_sound(piece, other) -> bool:
    """Whether two pieces are the same to the ear."""
    return np.array_equal(piece.sound.samples, other.sound.samples)


@dataclass(frozen=True, eq=False)
class Version:
    """One state of a session.

    Attributes
    ----------
    picture : np.ndarray, shape (H, W, 3), uint8
    title : str
    settings : Settings
    """

    picture: np.ndarray
    title: str
    settings: Settings

    def shown(self, picture, title: str) -> Version:
        """The same settings for another picture."""
        return replace(self, picture=open_picture(picture, max_side=WORKING_SIDE), title=title)

    def changed(self, **settings) -> Version:
        """Other settings; the names of parts stand for their instruments."""
        asked = self.settings
        for name, value in settings.items():
            asked = asked.set(name, value)
        return replace(self, settings=asked)

    def locked(self, name: str, piece) -> Version:
        """With one of `LOCKS` as it is heard in a piece."""
        return replace(self, settings=self.settings.lock(name, heard(piece)))

    def unlocked(self, name: str) -> Version:
        """With one of `LOCKS` free again, to follow picture and seed."""
        return replace(self, settings=self.settings.unlock(name))

    def rerolled(self) -> Version:
        """With another seed, at random, for all that is free."""
        return self.changed(seed=secrets.randbelow(SEEDS))

    def says(self, other: Version) -> bool:
        """Whether another version asks for the same."""
        same = self.picture is other.picture and self.title == other.title
        return same and self.settings == other.settings


class Session:
    """A picture, its music, and the way there.

    A step is taken only once its music has been made: what fails is raised, and the session stands where it stood.

    Parameters
    ----------
    picture : anything `open_picture` reads
    title : str
        Of the picture.
    settings : Settings, optional
    compose : callable, optional
        In place of `imgmusic_edu.compose`.

    Attributes
    ----------
    present : Version
    held : Version or None
        The version A that others are compared with.

    Notes
    -----
    Taught in chapter 11.
    """

    def __init__(self, picture, title: str = "", settings: Settings | None = None, *, compose=None):
        self._compose = compose
        self._pieces: dict = {}  # Version -> Piece and the seconds it took, the last used last
        self._features: dict = {}  # id of a picture -> the picture, its features
        self._past: list[Version] = []
        self._future: list[Version] = []
        self.held: Version | None = None
        self.present = Version(open_picture(picture, max_side=WORKING_SIDE), title, settings or Settings())

    @property
    def piece(self):
        """The music of the present version."""
        return self.make(self.present)

    @property
    def took(self) -> float:
        """Seconds that the present version's music took to make."""
        self.make(self.present)
        return self._pieces[self.present][1]

    @property
    def before(self) -> Version | None:
        """What `undo` goes back to."""
        return self._past[-1] if self._past else None

    @property
    def after(self) -> Version | None:
        """What `redo` goes on to."""
        return self._future[-1] if self._future else None

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def has(self, version: Version) -> bool:
        """Whether the music of a version is at hand."""
        return version in self._pieces

    def make(self, version: Version):
        """The music of a version, made once as long as it is among the last few; the session does not move.

        Raises
        ------
        ValueError, ImportError
            As `compose` raises them.
        """
        made = self._pieces.pop(version, None)
        if made is None:
            start = time.perf_counter()
            made = self._made(version), time.perf_counter() - start
        self._pieces[version] = made
        for old in list(self._pieces)[:-KEPT]:
            self._pieces.pop(old, None)
        return made[0]

    def _made(self, version):
        if self._compose is None:
            from ..roads import compose
        else:
            compose = self._compose
        features = self._seen(version.picture)
        return compose(version.picture, title=version.title, features=features, **version.settings.arguments())

    def _seen(self, picture):
        """The features of a picture, measured once as long as it is among the last few."""
        from ..visual_features import visual_features

        _, features = self._features.get(id(picture)) or (None, visual_features(picture))
        self._features[id(picture)] = picture, features
        for old in list(self._features)[:-KEPT]:
            self._features.pop(old, None)
        return features

    # ---- steps

    def take(self, version: Version, *, fold: bool = False):
        """Go on to a version once its music is made; one step of the history, or, to `fold`, a part of the last one.

        A version that asks for what stands there already is no step.
        """
        piece = self.make(version)
        if version.says(self.present):
            return piece
        if not (fold and self._past):
            self._past = [*self._past, self.present][-STEPS:]
        self._future = []
        self.present = version
        return piece

    def show(self, picture, title: str = ""):
        """`take` another picture."""
        return self.take(self.present.shown(picture, title))

    def change(self, *, fold: bool = False, **settings):
        """`take` other settings."""
        return self.take(self.present.changed(**settings), fold=fold)

    def lock(self, name: str):
        """Keep one of `LOCKS` as it is heard now."""
        return self.take(self.present.locked(name, self.piece))

    def unlock(self, name: str):
        """Let one of `LOCKS` follow picture and seed again."""
        return self.take(self.present.unlocked(name))

    def reroll(self, seed: int | None = None):
        """`take` another seed; what is locked stays."""
        return self.take(self.rerolled() if seed is None else self.present.changed(seed=seed))

    def rerolled(self) -> Version:
        """The present version with another seed, at random, that is heard.

        Raises
        ------
        ValueError
            All that a seed decides is locked.
        """
        for _ in range(TRIES):
            version = self.present.rerolled()
            if getattr(self.piece, "score", None) is None or not same_sound(self.piece, self.make(version)):
                return version
        raise ValueError(f"{TRIES} other seeds sound the same, as what they decide is locked: unlock chords or tune.")

    def undo(self):
        """One step back; the piece, or None where there is none."""
        return self._step(self._past, self._future)

    def redo(self):
        """One step forward again; the piece, or None where there is none."""
        return self._step(self._future, self._past)

    def _step(self, source, target):
        if not source:
            return None
        piece = self.make(source[-1])
        target.append(self.present)
        self.present = source.pop()
        return piece

    def explained(self) -> None:
        """Only what the course's own score road says of its notes can be asked of the picture again.

        Raises
        ------
        ValueError
            The present version came by another road, or by a chain with a part of one's own.
        """
        if self._compose is not None or self.present.settings.road != "score":
            raise ValueError(
                "Only notes of the road 'score', with no part exchanged, can be asked again: take that one."
            )

    # ---- all of them

    def history(self) -> tuple[list[Version], int]:
        """All versions, from the first step to the last undone one, and the place of the present one."""
        return [*self._past, self.present, *reversed(self._future)], len(self._past)

    def resume(self, versions: list[Version], present: int, held: Version | None = None) -> None:
        """Take over the steps of another session, after one's own, and stand where it stood."""
        self.make(versions[present])
        self._past = [*self._past, self.present, *versions[:present]][-STEPS:]
        self._future = versions[:present:-1]
        self.present, self.held = versions[present], held or self.held

    # ---- two versions

    def hold(self):
        """Keep the present version as A, to compare others with."""
        self.held = self.present

    def back_to_held(self):
        """`take` version A again."""
        if self.held is None:
            raise ValueError("No version is kept as A yet: keep one first.")
        return self.take(self.held)
