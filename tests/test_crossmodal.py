"""The rule table: complete, bounded, and the composer's only source of taste."""

import itertools
import math

import pytest

from imgmusic_edu import crossmodal
from imgmusic_edu.visual_features import FEATURES

NEUTRAL = dict.fromkeys(FEATURES, 0.0)


def test_rules_are_numbered_and_name_what_exists():
    assert [rule.id for rule in crossmodal.RULES] == [f"R{n}" for n in range(1, 19)]
    for rule in crossmodal.RULES:
        assert set(rule.effects) <= set(crossmodal.QUALITIES)
        assert {name for features in rule.effects.values() for name in features} <= set(FEATURES)
        assert 0 <= rule.weight <= 1 and rule.claim and rule.source


def test_every_quality_has_a_rule():
    moved = {quality for rule in crossmodal.RULES for quality, features in rule.effects.items() if features}
    assert moved == set(crossmodal.QUALITIES)


def test_a_neutral_picture_asks_for_the_middle_of_everything():
    drives = crossmodal.drives(crossmodal.contributions(NEUTRAL))
    assert all(drive == 0 for drive in drives.values())
    assert crossmodal.squash(0.0) == 0.5


@pytest.mark.parametrize(
    "feature, quality, sign",
    [
        ("lightness", "tempo", 1),
        ("lightness", "register", 1),
        ("salient_height", "register", 1),
        ("salient_size", "register", -1),
        ("fineness", "register", 1),
        ("lightness", "loudness", -1),
        ("roughness", "dissonance", 1),
        ("complexity", "density", 1),
        ("contrast", "register", 0),
        ("symmetry", "register", 0),
    ],
)
def test_one_feature_moves_a_quality_the_way_the_evidence_says(feature, quality, sign):
    found = crossmodal.contributions({**NEUTRAL, feature: 1.0})
    assert math.copysign(1, crossmodal.drives(found)[quality]) * (crossmodal.drives(found)[quality] != 0) == sign


def test_hue_itself_asks_for_no_pitch():
    for feature in ("yellowness", "redness", "warmth"):
        found = crossmodal.contributions({**NEUTRAL, feature: 2.0})
        assert crossmodal.drives(found)["register"] == 0


def test_bending_a_rule_scales_its_contribution_and_nothing_else():
    one = {**NEUTRAL, "salient_height": 1.0, "fineness": 1.0}
    plain = {(c.rule, c.quality): c.effect for c in crossmodal.contributions(one)}
    bent = {(c.rule, c.quality): c.effect for c in crossmodal.contributions(one, {"R5": -2})}
    assert bent[("R5", "register")] == pytest.approx(-2 * plain[("R5", "register")])
    assert {k: v for k, v in bent.items() if k[0] != "R5"} == {k: v for k, v in plain.items() if k[0] != "R5"}


@pytest.mark.parametrize("weights", [{"R99": 1}, {"R5": float("nan")}, {"R5": "much"}])
def test_unknown_rules_and_odd_weights_get_a_sentence(weights):
    with pytest.raises(ValueError, match="rule"):
        crossmodal.contributions(NEUTRAL, weights)


def test_squash_rises_everywhere_and_never_reaches_its_ends():
    values = [crossmodal.squash(d / 4) for d in range(-40, 41)]
    assert all(a < b for a, b in itertools.pairwise(values))
    assert 0 < values[0] and values[-1] < 1
