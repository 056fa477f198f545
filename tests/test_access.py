"""Figures for everyone: words that tell something, never hue alone, enough contrast, and the numbers as a table."""

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest

from imgmusic_edu import access, drawn, plots, tables

GOOD = "Two lines that cross in the middle, at 0.5."


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alt",
    [
        "Loss falls from 2.3 to 0.4 within ten rounds.",
        "The discriminator's loss lies above the generator's throughout.",
        "A white monument against a blue sky.",
        "Spectrogram: energy gathers in the lower third.",
        "Longer windows are finer than short ones in pitch.",
    ],
)
def test_words_that_tell_something(alt):
    assert access.vague(alt) is None


@pytest.mark.parametrize(
    ("alt", "lack"),
    [
        ("A plot.", "fewer than 20 letters"),
        ("A plot of the data and values.", "only says that there is a picture"),
        ("This figure shows a graph of results.", "only says that there is a picture"),
        ("The losses of three networks", "only repeats the title"),
        ("Spectrogram of the whole piece as played.", "says nothing of what is to be seen"),
        ("Number of layers other than these filters.", "says nothing of what is to be seen"),
        ("A rise of 1 and then more. " * 60, "nobody listens"),
    ],
)
def test_words_that_tell_nothing(alt, lack):
    assert lack in access.vague(alt, titles=["The losses of three networks"])


# --- colour and contrast ----------------------------------------------------------------------------------------------


def test_contrast_is_that_of_wcag():
    assert access.contrast("black", "white") == pytest.approx(21)
    assert access.contrast("#777777", "white") == pytest.approx(4.48, abs=0.01)  # the known near miss
    assert access.contrast("white", "#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"color": plots.COLOURS[1]}, False),
        ({"color": plots.COLOURS[1], "linestyle": "--"}, True),
        ({"color": plots.COLOURS[1], "marker": "o"}, True),
        ({"color": plots.COLOURS[2]}, True),  # far darker
        ({"color": plots.COLOURS[0]}, True),  # the same colour says that they are of one kind
    ],
)
def test_lines_are_told_apart_by_more_than_hue(axes, second, told):
    axes.plot([0, 1], [0, 1], color=plots.COLOURS[0], label="up")
    axes.plot([0, 1], [1, 0], label="down", **second)
    found = access.faults(axes.figure, GOOD)
    assert (found == []) is told, found
    assert told or 'Only the hue tells "up" and "down" (line) apart' in found[0]
    for name in ("up", "down"):  # names beside the lines help everyone
        axes.text(0.02, 0.5, name)
    assert access.faults(axes.figure, GOOD) == []


def test_points_and_bars_too(axes):
    for kind, settings, mended in (
        ("scatter", {}, {"marker": "x"}),
        ("bar", {"edgecolor": "black", "hatch": "//"}, {"hatch": ".."}),
    ):
        for other, n in ((settings, 1), (settings | mended, 0)):
            axes.clear()
            for colour, look in ((plots.COLOURS[0], settings), (plots.COLOURS[3], other)):
                getattr(axes, kind)([0, 1], [1, 2], color=colour, **look)
            assert len(access.faults(axes.figure, GOOD)) == n, (kind, other)


def test_the_course_s_own_style_passes():
    with plots.style():
        figure, axes = plt.subplots()
        for k in range(5):
            axes.plot([0, 1], [0, k], label=f"line {k}")
        axes.legend()
    assert access.faults(figure, "Five lines that fan out from 0.") == []
    plt.close(figure)


@pytest.mark.parametrize(
    ("draw", "fault"),
    [
        (lambda axes: axes.plot([0, 1], [0, 1], color="#cccccc"), "(line) has a contrast of 1.6:1"),
        (lambda axes: axes.bar([0, 1], [2, 1], color="yellow"), "(bars) has a contrast of 1.1:1"),
        (lambda axes: axes.scatter([0, 1], [0, 1], color="#0064af", alpha=0.2), "(points) has a contrast of"),
        (lambda axes: axes.set_title("Pale", color="#888888"), 'The text "Pale" has a contrast of 3.5:1'),
        (lambda axes: axes.tick_params(labelcolor="#aaaaaa"), "has a contrast of 2.3:1"),
    ],
)
def test_what_is_pale_is_found(axes, draw, fault):
    draw(axes)
    assert fault in access.faults(axes.figure, GOOD)[0]


def test_text_is_held_against_what_is_drawn_under_it(axes):
    axes.imshow(np.zeros((4, 4)), cmap="gray", vmin=0, vmax=1)
    word = axes.text(1, 1, "Here", color="white")
    assert access.faults(axes.figure, GOOD) == []
    word.set_color("#333333")
    assert 'The text "Here"' in access.faults(axes.figure, GOOD)[0]
    word.set_bbox({"facecolor": "white"})
    assert access.faults(axes.figure, GOOD) == []


def test_a_strict_show_raises_and_a_learner_s_does_not(axes, monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda thing: None)
    axes.plot([0, 1], [0, 1], color="yellow")
    plots.show(axes.figure, alt=GOOD)
    monkeypatch.setenv("IMGMUSIC_STRICT", "1")
    with pytest.raises(ValueError, match=r"cannot be read by everyone.*contrast of 1\.1:1"):
        plots.show(axes.figure, alt=GOOD)


