"""Sessions that outlive panel and kernel: every step is kept in the learner's own folder, and nothing is sent anywhere.

A session is a small JSON file, its pictures lie beside it, each once; the last few sessions stay, and all of the last
day. The folder is `studio` in `files.own_folder`, where the diary of exercises lies, too.

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
DAY = 86400.0  # s; what was written since may be open in another kernel, or wait for its session to be written


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
        return f"{self.title}, {self.steps} step{'' if self.steps == 1 else 's'}, {at}"

    def opened(self) -> tuple[list[Version], int, Version | None]:
        """Its versions, the place of the last one that was heard, and A: for `Session.resume`.

        Raises
        ------
        ValueError
            The file, or a picture beside it, is damaged or gone.
        """
        try:
            state = json.loads(self.path.read_text(encoding="utf-8"))
            pictures: dict[str, np.ndarray] = {}
            versions = [_read(entry, pictures, self.path.parent) for entry in state["versions"]]
            held = None if state["held"] is None else _read(state["held"], pictures, self.path.parent)
            present = range(len(versions))[int(state["present"])]
        except (OSError, ValueError, TypeError, KeyError, IndexError) as problem:
            raise ValueError(f"The session of {self.sentence} cannot be opened again ({problem}).") from problem
        return versions, present, held


class Keeper:
    """Keeps one session.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session):
        self._session = session
        self._path = _folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.json"
        self._names: dict[int, tuple] = {}  # id of a picture of the session -> the picture, the name of its file
        self._entries: Any = weakref.WeakKeyDictionary()  # version -> as it is written

    def keep(self) -> None:
        """Write the session as it stands.

        Raises
        ------
        files.FileWriteError
            The folder cannot be written to; what was kept before is untouched.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        versions, present = self._session.history()
        held = self._session.held
        self._keep_pictures([version.picture for version in (*versions, held) if version is not None])
        state = {
            "versions": [self._written(version) for version in versions],
            "present": present,
            "held": None if held is None else self._written(held),
        }
        new = not self._path.exists()
        write_atomically(self._path, json.dumps(state, default=lambda number: number.item()).encode())
        if new:  # a slider that moves on need not wait for it
            _tidy()

    def _keep_pictures(self, pictures):
        """Every picture's file is there afterwards, and young: whoever tidied up meanwhile may have taken it away."""
        here = {id(picture): picture for picture in pictures}
        self._names = {key: self._names.get(key) or (picture, _name(picture)) for key, picture in here.items()}
        for picture, name in self._names.values():
            try:
                os.utime(self._path.parent / name)
            except FileNotFoundError:
                buffer = io.BytesIO()
                Image.fromarray(picture).save(buffer, "png", compress_level=1)
                write_atomically(self._path.parent / name, buffer.getvalue())

    def _written(self, version):
        if version not in self._entries:
            _, name = self._names[id(version.picture)]
            self._entries[version] = {"title": version.title, "picture": name, "settings": asdict(version.settings)}
        return self._entries[version]


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
    """Take old sessions away, and old pictures that no session has."""
    files = _files()
    for path in filter(_old, files[SESSIONS:]):
        with contextlib.suppress(OSError):
            os.unlink(path)
    if len(files) > SESSIONS:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            texts = "".join(path.read_text(encoding="utf-8") for path in _files())
            for picture in filter(_old, _folder().glob("*.png")):
                if picture.name not in texts:
                    os.unlink(picture)


def _old(path):
    with contextlib.suppress(OSError):  # another kernel tidies up, too
        return time.time() - path.stat().st_mtime > DAY
    return False


def _name(picture):
    return hashlib.sha256(f"{picture.shape}".encode() + picture.tobytes()).hexdigest()[:20] + ".png"


def _read(entry, pictures, folder):
    name = os.path.basename(entry["picture"])
    if name not in pictures:
        pictures[name] = open_picture(folder / name)
    settings = entry["settings"] | {"instruments": tuple(entry["settings"]["instruments"])}
    return Version(pictures[name], str(entry["title"]), Settings(**settings))
