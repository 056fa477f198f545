"""A piece as files for everywhere else: sound, notes, reasons, a page that plays by itself, a video.

Taught in chapter 11.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import NamedTuple

from ..files import write_atomically

__all__ = ["KINDS", "Kind", "encoded", "export", "file_name", "page"]


class Kind(NamedTuple):
    """A kind of file: what it is called, and its media type."""

    name: str
    media_type: str


#: Suffix -> what such a file is.
KINDS = {
    "wav": Kind("Sound (WAV)", "audio/wav"),
    "flac": Kind("Sound (FLAC)", "audio/flac"),
    "mid": Kind("Notes (MIDI)", "audio/midi"),
    "json": Kind("Explanation (JSON)", "application/json"),
    "mp4": Kind("Video (MP4)", "video/mp4"),
    "html": Kind("Page (HTML)", "text/html"),
}

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 660px; margin: 0 auto; padding: 12px; font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; \
background: #fff }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{player}
<h2>Why it sounds like this</h2>
{why}
</main>
</body>
</html>
"""


def page(piece, *, title: str = "") -> str:
    """A whole page in one file, with picture, notes, spectrogram and sound in it: it needs no network and no kernel.

    Parameters
    ----------
    piece : Piece
    title : str

    Returns
    -------
    str
        HTML.

    Notes
    -----
    Taught in chapter 11.
    """
    from ..widgets.page import player_html

    why = "\n".join(f"<p>{escape(sentence)}</p>" for sentence in piece.sentences)
    return _PAGE.format(title=escape(title or "A picture and its music"), player=player_html(piece), why=why)


def encoded(piece, kind: str, *, title: str = "", watch: Callable[[float], bool | None] | None = None) -> bytes:
    """A piece as the bytes of a file.

    Parameters
    ----------
    piece : Piece
    kind : str
        One of `KINDS`.
    title : str
        For the page and the video.
    watch : callable (share), optional
        Told how much of a video is done, 0..1; one that gives True stops it.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        There is no such kind, or the road writes no notes.
    ImportError
        A video needs imageio-ffmpeg, and it is not installed.
    OSError
        There is no room for the video's working file.
    video.Stopped
        `watch` said so.

    Notes
    -----
    Taught in chapter 11.
    """
    if kind not in KINDS:
        raise ValueError(f"A piece cannot become a file .{kind:.20}; it can become .{', .'.join(KINDS)}.")
    if kind == "mid":
        if getattr(piece, "score", None) is None:
            raise ValueError("This road writes no notes: export the sound, or take the road 'score'.")
        midi = io.BytesIO()
        piece.score.to_midi(midi)
        return midi.getvalue()
    if kind == "json":
        return json.dumps(piece.explanation, indent=1).encode()
    if kind == "html":
        return page(piece, title=title).encode()
    if kind == "mp4":
        from .video import encode_video

        return encode_video(piece, title=title, watch=watch)
    return piece.sound.encode(kind)


def export(piece, path: str | os.PathLike, *, title: str = "", watch=None) -> None:
    """Write a piece as the file that the suffix names, one of `KINDS`: it is there whole, or not at all.

    Raises
    ------
    ValueError, ImportError
        As `encoded`.
    OSError
        The file cannot be written, in one sentence; what was there before is untouched.

    Notes
    -----
    Taught in chapter 11.
    """
    path = Path(path)
    kind = {"midi": "mid", "htm": "html"}.get(suffix := path.suffix.lower().removeprefix("."), suffix)
    write_atomically(path, encoded(piece, kind, title=title or path.stem, watch=watch))


def file_name(title: str, kind: str) -> str:
    """A name for a file: of a title what any disk takes, and the suffix."""
    stem = re.sub(r"\W+", "_", re.sub(r"\.\w{1,5}$", "", title)).strip("_")
    return f"{stem[:60] or 'piece'}.{kind}"
