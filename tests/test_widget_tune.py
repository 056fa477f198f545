"""The panel of tastes: the tune is the cheapest, the words follow the sliders, and errors are told."""

import itertools
import re

import numpy as np
import pytest

from imgmusic_edu.scores import MODES
from imgmusic_edu.widgets import tune

TARGET = 66 + 6 * np.sin(np.linspace(0, 5, 16))
NEUTRAL = {"target": TARGET, "scale": MODES["major"], "skyline": 0.3, "leap": 0.5, "repeat": 1.0}


@pytest.mark.parametrize("seed", range(5))
def test_no_other_tune_costs_less(seed):
    rng = np.random.default_rng(seed)
    settings = NEUTRAL | {"target": 60 + 4 * rng.random(3), "scale": (0, 5)}
    settings |= dict(zip(("skyline", "leap", "repeat"), rng.random(3), strict=True))

    def cost(notes):
        own = settings["skyline"] * np.abs(np.array(notes) - settings["target"]).sum()
        moved = np.abs(np.diff(notes))
        return own + settings["leap"] * np.maximum(moved - 2, 0).sum() + settings["repeat"] * (moved == 0).sum()

    result = tune.compute(settings)
    allowed = [pitch for pitch in range(48, 80) if pitch % 12 in (0, 5)]
    assert result["cost"] == pytest.approx(cost(result["pitches"]))
    assert result["cost"] == pytest.approx(min(map(cost, itertools.product(allowed, repeat=3))))


def test_each_cost_does_what_it_says():
    def found(key, **change):
        return tune.compute(NEUTRAL | change)[key]

    assert found("distance", skyline=1.0, leap=0.0, repeat=0.0) < found("distance", skyline=0.05)
    zigzag = {"target": np.tile([60.0, 72.0], 8)}
    assert found("interval", **zigzag, leap=2.0) < found("interval", **zigzag, leap=0.0)
    assert found("repeats", repeat=3.0) < found("repeats", repeat=0.0)
    assert all(pitch % 12 in MODES["major"] for pitch in found("pitches"))


@pytest.mark.parametrize("costs", list(itertools.product((0.0, 0.5, 1.0), (0.0, 2.0), (0.0, 3.0))))
def test_panel_follows_its_sliders(costs):
    panel = tune.tune_panel(TARGET, MODES["dorian"])
    panel.skyline.value, panel.leap.value, panel.repeat.value = costs
    drawing = panel.drawing.value
    assert drawing.count("<rect") == len(TARGET)
    assert re.search(r'aria-label="[^"]{40,}"', drawing)
    assert tune.summary(panel.result) in panel.words.value.replace("&#x27;", "'")


def test_hear_plays_and_a_moved_slider_takes_the_old_sound_away():
    panel = tune.tune_panel(TARGET, MODES["major"], tempo=160)
    panel.button.click()
    assert panel.error is None and "<audio" in panel.sound.value
    panel.leap.value = 1.5
    assert panel.sound.value == ""


def test_what_goes_wrong_is_told():
    panel = tune.tune_panel(TARGET, MODES["major"], instrument="kazoo")
    panel.button.click()
    assert isinstance(panel.error, KeyError) and 'role="alert"' in panel.sound.value


def test_play_takes_notes_chords_and_lengths():
    sound = tune.play([60, (60, 64, 67), 72], (1, 2, 1), tempo=120)
    assert sound.seconds == pytest.approx(4 * 0.5 + tune.RINGS, abs=0.001)
    assert np.abs(sound.samples).max() > 0.05
