"""Sessions that outlive their panel and their kernel, and the studio's verdicts on a piece."""

import json
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest

from imgmusic_edu import datasets
from imgmusic_edu.files import FileWriteError
from imgmusic_edu.studio import Session, Settings, keeping
from imgmusic_edu.studio.keeping import Keeper, kept
from imgmusic_edu.studio.verdict import Verdict, put_to_the_test
from imgmusic_edu.widgets import studio_panel
from imgmusic_edu.widgets.answers import TITLES

SHORT = Settings(seconds=8.0)
KOALA = datasets.picture("koala")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGMUSIC_PROGRESS", str(tmp_path / "own" / "progress.json"))
    monkeypatch.setattr(keeping, "_OURS", set())
    return tmp_path / "own" / "studio"


def restart(monkeypatch):
    """Another kernel: the files of this one are nobody's any more."""
    monkeypatch.setattr(keeping, "_OURS", set())


def stand_in(picture, **settings):
    return SimpleNamespace(picture=picture, features="seen", sound=settings, plan=None, made=None)


def played():
    session = Session(datasets.picture("the_night_cafe"), "cafe", compose=stand_in)
    keeper = Keeper(session)
    session.change(tempo=90.0, weights={"R5": 0.5})
    session.show(KOALA, "koala")
    session.hold()
    session.change(melody="violin", seeds={"motif": 3})
    session.reroll(seed=7)
    session.undo()
    keeper.keep()
    return session


def test_every_step_is_there_in_another_kernel(folder, monkeypatch):
    before = played()
    restart(monkeypatch)
    [found] = kept()
    assert (found.title, found.steps) == ("koala", 3) and "koala, 3 steps" in found.sentence
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".png", ".png"]
    session = Session(KOALA[:50], "new", compose=stand_in)
    Keeper(session).resume(found)
    there, here = before.history(), session.history()
    assert here[1] == there[1] + 1 and here[0][0].title == "new"  # its own first step is still there, too
    for one, other in zip(there[0], here[0][1:], strict=True):
        assert (one.title, one.settings) == (other.title, other.settings)
        assert np.array_equal(one.picture, other.picture)
    assert session.held.settings == before.held.settings
    session.redo()
    assert session.present.settings.seed == 7
    for _ in range(5):
        session.undo()
    assert session.present.title == "new" and not session.can_undo


def test_only_the_last_sessions_stay_and_their_pictures(folder, monkeypatch):
    for k in range(keeping.SESSIONS + 2):
        restart(monkeypatch)
        session = Session(KOALA[: 40 + k], f"picture {k}", compose=stand_in)
        keeper = Keeper(session)
        session.change(tempo=90.0)
        keeper.keep()
        os.utime(keeper._path, (k, k))
    restart(monkeypatch)
    assert [each.title for each in kept()] == [f"picture {k}" for k in (5, 4, 3, 2)]
    assert len(list(folder.glob("*.png"))) == keeping.SESSIONS


@pytest.mark.parametrize("harm", ["no json", "no picture", "other keys", "half"])
def test_a_damaged_session_is_left_out_or_told(folder, monkeypatch, harm):
    played()
    restart(monkeypatch)
    [found] = kept()
    if harm == "no picture":
        next(folder.glob("*.png")).unlink()
    elif harm == "other keys":
        state = json.loads(found.path.read_text())
        state["versions"][0]["settings"]["colour"] = "blue"
        found.path.write_text(json.dumps(state))
    else:
        found.path.write_text("[]" if harm == "no json" else found.path.read_text()[:200])
        assert kept() == []
    session = Session(KOALA, "mine", compose=stand_in)
    with pytest.raises(ValueError, match="cannot be opened again"):
        Keeper(session).resume(found)
    assert session.present.title == "mine" and not session.can_undo and session.held is None


def test_a_studio_goes_on_after_its_kernel_has_gone(monkeypatch):
    first = studio_panel(settings=SHORT)
    assert first.resume.layout.display == "none"
    first.knobs.controls["tempo"].value = 77
    first.knobs.controls["key"].value = "D"
    words = first.words.value
    restart(monkeypatch)
    second = studio_panel(settings=SHORT)
    assert second.resume.layout.display == "" and "2 steps" in second.resume.tooltip
    second.knobs.controls["tempo"].value = 100
    second.resume.click()
    assert second.words.value == words and second.resume.layout.display == "none"
    assert second.stage.said.startswith("Here you were: The night cafe, 2 steps")
    second.undo.click()
    assert "77 beats per minute" in second.words.value
    for _ in range(2):
        second.undo.click()
    assert "100 beats per minute" in second.words.value


