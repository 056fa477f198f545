"""Figures come with words, in colours that everyone can tell apart."""

import itertools
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from imgmusic_edu import plots, scores
from imgmusic_edu.scores import Note, Part, Score

# Machado, Oliveira & Fernandes (2009), full severity: linear RGB as protanopes, deuteranopes and tritanopes see it.
SIGHT = {
    "all": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.fixture
def shown(monkeypatch):
    things = []
    monkeypatch.setattr("IPython.display.display", things.append)
    return things


def linear_rgb():
    levels = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in plots.COLOURS]) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)


# --- show -------------------------------------------------------------------------------------------------------------


def test_show_gives_html_with_the_words_and_closes_the_figure(shown):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([0, 1])
    plots.show(figure, alt='A line that rises from 0 to 1, "steadily" & <evenly>.')
    page = shown[0]._repr_html_()
    assert 'alt="A line that rises from 0 to 1, &quot;steadily&quot; &amp; &lt;evenly&gt;."' in page
    assert re.search(r'src="data:image/(png|svg\+xml);base64,[A-Za-z0-9+/=]+"', page)
    assert page.startswith("<figure")
    assert repr(shown[0]).startswith("Figure: A line that rises")
    assert not plt.fignum_exists(figure.number)


def test_the_same_figure_gives_the_same_bytes(shown):
    from matplotlib.figure import Figure

    for _ in range(2):
        figure = Figure(figsize=(3, 2))
        figure.subplots().plot([0, 1])
        plots.show(figure, alt="A line that rises from 0 to 1.")
    assert shown[0].source == shown[1].source


def test_a_photograph_stays_small(shown):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5))
    figure.subplots().imshow(np.random.default_rng(0).integers(0, 256, (500, 600, 3), dtype=np.uint8))
    plots.show(figure, alt="Noise in all colours, as fine as can be.")
    assert shown[0].source.startswith("data:image/jpeg")
    assert len(shown[0].source) < 500_000


@pytest.mark.parametrize("alt", ["", "A line.", " " * 30, None])
def test_no_figure_without_words(shown, alt):
    from matplotlib.figure import Figure

    with pytest.raises(ValueError, match="at least 20 letters"):
        plots.show(Figure(), alt=alt)
    assert shown == []


def test_show_says_what_it_takes():
    with pytest.raises(TypeError, match=r"axes\.figure"):
        plots.show([1, 2], alt="A list that is no figure at all.")


# --- style ------------------------------------------------------------------------------------------------------------


def test_colours_stand_out_from_white():
    luminance = linear_rgb() @ [0.2126, 0.7152, 0.0722]
    assert (1.05 / (luminance + 0.05) >= 4.5).all()


@pytest.mark.parametrize("sight", SIGHT)
def test_colours_can_be_told_apart(sight):
    from skimage.color import rgb2lab

    seen = np.clip(linear_rgb() @ np.transpose(SIGHT[sight]), 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)) > 30


def test_style_does_not_stay():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with plots.style():
        assert matplotlib.rcParams["axes.prop_cycle"].by_key()["color"] == list(plots.COLOURS)
    assert dict(matplotlib.rcParams) == before


# --- plots of the course ----------------------------------------------------------------------------------------------


def score(notes):
    parts = (Part("melody", 0), Part("drums", 0, is_drum=True))
    return Score(notes, parts, tempo=120, beats_per_bar=4, tonic=2, mode="dorian", seconds=5.0, title="Test")


def labels(axes):
    return axes.get_xlabel(), axes.get_ylabel()


def test_piano_roll_draws_every_note_and_says_what_there_is():
    notes = [Note(0, 1, 62, 80, "melody"), Note(1, 1, 69, 80, "melody"), Note(2, 2, 62, 80, "melody")]
    figure, alt = plots.piano_roll(score([*notes, Note(0, 0.5, 36, 90, "drums")]))
    bars = figure.axes[0].patches
    assert [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in bars] == [
        (0.0, 0.5, 62),
        (0.5, 0.5, 69),
        (1.0, 1.0, 62),
    ]
    assert labels(figure.axes[0]) == ("time (s)", "pitch")
    assert 'of "Test", 5 seconds at 120 beats per minute in D dorian' in alt
    assert "Melody: 3 notes between D4 and A4, highest at 0.5 s; it begins on D4 and ends on D4." in alt
    assert "Drums: 1 stroke." in alt


def test_piano_roll_of_nothing():
    assert "Melody: 0 notes." in plots.piano_roll(score([]))[1]


@pytest.mark.parametrize(("pitch", "name"), [(0, "C-1"), (60, "C4"), (61, "C#4"), (59, "B3"), (127, "G9")])
def test_pitch_name(pitch, name):
    assert scores.pitch_name(pitch) == name


def sound(samples, sample_rate=22050):
    return SimpleNamespace(samples=np.asarray(samples, dtype=np.float32), sample_rate=sample_rate)


def test_spectrogram_says_where_the_energy_is_and_how_it_moves():
    time = np.arange(44100) / 22050
    figure, alt = plots.spectrogram(sound(np.sin(2 * np.pi * 1000 * time) * np.exp(-2 * time)))
    low, high = (float(text) for text in re.search(r"between (\d+) and (\d+) Hz", alt).groups())
    assert 900 <= low <= 1000 <= high <= 1100
    assert "2 seconds up to 11025 Hz" in alt
    assert "loudest at 0.0 s" in alt
    assert "second half is softer than" in alt
    assert labels(figure.axes[0]) == ("time (s)", "frequency (Hz)")
    assert figure.axes[1].get_ylabel() == "level (dB below the loudest)"


@pytest.mark.parametrize("samples", [np.zeros(22050), np.zeros(0), np.ones(3)])
def test_spectrogram_of_next_to_nothing(samples):
    _, alt = plots.spectrogram(sound(samples))
    assert len(alt) > 20
    assert ("silent" in alt) == (not samples.any())


def columns(**values):
    return SimpleNamespace(columns={name: np.asarray(value, dtype=float) for name, value in values.items()})


def test_picture_columns_tell_how_each_curve_runs():
    picture = np.zeros((40, 60, 3), dtype=np.uint8)
    features = columns(lightness=np.linspace(10, 70, 30), skyline=np.full(30, 0.5), warmth=np.linspace(9, -9, 30))
    figure, alt = plots.picture_columns(picture, features)
    assert "Lightness rises from" in alt
    assert "Warmth falls from" in alt
    assert "Skyline stays about level from 0.5 " in alt
    assert "highest (70) at 98 % of the width, lowest (10) at 2 %" in alt
    assert [axes.get_ylabel() for axes in figure.axes[1:]] == ["lightness\n(L*)", "warmth\n(C*)", "skyline\n(share)"]
    with pytest.raises(ValueError, match="lightness, skyline, warmth"):
        plots.picture_columns(picture, features, names=("loudness",))


def test_course_plots_leave_nothing_for_pyplot_to_draw(shown):
    figure, alt = plots.piano_roll(score([Note(0, 1, 62, 80, "melody")]))
    plots.show(figure, alt=alt)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        assert pyplot.get_fignums() == []
