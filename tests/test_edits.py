"""Does each edit change the one thing it is named after?"""

import numpy as np
import pytest
from PIL import Image

from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.visual_features import FEATURES, visual_features

# Mean shifts of other features allowed, standardised; all that is not listed stays below 0.15.
COLOUR = {"chroma", "saturation", "colour_entropy", "yellowness", "redness", "warmth"}  # one scale moves all of them
ALLOWED = {
    # saturation is chroma against lightness; room for lighter or darker is made by less contrast
    "lighten": {"saturation", "contrast"},
    "darken": {"saturation", "contrast"},
    "saturate": COLOUR,
    "grey": COLOUR,
    "roughen": {"contrast"},  # room for grain in black and white
    "sharpen": {"complexity", "contrast", "roughness", "regularity"},  # detail; outlines run and bend where they did
    "simplify": {
        "fineness",
        "roughness",
        "contrast",
        "line_agitation",
        "regularity",
        "angularity",
        "object_count",
        "salient_size",
    },
    "flip": set(),
    "more_contrast": set(),
    "less_contrast": set(),
}


@pytest.fixture(scope="module")
def photographs(root):
    found = [path for kind in ("photographs", "paintings") for path in sorted((root / "data" / kind).rglob("*.jpg"))]
    if len(found) < 50:
        pytest.skip("the shipped pictures are not there")
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in found[::9]]
    return [(picture, visual_features(picture)) for picture in pictures]


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_moves_its_feature_and_hardly_another(name, photographs):
    edit = EDITS[name]
    shifts = []
    for picture, before in photographs:
        after = visual_features(edit.function(picture))
        shifts.append([after.standardised(feature) - before.standardised(feature) for feature in FEATURES])
        if name == "flip":
            height = before.whole["salient_height"]
            assert after.whole["salient_height"] == pytest.approx(1 - height, abs=1e-6)
    shifts = dict(zip(FEATURES, np.array(shifts).T, strict=True))
    own = shifts.pop(edit.feature)
    if name == "more_contrast":  # a straight line: a picture from black to white has no room for it
        assert (own >= 0).all() and (own > 0.25).sum() >= 2
    elif edit.direction:
        assert (own * edit.direction > 0).all(), "moves its feature the wrong way in some picture"
        assert 0.5 < np.mean(own * edit.direction) < 1.6
    for feature, shift in shifts.items():
        if feature not in ALLOWED[name]:
            assert abs(shift.mean()) < 0.15, f"{name} moves {feature} by {shift.mean():+.2f}"


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("picture", [np.zeros((5, 7, 3), np.uint8), np.full((9, 4, 3), 255, np.uint8)], ids=str)
def test_an_edit_keeps_shape_and_repeats(name, picture):
    edited = EDITS[name].function(picture)
    assert edited.shape == picture.shape and edited.dtype == np.uint8
    np.testing.assert_array_equal(edited, EDITS[name].function(picture))


def test_amounts_grade_the_edit(photographs):
    picture, before = photographs[3]
    for name, amounts in {"lighten": (4, 8, 12), "grey": (0.2, 0.5, 1.0), "roughen": (0.05, 0.1, 0.2)}.items():
        edit = EDITS[name]
        measured = [visual_features(edit.function(picture, amount)).whole[edit.feature] for amount in amounts]
        steps = np.diff([before.whole[edit.feature], *measured]) * edit.direction
        assert (steps > 0).all(), (name, measured)
    assert visual_features(EDITS["grey"].function(picture, 1.0)).whole["chroma"] < 0.5


def test_edits_name_features_that_are_measured():
    assert {edit.feature for edit in EDITS.values()} <= set(FEATURES)
    assert all(edit.direction in (-1, 0, 1) for edit in EDITS.values())
