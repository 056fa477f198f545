"""What a learner has done: kept across sessions, in a file of their own, and never in the way of a verdict."""

import json

import pytest

import imgmusic_edu
from imgmusic_edu import exercises
from imgmusic_edu.exercises import ch04, diary

RIGHT = {"ch04.by_hand": lambda: [[30, 70, 110], [70, 174, 278], [110, 278, 446]]}


@pytest.fixture
def own(tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "progress.json"
    monkeypatch.setenv("IMGMUSIC_PROGRESS", str(path))
    return path


def row(chapter="ch04"):
    return next(row for row in exercises.progress().rows if row.chapter == chapter)


def test_nothing_is_done_and_nothing_is_written_at_first(own):
    view = imgmusic_edu.progress()
    assert not own.exists()
    assert all(row.done == row.answered == 0 for row in view.rows) and len(view.rows) >= 9
    assert view.next[1].startswith("ch00.")


def test_what_passes_is_kept_and_what_does_not_is_not(own):
    exercises.check("ch04.gram", lambda features: features)
    assert not own.exists()
    exercises.check("ch04.by_hand", RIGHT["ch04.by_hand"])
    assert list(json.loads(own.read_text())["done"]) == ["ch04.by_hand"]
    assert row().done == 1 and [done for *_, done in row().exercises] == [True, False, False, False]
    assert exercises.progress().next == ("04 Gram matrices", "ch04.gram", "In code")  # begun comes first


def test_grading_leaves_no_trace(own):
    exercises.grade("ch04.by_hand", RIGHT["ch04.by_hand"])
    assert not own.exists()


def test_a_question_counts_when_it_is_answered_right(own):
    first = exercises.quiz("ch04").widget().children[0]
    options = first.children[1:-1]
    key = ch04.QUIZ[0].key
    options[(key + 1) % 3].click()
    assert row().answered == 0
    options[key].click()
    options[key].click()
    assert row().answered == 1 and row().questions == len(ch04.QUIZ)


def test_it_reads_as_text_and_as_a_table(own):
    exercises.check("ch04.by_hand", RIGHT["ch04.by_hand"])
    view = exercises.progress()
    assert "04 Gram matrices: 1 of 4 exercises" in repr(view) and "done  By hand (ch04.by_hand)" in repr(view)
    page = view._repr_html_()
    assert "By hand: <strong>done</strong>" in page and "In code: open" in page
    assert page.count('scope="row"') == len(view.rows) and "<caption>" in page
    assert repr(view).endswith('Next: "In code" (ch04.gram) in chapter 04 Gram matrices.')


def test_at_the_end_there_is_something_to_hear(own, monkeypatch):
    view = diary.Progress([diary.Row("ch98", "All", (("ch98.one", "One", True),), 0, 0)])
    assert view.next is None and "Every exercise is done" in repr(view)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"done": 3}', b"\xff\xfe"])
def test_a_damaged_file_is_put_aside_and_said_so(own, damage):
    own.parent.mkdir()
    own.write_bytes(damage)
    with pytest.warns(UserWarning, match="could not be read"):
        assert row().done == 0
    assert own.with_suffix(".damaged.json").read_bytes() == damage
    exercises.check("ch04.by_hand", RIGHT["ch04.by_hand"])
    assert row().done == 1


def test_where_nothing_can_be_written_the_verdict_still_comes(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("IMGMUSIC_PROGRESS", str(tmp_path / "file" / "progress.json"))
    with pytest.warns(UserWarning, match="could not be kept"):
        assert exercises.check("ch04.by_hand", RIGHT["ch04.by_hand"]).passed
