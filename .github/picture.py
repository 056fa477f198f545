"""The picture at the top of the README: a photograph with its own notes over it.

    python .github/picture.py

writes `.github/hear_a_picture.jpg` and prints its alternative text, which the README carries.
"""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import imgmusic_edu as im

PATH = Path(__file__).with_name("hear_a_picture.jpg")
PHOTOGRAPH, SECONDS = "taj_mahal", 15
SIZE, DPI = (9.6, 5.4), 100  # inches: 960 by 540 pixels
YELLOW, WHITE, NIGHT = "#ffd23c", "#ffffff", "#0a1428"


def compose():
    return im.compose(im.datasets.picture(PHOTOGRAPH), seconds=SECONDS)


def described(piece):
    """What there is to see, in words."""
    notes = [note for note in piece.score.notes if note.part != "drums"]
    top = highest(piece)
    return (
        f"A photograph of the Taj Mahal with {len(notes)} notes of its music drawn over it from left to right. The "
        f"melody follows the skyline; its highest note, over the dome, is labelled {sentence(top, piece)}."
    )


def highest(piece):
    """The highest note of the melody; of several the longest."""
    return max((note for note in piece.score.notes if note.part == "melody"), key=lambda note: (note.pitch, note.beats))


def sentence(note, piece):
    """Pitch, moment and reason of a note."""
    name = im.scores.pitch_name(note.pitch)
    feature = note.cause.feature.replace("_", " ")
    return f"{name} at {note.beat * 60 / piece.plan.tempo:.1f} s: {feature}, rule {note.cause.rule}"


def draw(piece):
    """The figure: photograph, notes by time and pitch, the melody in front."""
    notes = [note for note in piece.score.notes if note.part != "drums"]
    low, high = min(note.pitch for note in notes) - 4, max(note.pitch for note in notes) + 9
    last = piece.plan.seconds * piece.plan.tempo / 60  # beats
    figure = plt.figure(figsize=SIZE, dpi=DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(_photograph(piece), extent=(0, last, low, high), aspect="auto", interpolation="bicubic")
    axes.set(xlim=(0, last), ylim=(low, high))
    axes.axis("off")
    for note in notes:
        if note.part != "melody":
            shape = {"width": note.beats * 0.94, "height": 0.5, "left": note.beat, "align": "center"}
            axes.barh(note.pitch, **shape, color=WHITE, alpha=0.5, linewidth=0)
    melody = [note for note in notes if note.part == "melody"]
    starts, pitches = [note.beat for note in melody], [note.pitch for note in melody]
    axes.step(starts, pitches, where="post", color=YELLOW, linewidth=1.2, alpha=0.8)
    for note in melody:
        axes.barh(note.pitch, note.beats * 0.94, 0.9, note.beat, color=YELLOW, edgecolor=NIGHT, linewidth=1)
    top = highest(piece)
    axes.annotate(
        sentence(top, piece),
        (top.beat + top.beats / 2, top.pitch + 0.5),
        (0.5, 0.93),
        textcoords="axes fraction",
        ha="center",
        fontsize=15,
        color=WHITE,
        bbox={"boxstyle": "round,pad=0.5", "facecolor": NIGHT, "edgecolor": "none", "alpha": 0.85},
        arrowprops={"arrowstyle": "-", "color": WHITE, "linewidth": 1.5},
    )
    return figure


def _photograph(piece):
    """The photograph, darkened a little so that notes stand out from it."""
    return (piece.picture * np.array([0.62, 0.62, 0.68])).astype(np.uint8)


def write(path=PATH):
    """Write the picture; return its alternative text."""
    piece = compose()
    figure, drawn = draw(piece), io.BytesIO()
    figure.savefig(drawn, format="png")
    plt.close(figure)
    Image.open(drawn).convert("RGB").save(path, quality=82, optimize=True)
    return described(piece)


if __name__ == "__main__":
    print(write())
