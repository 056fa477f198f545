"""What a chapter says, held against what it runs: numbers in its text, and answers that others lean on."""

import courses
import pytest

from imgmusic_edu import chapters, claims

LINE = "# Two points make a line."
CODE = "x = np.array([0.0, 1.0])"


def faults(tmp_path, *changes, rule=claims.numbers):
    text = courses.TINY_SOURCE.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "98_tiny_chapter.py"
    path.write_text(text, encoding="utf-8")
    return list(rule(chapters.read_chapter(path)))


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("It takes 47 s.", "47"),
        ("It is 47 % faster.", "47"),
        ("At most 6 % of them are.", "6"),
        ("The mean is 0.83 and no more.", "0.83"),
        ("The correlation is .88 here.", ".88"),
        ("There are 22 050 samples a second.", "22 050"),
        ("It falls to -18 dB.", "18"),
        ("It sounds for 46 ms.", "46"),
        ("| 512 | 1 |", "512"),
        ("Others found 77 of 100 (C. Unknown 2013).", "77"),
    ],
)
def test_a_number_from_nowhere_is_found(tmp_path, sentence, number):
    found = faults(tmp_path, (LINE, f"# {sentence}"))
    assert any(fault.startswith(f"the number {number} in the text") for fault in found), found
    assert all("assert it in a cell" in fault for fault in found)


@pytest.mark.parametrize(
    "sentence",
    [
        "It takes 4 s, and 3 of 5 like it.",
        "Newton wrote in 1704, Palmer in 2013.",
        "See chapters 06, 07 and 10, exercise 12 and layer 16.",
        "VGG16 and R12 are names, `x[47]` is code, and [this](page47.md) a link.",
        "In $y = 47 x$ stands 47, and in\n#\n# $$z = 2.56\\,a$$\n#\n# the factor 2.56.",
        "```\n# imgmusic --seconds 47\n# ```",
        "Others found 77 of 91 (Author 2019).",
    ],
)
def test_a_number_that_stands_on_something_is_left_alone(tmp_path, sentence):
    assert faults(tmp_path, (LINE, f"# {sentence}")) == []


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("It takes 47 s.", "assert round(46.9) == 47"),
        ("It is 47 % faster.", "assert share == 0.47"),
        ("It sounds for 46 ms.", "assert seconds == 0.046"),
        ("It reaches 7.9 kHz.", "assert highest == 7900"),
        ("There are 22 050 samples a second.", "rate = 22_050"),
        ("It falls to -18 dB.", "floor = -18.0"),
    ],
)
def test_a_constant_of_a_cell_stands_behind_a_number(tmp_path, sentence, line):
    assert faults(tmp_path, (LINE, f"# {sentence}"), (CODE, f"{CODE}\n{line}")) == []
    assert faults(tmp_path, (LINE, f"# {sentence}"), (CODE, f"{CODE}\n# {line}")) != [], "a comment runs nothing"


def test_only_what_the_learner_runs_stands_behind_a_number(tmp_path):
    assert faults(tmp_path, (LINE, "# It takes 47 s."), ("assert snap(100, (10, 20)) == 20", "assert 47")) != []


TEXT = "# %% [markdown] minutes=1\n# ## Summary\n#\n"


@pytest.mark.parametrize(
    ("marker", "sentence", "words"),
    [
        ("47: the answer of a survey", "It takes 47 s.", None),
        ("47, 0.83: the answers of a survey; 22 050: a second of sound", "It takes 47 s, 0.83 of 22 050.", None),
        ("47: the answer of a survey", "It takes 48 s.", "the number 48"),
        ("47: the answer of a survey", "It takes 4 s.", "says facts= for 47, which it does not name"),
        ("47: so", "It takes 47 s.", "but should say facts="),
        ("many: the answer of a survey", "It takes 47 s.", "but should say facts="),
        ("47", "It takes 47 s.", "but should say facts="),
    ],
)
def test_a_marker_gives_the_reason_for_a_number(tmp_path, marker, sentence, words):
    marked = TEXT.replace("minutes=1", f'minutes=1 facts="{marker}"')
    found = faults(tmp_path, (TEXT, marked), (LINE, f"# {sentence}"))
    assert found == [] if words is None else any(words in fault for fault in found), found


def test_the_marker_changes_no_edition(tmp_path):
    from imgmusic_edu import editions

    marked = tmp_path / "98_tiny_chapter.py"
    text = courses.TINY_SOURCE.read_text(encoding="utf-8")
    marked.write_text(text.replace(TEXT, TEXT.replace("minutes=1", 'minutes=1 facts="4: some reason"')), "utf-8")
    tiny = courses.CHAPTERS["98_tiny_chapter"]
    assert editions.editions(chapters.read_chapter(marked), courses.PROJECT) == editions.editions(tiny, courses.PROJECT)


# --- answers ----------------------------------------------------------------------------------------------------------

QUIZ = 'im.exercises.quiz("ch98")'


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("snap(61, (60, 64))", "snap"),
        ("def play(pitch):\n    return snap(pitch, (60, 64))", "snap"),
        ("sums = [slope(x, y) for y in (x, x)]", "slope"),
        ("class Road:\n    steep = staticmethod(lambda x, y: slope(x, y))", "slope"),
    ],
)
def test_a_cell_that_needs_an_answer_is_found(tmp_path, line, name):
    (fault,) = faults(tmp_path, (QUIZ, f"{line}\n{QUIZ}"), rule=claims.leaning)
    assert f"uses {name}, the answer to ch98.{name}" in fault


@pytest.mark.parametrize(
    "line",
    [
        "def play(snap):\n    return snap(61)",
        "slope = 3\nslope + 1",
        "from math import floor as snap\nsnap(3.5)",
        "piece.snap(3)",
    ],
)
def test_a_name_of_its_own_is_no_answer(tmp_path, line):
    assert faults(tmp_path, (QUIZ, f"{line}\n{QUIZ}"), rule=claims.leaning) == []