def test_a_cell_run_again_can_go_on_too(folder):
    first = studio_panel(settings=SHORT)
    first.knobs.controls["tempo"].value = 77
    again = studio_panel(settings=SHORT)
    again.resume.click()
    assert again.words.value == first.words.value and "77 beats per minute" in again.words.value
    again.knobs.controls["tempo"].value = 99
    assert "77 beats" in first.words.value and len(list(folder.glob("*.json"))) == 2
    first.knobs.controls["tempo"].value = 55  # its panel may still be in another cell
    assert "99 beats" in again.words.value and "55 beats" in first.words.value


def test_two_studios_at_once_do_not_touch_each_other(folder, monkeypatch):
    one, other = studio_panel(settings=SHORT), studio_panel(KOALA, settings=SHORT)
    before = other.words.value
    one.knobs.controls["tempo"].value = 77
    assert other.words.value == before and not other.session.can_undo
    other.knobs.controls["tempo"].value = 99
    one.knobs.reroll.click()
    assert "77 beats" in one.words.value and "99 beats" in other.words.value
    assert len(list(folder.glob("*.json"))) == 2
    restart(monkeypatch)
    assert [each.steps for each in kept()] == [2, 1]


def test_where_nothing_can_be_kept_it_is_told_once_and_the_music_goes_on(monkeypatch):
    def full(path, data):
        raise FileWriteError(f"{path} could not be written (no space left on device): choose another folder or disk.")

    monkeypatch.setattr(keeping, "write_atomically", full)
    panel = studio_panel(settings=SHORT)
    panel.knobs.controls["tempo"].value = 77
    assert "cannot be kept for later" in panel.stage.said and "no space left" in panel.stage.said
    assert "77 beats" in panel.words.value and panel.error is None
    panel.stage.said = ""
    panel.knobs.controls["tempo"].value = 99
    assert panel.stage.said == "" and "99 beats" in panel.words.value


def test_a_picture_is_written_once_however_many_steps(folder):
    session = Session(KOALA, "koala", compose=stand_in)
    keeper = Keeper(session)
    for seed in range(1, 200):
        session.reroll(seed=seed)
    keeper.keep()
    assert len(list(folder.glob("*.png"))) == 1


# ---- three answers, and the explanation put to the test --------------------------------------------------------------


def test_the_meters_follow_while_they_are_open():
    panel = studio_panel(settings=SHORT)
    assert panel.answers.meters.value == ""
    panel.answers.toggle.value = True
    shown = panel.answers.meters.value
    for title in TITLES.values():
        assert title in shown
    values = [float(value) for value in re.findall(r'value="([\d.]+)"', shown)]
    assert len(values) == 4 and all(0 <= value <= 1 for value in values) and values[0] > 0.6
    panel.knobs.reroll.click()
    assert panel.answers.meters.value not in ("", shown)
    panel.answers.toggle.value = False
    assert panel.answers.meters.value == "" and panel.error is None


def test_the_explanation_of_this_piece_is_put_to_the_test():
    panel = studio_panel(KOALA, settings=Settings(seconds=10.0))
    panel.answers.test.click()
    found = re.search(
        r"for (\d+) of 16 notes .*: (\d+) changed as explained.* for (\d+): (\d+)", panel.answers.verdict.value
    )
    asked, held, outside, stayed = map(int, found.groups())
    assert 4 < asked <= 16 and held >= 0.8 * asked and stayed >= 0.8 * outside > 0
    panel.knobs.reroll.click()
    assert panel.answers.verdict.value == ""  # it spoke of another piece


def test_a_lie_does_not_pass():
    """Were the notes explained by the wrong end of the picture, few would follow."""
    from imgmusic_edu.composer import compose_score, make_plan
    from imgmusic_edu.evaluation.fidelity import trials

    def lying(features, plan=None):
        plan = plan or make_plan(features, seconds=10)
        score = compose_score(plan, features)
        wrong = []
        for note in score.notes:
            cause = note.cause
            if cause and tuple(cause.region) != (0, 0, 1, 1):
                x0, y0, x1, y1 = cause.region
                moved = (1 - x1, y0, 1 - x0, y1) if abs(x0 + x1 - 1) > 0.2 else (0, y0, x1 - x0, y1)
                cause = type(cause)(moved, cause.feature, cause.value, cause.rule, cause.quality)
            wrong.append(type(note)(note.beat, note.beats, note.pitch, note.velocity, note.part, cause))
        return plan, type(score)(**{**vars(score), "notes": tuple(wrong)})

    told = [trial for trial in trials("koala", KOALA, n=24, write=lying) if not trial.whole]
    assert len(told) > 5 and sum(trial.holds for trial in told) < 0.6 * len(told)


def test_a_test_can_be_stopped_and_a_road_without_notes_is_told():
    session = Session(KOALA, "koala", SHORT)
    assert put_to_the_test(session.present, watch=lambda share: share > 0.2) is None
    other = session.changed(road="mlp")
    with pytest.raises(ValueError, match="take that one"):
        put_to_the_test(other)
    assert "none could be asked" in Verdict(16, 0, 0, 0, 0).sentence
