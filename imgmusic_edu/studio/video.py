"""A piece as a video: the picture with its playhead, the notes with theirs, the regions of what sounds, and the sound.

H.264 and AAC in MP4, which every telephone plays, written by the ffmpeg that the package imageio-ffmpeg brings along.

Taught in chapter 11.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..files import FileWriteError, printable

__all__ = ["RATE", "Stopped", "encode_video", "frames"]

RATE = 25  # frames a second
LARGEST = (960, 640)  # px of the picture in the video
NARROWEST = 480  # px of the video
WHOLE = 0.95  # a region at least so wide says nothing of where
ROLL = 140  # px, height of the notes below the picture
DARK, LINE, WHITE = (20, 24, 31), (58, 66, 80), (255, 255, 255)
# As in the player: Okabe and Ito's colours that stand out on the dark panel.
COLOURS = ((240, 228, 66), (86, 180, 233), (230, 159, 0), (204, 121, 167), (47, 199, 154), (255, 138, 80))


class Stopped(Exception):
    """Somebody stopped it: there is no video, and nothing of it is left."""


def encode_video(piece, *, title: str = "", watch: Callable[[float], bool | None] | None = None) -> bytes:
    """A piece as the bytes of an MP4 file.

    Parameters
    ----------
    piece : Piece
        One without notes gives a video without them.
    title : str
    watch : callable (share), optional
        Told after each frame how much is done, 0..1; one that gives True stops it.

    Returns
    -------
    bytes

    Raises
    ------
    ImportError
        imageio-ffmpeg is not installed, or brings no ffmpeg for this machine.
    OSError
        It could not be written, as when the disk is full; one sentence.
    Stopped
        `watch` said so.

    Notes
    -----
    Taught in chapter 11.
    """
    program = _ffmpeg()
    try:
        with tempfile.TemporaryDirectory(prefix="imgmusic-", ignore_cleanup_errors=True) as folder:
            return _written(program, piece, Path(folder), title, watch)
    except OSError as problem:
        reason = printable(problem.strerror.lower() if problem.strerror else problem)
        sentence = f"The video could not be written ({reason:.200}): make room on the disk, then try again."
        raise FileWriteError(sentence) from problem


def _written(program, piece, folder, title, watch):
    """The video as bytes; what is written on the way lies in `folder`."""
    sound, target = folder / "sound.wav", folder / "video.mp4"
    sound.write_bytes(piece.sound.encode("wav"))
    drawn = frames(piece)
    first = next(drawn)
    command = [program, *_options(first, sound, title), str(target)]
    with open(folder / "log.txt", "w+b") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            _feed(process, first, drawn, round(piece.sound.seconds * RATE), watch)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines()
    if process.returncode or not target.exists():
        raise OSError(f"ffmpeg failed: {said[-1] if said else 'it said nothing'}")
    return target.read_bytes()


def _ffmpeg() -> str:
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as problem:  # RuntimeError: the package has no ffmpeg for this machine
        raise ImportError(
            "A video needs an ffmpeg, which the package imageio-ffmpeg brings along: pip install imageio-ffmpeg, then "
            "try again."
        ) from problem


def _options(first, sound, title):
    high, wide = first.shape[:2]
    return [
        *("-hide_banner", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{wide}x{high}", "-framerate", f"{RATE}"),
        *("-i", "pipe:0", "-i", str(sound)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv", "-colorspace", "bt709", "-color_primaries", "bt709"),
        *("-color_trc", "bt709", "-c:a", "aac", "-b:a", "160k", "-ar", "44100"),
        *("-metadata", f"title={title}", "-fflags", "+bitexact", "-movflags", "+faststart", "-f", "mp4"),
    ]


def _feed(process, first, drawn, n_frames, watch):
    """Hand over frame after frame; where ffmpeg ends by itself, its log says why."""
    try:
        process.stdin.write(first)
        for number, frame in enumerate(drawn, start=2):
            process.stdin.write(frame)
            if watch is not None and watch(number / n_frames):
                raise Stopped("The video was stopped.")
        process.stdin.close()
        process.wait()
    except BrokenPipeError:
        process.wait()


def frames(piece) -> Iterator[np.ndarray]:
    """The frames of a piece's video, `RATE` a second.

    Parameters
    ----------
    piece : Piece

    Yields
    ------
    np.ndarray, shape (height, width, 3), uint8, both even

    Notes
    -----
    Taught in chapter 11.
    """
    seconds = piece.sound.seconds
    notes = [(note, part) for note, part in _notes(piece)]
    high, wide = piece.picture.shape[:2]
    scale = min(LARGEST[0] / wide, LARGEST[1] / high)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    width = _even(max(size[0], NARROWEST))
    roll = ROLL if notes else 0
    whole = Image.new("RGB", (width, _even(size[1] + roll)), DARK)
    left = (width - size[0]) // 2
    whole.paste(Image.fromarray(piece.picture).resize(size, Image.Resampling.LANCZOS), (left, 0))
    boxes = _draw_notes(ImageDraw.Draw(whole), notes, seconds, (width, size[1])) if notes else []
    for number in range(round(seconds * RATE)):
        now = number / RATE
        image = whole.copy()
        draw = ImageDraw.Draw(image)
        for (note, part), box in zip(notes, boxes, strict=True):
            if note["start"] <= now < note["start"] + note["duration"]:
                _light_up(draw, note, COLOURS[part % len(COLOURS)], box, size, left)
        _head(draw, left + now / seconds * size[0], 0, size[1])
        if notes:
            _head(draw, now / seconds * width, size[1], size[1] + roll)
        yield np.asarray(image)


def _notes(piece):
    """(note as the explanation has it, number of its part), if the road writes notes."""
    notes = piece.explanation.get("notes", [])
    parts = list(dict.fromkeys(note["part"] for note in sorted(notes, key=lambda note: note["part"] != "melody")))
    return [(note, parts.index(note["part"])) for note in notes]


def _draw_notes(draw, notes, seconds, place):
    """All notes as bars under the picture, drums at the bottom; the boxes they fill."""
    width, top = place
    pitches = [note["pitch"] for note, _ in notes if note["part"] != "drums"] or [60]
    low, high = min(pitches) - 3, max(pitches) + 2
    step = (ROLL - 18) / (high - low)
    boxes = []
    for note, part in notes:
        drum = note["part"] == "drums"
        y = top + (ROLL - 14 + 4 * (note["pitch"] % 3) if drum else (high - note["pitch"]) * step)
        x = note["start"] / seconds * width
        end = x + 3 if drum else max(x + 2, (note["start"] + note["duration"]) / seconds * width - 1)
        boxes.append((x, y - 2.5, end, y + 2.5))
        red, green, blue = COLOURS[part % len(COLOURS)]
        draw.rectangle(boxes[-1], fill=(red * 3 // 5, green * 3 // 5, blue * 3 // 5))
    draw.line((0, top, width, top), fill=LINE)
    return boxes


def _light_up(draw, note, colour, box, size, left):
    draw.rectangle(box, fill=colour, outline=WHITE)
    if "region" in note and note["region"][2] - note["region"][0] < WHOLE:
        x0, y0, x1, y1 = (edge * size[k % 2] for k, edge in enumerate(note["region"]))
        edges = (left + x0, y0, left + max(x1, x0 + 4), max(y1, y0 + 4))
        draw.rectangle(edges, outline=(0, 0, 0), width=4)
        draw.rectangle((edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1), outline=colour, width=2)


def _head(draw, x, top, bottom):
    draw.rectangle((x - 2, top, x + 2, bottom), fill=(0, 0, 0))
    draw.rectangle((x - 1, top, x + 1, bottom), fill=WHITE)


def _even(length: int) -> int:
    """H.264 with halved colours wants even sides."""
    return length + length % 2