# --- tables -----------------------------------------------------------------------------------------------------------


def read(figure):
    """Captions, heads and rows of the tables beside a figure, and all else that they say."""
    page = tables.numbers(figure)
    if not page:
        return []
    tree = ElementTree.fromstring(page)  # it is well formed
    assert tree.find("summary").text == "The numbers as a table"
    found = []
    for one in tree.iter("table"):
        lines = [["".join(cell.itertext()) for cell in row] for row in one.iter("tr")]
        assert all(cell.get("scope") == "col" for cell in next(one.iter("tr")) if cell.tag == "th")
        assert all(row[0].get("scope") == "row" for row in list(one.iter("tr"))[1:])
        found.append(("".join(one.find("caption").itertext()), lines[0], lines[1:]))
    return found


def test_lines_over_the_same_places_share_a_table(axes):
    x = np.linspace(0, 1, 101)
    axes.plot(x, x**2, label="square")
    axes.plot(x, 1 - (x - 0.37) ** 2, label="bell <1>")
    axes.set(xlabel="time (s)", ylabel="level (dB)", title="Levels")
    ((caption, head, rows),) = read(axes.figure)
    assert caption == "Levels (level (dB))" and head == ["time (s)", "square", "bell <1>"]
    assert rows[0] == ["0", "0", "0.863"] and rows[-1][:2] == ["1", "1"]
    assert ["0.37", "0.137", "1"] in rows  # the highest is there, wherever it lies
    assert len(rows) == 11 and "11 of 101 rows" in tables.numbers(axes.figure)


def test_bars_have_the_names_of_their_ticks(axes):
    places = np.arange(3)
    axes.bar(places - 0.2, [1, 2, 3000], 0.4, label="before")
    axes.bar(places + 0.2, [0.5, np.nan, -7], 0.4, label="after")
    axes.set_xticks(places, ["red", "green", "blue"])
    before, after = read(axes.figure)
    assert before[2] == [["red", "1"], ["green", "2"], ["blue", "3000"]]
    assert after[2] == [["red", "0.5"], ["green", "none"], ["blue", "-7"]]


def test_lying_bars_are_read_from_the_top(axes):
    axes.barh(["a", "b"], [1.5, 2.5])
    axes.set(xlabel="length (cm)")
    ((_, head, rows),) = read(axes.figure)
    assert head[1] == "length (cm)" and rows == [["b", "2.5"], ["a", "1.5"]]
    axes.invert_yaxis()
    assert read(axes.figure)[0][2] == [["a", "1.5"], ["b", "2.5"]]


def test_notes_are_read_in_their_order(axes):
    axes.barh([62, 60], [1, 2], left=[3, 0.5])
    axes.set_yticks([60], ["C4"])
    ((_, head, rows),) = read(axes.figure)
    assert head[1:] == ["length, from", "to"] and rows == [["C4", "0.5", "2.5"], ["62", "3", "4"]]


def test_points_drawn_one_by_one_are_one_table(axes):
    for k in range(4):
        axes.scatter([k], [k**2], marker="ox+s"[k])
    ((_, _, rows),) = read(axes.figure)
    assert rows == [[str(k), str(k**2)] for k in range(4)]


def test_a_map_is_told_by_its_parts(axes):
    values = np.zeros((8, 8))
    values[:2, :2] = 4  # lower left
    mesh = axes.pcolormesh(np.arange(8) + 0.5, np.arange(8) + 0.5, values, shading="nearest")
    axes.set(xlabel="time (s)", ylabel="frequency (Hz)")
    axes.figure.colorbar(mesh, label="level (dB)")
    ((caption, _, rows),) = read(axes.figure)
    assert "means of level (dB)" in caption
    assert len(rows) == 4 and rows[-1][:3] == ["0.5 to 1.5", "4", "0"] and rows[0][1:] == ["0"] * 4


def test_pictures_have_no_numbers(axes):
    axes.imshow(np.zeros((4, 4, 3)))
    assert tables.numbers(axes.figure) == ""


def test_a_table_stays_small():
    figure, places = plt.subplots(3, 3)
    for axes in places.flat:
        for k in range(20):
            axes.plot(np.random.default_rng(k).normal(size=5000))
    page = tables.numbers(figure)
    assert len(page) < 28_000 and page.count("<table") == tables.TABLES and "more tables are left out" in page
    plt.close(figure)


def test_what_is_no_series_is_not_read(axes):
    axes.axhline(0.5)
    axes.fill_between([0, 1], [0, 1])
    assert drawn.contents(axes) == []


def test_the_table_stands_beside_the_picture(axes, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    axes.plot([0, 1], [0, 1])
    plots.show(axes.figure, alt=GOOD)
    page = shown[0]._repr_html_()
    assert re.search(r"<figure.*<img .*<details><summary>.*</details></figure>$", page, re.DOTALL)
    assert repr(shown[0]) == f"Figure: {GOOD}"
