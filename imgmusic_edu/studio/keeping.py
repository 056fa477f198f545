"""Sessions that outlive panel and kernel: every step is kept in the learner's own folder, and nothing is sent anywhere.

A session is a small JSON file, its pictures lie beside it, each once; the last few sessions stay. The folder is
`studio` in `files.own_folder`, where the diary of exercises lies, too.

Taught in chapter 11, section "The studio".
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import time
import weakref
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..files import own_folder, write_atomically
from ..pictures import open_picture
from .session import Session, Settings, Version

__all__ = ["Keeper", "Kept", "kept"]

SESSIONS = 4  # that stay
_OURS: set[str] = set()  # files of sessions of this process: they may still be open


class Kept(NamedTuple):
    """A session that was kept.

    Attributes
    ----------
    path : Path
    title : str
        Of the picture seen last.
    steps : int
    when : float
        Seconds since 1970 of its last step.
    """

    path: Path
    title: str
    steps: int
    when: float

    @property
    def sentence(self) -> str:
        """What there is to go back to."""
        at = time.strftime("%d %B, %H:%M", time.localtime(self.when)).lstrip("0")
        return f"{self.title}, {self.steps} steps, {at}"


class Keeper:
    """Keeps one session.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session):
        self._session = session
        self._path = _folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.json"
        self._names: dict[int, tuple] = {}  # id of a picture -> the picture, the name of its file
        self._entries: Any = weakref.WeakKeyDictionary()  # version -> as it is written
        _OURS.add(self._path.name)

    def keep(self) -> None:
        """Write the session as it stands.

        Raises
        ------
        files.FileWriteError
            The folder cannot be written to; what was kept before is untouched.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        versions, present = self._session.history()
        held = None if self._session.held is None else self._written(self._session.held)
        state = {"versions": [self._written(version) for version in versions], "present": present, "held": held}
        new = not self._path.exists()
        write_atomically(self._path, json.dumps(state).encode())
        if new:  # a slider that moves on need not wait for it
            _tidy()

    def resume(self, which: Kept) -> None:
        """Take a kept session's steps into this one, after its own; the last one becomes the present.

        Raises
        ------
        ValueError
            The file, or a picture beside it, is damaged or gone.
        """
        try:
            state = json.loads(which.path.read_text(encoding="utf-8"))
            pictures: dict[str, np.ndarray] = {}
            versions = [_read(entry, pictures, which.path.parent) for entry in state["versions"]]
            held = None if state["held"] is None else _read(state["held"], pictures, which.path.parent)
            self._session.resume(versions, int(state["present"]), held)
        except (OSError, ValueError, TypeError, KeyError, IndexError) as problem:
            raise ValueError(f"The session of {which.sentence} cannot be opened again ({problem}).") from problem

    def _written(self, version):
        if version not in self._entries:
            name, settings = self._picture(version.picture), asdict(version.settings)
            self._entries[version] = {"title": version.title, "picture": name, "settings": settings}
        return self._entries[version]

    def _picture(self, picture):
        """The name of a picture's file, which is there afterwards."""
        if id(picture) not in self._names:
            name = hashlib.sha256(picture.tobytes()).hexdigest()[:20] + ".png"
            if not (self._path.parent / name).exists():
                buffer = io.BytesIO()
                Image.fromarray(picture).save(buffer, "png", compress_level=1)
                write_atomically(self._path.parent / name, buffer.getvalue())
            self._names[id(picture)] = picture, name
        return self._names[id(picture)][1]


def kept() -> list[Kept]:
    """Sessions that can be gone on with, the last one first; what is damaged is left out.

    Those of this kernel count: a cell that is run again makes another studio.
    """
    found = []
    for path in _files():
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, IndexError):
            state = json.loads(path.read_text(encoding="utf-8"))
            title = str(state["versions"][state["present"]]["title"])
            found.append(Kept(path, title, int(state["present"]), path.stat().st_mtime))
    return found


def _folder():
    return own_folder() / "studio"


def _files():
    """Files of sessions, the last written first."""
    with contextlib.suppress(OSError):
        return sorted(_folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return []


def _tidy():
    """Take old sessions away, and pictures that no session has."""
    files = _files()
    for path in files[SESSIONS:]:
        if path.name not in _OURS:
            with contextlib.suppress(OSError):
                os.unlink(path)
    if len(files) > SESSIONS:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            texts = "".join(path.read_text(encoding="utf-8") for path in _files())
            for picture in _folder().glob("*.png"):
                if picture.name not in texts:
                    os.unlink(picture)


def _read(entry, pictures, folder):
    name = os.path.basename(entry["picture"])
    if name not in pictures:
        pictures[name] = open_picture(folder / name)
    settings = entry["settings"] | {"instruments": tuple(entry["settings"]["instruments"])}
    return Version(pictures[name], str(entry["title"]), Settings(**settings))
