"""A figure as sound: what is higher sounds higher, what is further right comes later, and the words say so."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import imgmusic_edu
from imgmusic_edu.audio_features import stft
from imgmusic_edu.listening import LOWEST, OCTAVES, listen


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def pitches(sound, seconds):
    """Strongest frequency of each 93 ms, Hz."""
    power = np.abs(stft(sound.samples[: int(seconds * 22050)], n_fft=4096, hop_length=2048))
    return power.argmax(axis=1) * 22050 / 4096, power.max(axis=1)


def test_a_rising_line_rises_over_three_octaves(axes):
    axes.plot([0, 10], [2, 8])
    axes.set(xlim=(0, 10), ylim=(2, 8), xlabel="time (s)", ylabel="speed (m/s)")
    heard = listen(axes.figure, seconds=3)
    found, _ = pitches(heard.sound, 3.1)
    steps = np.log2(found[3:-2] / LOWEST)
    assert (np.diff(steps) > -0.03).all() and steps[0] < 0.5 and steps[-1] > OCTAVES - 0.4
    assert "From left to right: time (s), 0 to 10, in 3.0 seconds." in heard.text
    assert "speed (m/s), 2 at 165 hertz to 8 at 1320 hertz" in heard.text
    assert 0.05 < np.abs(heard.sound.samples).max() < 0.9


def test_on_a_logarithmic_axis_places_count_and_not_values(axes):
    axes.semilogy([0, 1], [10, 10])
    axes.set(ylim=(1, 100))
    found, _ = pitches(listen(axes.figure, seconds=2).sound, 1.8)
    assert np.allclose(np.log2(found[4:-4] / LOWEST), OCTAVES / 2, atol=0.06)


def test_what_is_missing_is_silent(axes):
    axes.plot(np.arange(11), [1, 1, 1, 1, np.nan, np.nan, np.nan, 1, 1, 1, 1])
    samples = listen(axes.figure, seconds=4).sound.samples
    start = int(0.1 * 22050)
    middle = samples[start + int(1.9 * 22050) : start + int(2.1 * 22050)]
    assert np.abs(middle).max() < 1e-6 < 0.05 < np.abs(samples[start + 22050 // 2 : start + 22050]).max()


def test_several_lines_come_one_after_another_and_are_counted(axes):
    axes.plot([0, 1], [0, 1], label="generator")
    axes.plot([0, 1], [1, 0], label="discriminator")
    heard = listen(axes.figure, seconds=2)
    assert "After 1 click: generator, a line, gliding." in heard.text
    assert "After 2 clicks: discriminator" in heard.text
    assert 4.3 < heard.sound.seconds < 5.2
    assert heard.text.index("generator") < heard.text.index("discriminator")


def test_bars_and_points_are_short_tones(axes):
    axes.bar(["a", "b", "c"], [1, 3, 2])
    axes.set(ylim=(0, 4))
    heard = listen(axes.figure, seconds=3)
    found, loud = pitches(heard.sound, 3.2)
    sounding = found[loud > 0.5 * loud.max()]
    assert sounding.max() / sounding.min() == pytest.approx(2 ** (OCTAVES / 2), rel=0.15)
    assert "Points, short tones" in heard.text


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_a_map_is_loud_where_it_is_bright(axes, origin):
    levels = np.zeros((20, 30))
    levels[16, :15] = 1
    axes.imshow(levels, origin=origin, aspect="auto")
    samples = listen(axes.figure, seconds=3).sound.samples
    start = int(0.1 * 22050)
    first, second = samples[start : start + 33000], samples[start + 34000 : start + 66000]
    assert np.abs(second).max() < 1e-6 < 0.1 < np.abs(first).max()
    height = (16.5 if origin == "lower" else 20 - 16.5) / 20
    found, _ = pitches(imgmusic_edu.Sound(first), 1.4)
    assert np.allclose(np.log2(found[2:-2] / LOWEST), OCTAVES * height, atol=0.06)


def test_it_never_lasts_too_long_and_shows_itself(axes):
    for k in range(9):
        axes.plot([0, 1], [0, k])
    heard = imgmusic_edu.listen(axes.figure)
    assert heard.sound.seconds < 15.5
    page = heard._repr_html_()
    assert "<audio controls" in page and "From low to high" in page and "aria-label" in page


@pytest.mark.parametrize(
    ("given", "problem", "words"),
    [(plt.Figure(), ValueError, "nothing in this figure"), ([1, 2], TypeError, "this is a list")],
)
def test_what_cannot_be_heard_is_told(given, problem, words):
    with pytest.raises(problem, match=words):
        listen(given)


def test_a_line_takes_time(axes):
    axes.plot([0, 1], [0, 1])
    with pytest.raises(ValueError, match="0 was asked for"):
        listen(axes.figure, seconds=0)


def test_a_curve_is_followed(axes):
    x = np.linspace(0, 1, 50)
    axes.plot(x, np.sin(2 * np.pi * x))
    axes.set(xlim=(0, 1), ylim=(-1, 1))
    found, _ = pitches(listen(axes.figure, seconds=4).sound, 4.1)
    time = (np.arange(len(found)) * 2048 / 22050 - 0.1) / 4
    inside = (time > 0.03) & (time < 0.97)
    heights = np.log2(found[inside] / LOWEST) / OCTAVES
    assert np.abs(heights - (1 + np.sin(2 * np.pi * time[inside])) / 2).max() < 0.08


def sounding(heard, seconds):
    found, loud = pitches(heard.sound, seconds)
    return np.log2(found[loud > 0.3 * loud.max()] / LOWEST) / OCTAVES


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_a_spectrogram_is_heard_and_its_scale_of_colours_is_not(axes, scale):
    levels = np.zeros((90, 30))
    levels[44:46] = 1  # at 45 to 46 Hz of 1 to 91
    mesh = axes.pcolormesh(np.arange(30), np.arange(1.5, 91), levels, shading="nearest")
    axes.set(yscale=scale, ylim=(1, 91))
    axes.figure.colorbar(mesh)
    heard = listen(axes.figure, seconds=2)
    assert "Plot" not in heard.text and "A map, bright is loud" in heard.text
    place = 44.5 / 90 if scale == "linear" else np.log(45.5) / np.log(91)
    assert np.allclose(sounding(heard, 2)[2:-2], place, atol=0.04)


def test_lying_bars_are_a_list_from_the_top(axes):
    axes.barh(["low", "high"], [1, 3])
    axes.set(xlim=(0, 4), xlabel="pull", ylabel="rule")
    heard = listen(axes.figure, seconds=2)
    assert "From top to bottom: rule, high, low, in 2.0 seconds." in heard.text
    assert "pull, 0 at 165 hertz to 4 at 1320 hertz. Bars, short tones, longer is higher." in heard.text
    places = sounding(heard, 2.4)
    assert places[0] == pytest.approx(0.75, abs=0.05) and places[-1] == pytest.approx(0.25, abs=0.05)


def test_points_drawn_one_by_one_are_heard(axes):
    for k in range(3):
        axes.scatter([k], [k])
    assert listen(axes.figure, seconds=2).text.endswith("Points, short tones.")
