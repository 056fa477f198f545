"""The studio's panel without a browser: knobs and locks, the way back, long work, and files that are handed out."""

import asyncio
import re
import threading
import time
from html import unescape

import numpy as np
import pytest
from odd_files import make_odd_files
from waiting import later

from imgmusic_edu import compose, datasets, roads
from imgmusic_edu.studio import KINDS, Settings, video
from imgmusic_edu.studio.session import heard
from imgmusic_edu.widgets.jobs import Worker
from imgmusic_edu.widgets.knobs import ROAD_NAMES, Knobs
from imgmusic_edu.widgets.stage import Stage
from imgmusic_edu.widgets.studio import StudioPanel, studio_panel

SHORT = Settings(seconds=8.0)


@pytest.fixture
def panel():
    made = studio_panel(settings=SHORT)
    made.sent = []
    made.stage.send = lambda content, buffers=None: made.sent.append((content, buffers))
    return made


def told(panel):
    """What the summary says."""
    return unescape(re.fullmatch(r'<div role="status">(.*)</div>', panel.words.value)[1])


def test_each_knob_is_heard_locked_and_taken_back(panel):
    first = told(panel)
    for name, value, expected in (
        ("tempo", 90, "90 beats per minute"),
        ("key", "D", "in D "),
        ("mode", "dorian", "D dorian"),
        ("melody", "violin", "violin"),
        ("seconds", 10.0, "10 s"),
        ("seed", 7, "seed 7"),
    ):
        panel.knobs.controls[name].value = value
        assert expected in told(panel) and panel.error is None
        assert name not in panel.knobs.locks or panel.knobs.locks[name].value
    panel.knobs.rules["R9"].value = 0
    assert told(panel).endswith("Rules bent: R9 times 0.") and panel.session.piece.plan.weights == {"R9": 0}
    for _ in range(7):
        panel.undo.click()
    assert told(panel) == first and panel.undo.disabled and not panel.redo.disabled
    assert not any(lock.value for lock in panel.knobs.locks.values())
    panel.redo.click()
    assert "90 beats per minute" in told(panel) and panel.knobs.controls["tempo"].value == 90


def test_knobs_show_what_is_heard(panel):
    for picture in ("Koala", "Starry night", panel.picture.value):
        if picture in dict(panel.picture.options).values():
            panel.picture.value = picture
        now = heard(panel.session.piece)
        assert panel.knobs.controls["tempo"].value == round(now["tempo"])
        assert {name: panel.knobs.controls[name].value for name in now if name != "tempo"} == {
            name: value for name, value in now.items() if name != "tempo"
        }


def test_a_lock_stays_through_a_reroll_and_sends_no_new_sound(panel):
    panel.knobs.locks["tune"].value = True
    assert not [content for content, _ in panel.sent if content["do"] == "piece"]
    assert "Locked: chords, key, tune" in told(panel)
    before = [(n.beat, n.pitch) for n in panel.session.piece.score.notes if n.part == "melody"]
    panel.knobs.reroll.click()
    assert before == [(n.beat, n.pitch) for n in panel.session.piece.score.notes if n.part == "melody"]
    assert [content["play"] for content, _ in panel.sent if content["do"] == "piece"] == [True]
    panel.play.value = False
    panel.knobs.locks["chords"].value = False
    assert not panel.knobs.locks["tune"].value and panel.knobs.locks["key"].value
    panel.knobs.reroll.click()
    assert [content["play"] for content, _ in panel.sent if content["do"] == "piece"][-1] is False


def test_moves_within_a_second_are_one_step(panel, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("imgmusic_edu.widgets.steps.time.monotonic", lambda: now[0])
    for tempo, wait in ((90, 0.2), (91, 0.2), (92, 5.0), (93, 0.2)):
        panel.knobs.controls["tempo"].value = tempo
        now[0] += wait
    panel.undo.click()
    assert panel.session.present.settings.tempo == 92
    panel.undo.click()
    assert panel.session.present.settings.tempo is None


def test_what_is_no_picture_gets_a_sentence_and_loses_nothing(panel, tmp_path):
    before = told(panel)
    for odd in make_odd_files(tmp_path):
        if odd.expect == "sentence" and odd.path.is_file():
            panel._received(odd.path.name, odd.path.read_bytes())
            assert panel.stage.said.endswith(".") and told(panel) == before, odd.path.name
    assert not panel.session.can_undo
    panel._received("photo.png", make_png())
    assert told(panel).startswith("photo.png: 8 s") and panel.picture.value == "photo.png"
    panel.undo.click()
    assert told(panel) == before and panel.picture.value == "The night cafe"
    panel.picture.value = "photo.png"
    assert told(panel).startswith("photo.png")


def make_png(side=96):
    import io

    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(datasets.picture("koala")[:side, :128]).save(target, "png")
    return target.getvalue()


def test_a_failing_chain_is_told_and_the_knobs_go_back(panel):
    def failing(picture, **settings):
        raise RuntimeError("no strings attached")

    panel.session._compose = failing
    panel.knobs.controls["tempo"].value = 66
    assert "no strings attached" in panel.stage.said and panel.knobs.controls["tempo"].value != 66
    assert isinstance(panel.error, RuntimeError) and not panel.session.can_undo


def test_regions_are_heard_and_greyed_out(panel):
    n_notes = len(panel.session.piece.score.notes)
    panel.stage._hear(None, {"want": "region", "act": "hear", "region": [0.2, 0.2, 0.5, 0.6]}, [])
    assert re.fullmatch(rf"Only the region: \d+ of {n_notes} notes, as loud as the whole piece\.", panel.stage.said)
    assert not panel.session.can_undo
    panel.stage._hear(None, {"want": "region", "act": "grey", "region": [0.2, 0.2, 0.5, 0.6]}, [])
    assert "with the plan held" in panel.stage.said and "part greyed out" in told(panel)
    panel.undo.click()
    assert "greyed" not in told(panel)
    panel.stage._hear(None, {"want": "region", "act": "hear", "region": [0.2, 0.2, 0.1, 0.6]}, [])
    assert "A region is" in panel.stage.said


def test_two_versions_are_compared_and_the_first_comes_back(panel):
    assert panel.compare.disabled and panel.back.disabled
    panel.hold.click()
    panel.knobs.controls["mode"].value = "minor"
    panel.compare.click()
    content, buffers = panel.sent[-2]
    assert content["do"] == "compare" and len(buffers) == 2 and buffers[0] != buffers[1]
    assert re.match(r"A and B both at -\d\d\.\d LUFS: A at [+-]\d\.\d dB, B at ", panel.stage.said)
    panel.back.click()
    assert "Locked" not in told(panel)


def test_every_kind_of_file_is_handed_out(panel, monkeypatch):
    monkeypatch.setattr(video, "encode_video", lambda piece, **_: b"a film")
    for kind, button in panel.exports.items():
        button.click()
        content, (content_bytes,) = next(sent for sent in panel.sent[::-1] if sent[0]["do"] == "file")
        assert content["name"] == f"The_night_cafe.{kind}" and content["type"] == KINDS[kind].media_type
        assert len(content_bytes) > 5
    assert not panel.filming.busy


def test_a_disk_that_is_full_gets_a_sentence(panel, monkeypatch):
    def full(*_, **__):
        from imgmusic_edu.files import FileWriteError

        raise FileWriteError("The video could not be written (no space left on device): make room.")

    monkeypatch.setattr(video, "encode_video", full)
    before = told(panel)
    panel.exports["mp4"].click()
    assert panel.stage.said == "The video could not be written (no space left on device): make room."
    assert told(panel) == before


def test_a_page_that_asks_whether_python_is_there_gets_an_answer(panel):
    panel.stage._hear(None, {"want": "answer"}, [])
    assert [content["do"] for content, _ in panel.sent] == ["heard"]


def test_everything_has_a_name(panel):
    assert all(control.description for control in [*panel.knobs.controls.values(), *panel.knobs.rules.values()])
    assert all(lock.tooltip for lock in panel.knobs.locks.values())
    assert len({rule.description for rule in panel.knobs.rules.values()}) == 16
    assert "audio/mpeg" in panel._repr_mimebundle_()["text/html"]  # still plays where no kernel is


def test_a_road_of_ones_own_can_be_chosen_like_the_others():
    roads.register("hum", lambda picture, seconds: 0.2 * np.sin(0.05 * np.arange(round(seconds * 22050))))
    try:
        panel = studio_panel(settings=Settings(road="hum"))
    finally:
        roads.unregister("hum")
    assert panel.error is None and panel.knobs.controls["road"].value == "hum"
    assert not panel.knobs.controls["road"].disabled and panel.knobs.controls["mode"].disabled


def test_the_stage_sends_a_picture_only_once():
    stage = Stage(None, None)
    sent = []
    stage.send = lambda content, buffers=None: sent.append((content["do"], len(buffers or [])))
    piece = compose(datasets.picture("koala"), seconds=8)
    stage.show(piece)
    stage.show(piece)
    stage._hear(None, {"want": "piece", "token": "t"}, [])
    assert [n for what, n in sent if what == "piece"] == [2, 1, 2]
    assert [what for what, _ in sent] == ["piece", "spectrogram"] * 3 + ["heard"]


def test_the_stages_script_is_one_module():
    assert Stage._esm.count("export default") == 1 and "import " not in re.sub(r"//.*", "", Stage._esm)


# ---- long work -------------------------------------------------------------------------------------------------------


def test_long_work_shows_how_far_it_is_and_can_be_stopped():
    worker, results, errors, stopped = Worker(), [], [], []
    going, seen = threading.Event(), []

    def work(watch):
        going.wait(20)
        for k in range(1000):
            if watch(k / 10):
                seen.append(k)
                return "too late"
            time.sleep(0.001)
        return "done"

    async def play():
        worker.do("Working", work, results.append, errors.append, lambda: stopped.append(True))
        assert worker.busy and worker.layout.display == "" and "Working" in worker.label.value
        going.set()
        await later(lambda: worker.bar.value > 0)
        worker.stop.click()
        await later(lambda: seen)
        assert stopped == [True] and worker.layout.display == "none" and not worker.busy
        await asyncio.sleep(0.3)
        worker.do("Failing", lambda watch: 1 / 0, results.append, errors.append)
        await later(lambda: errors)
        worker.do("Working", lambda watch: 7, results.append, errors.append)
        await later(lambda: results)

    asyncio.run(play())
    assert results == [7] and isinstance(errors[0], ZeroDivisionError)


def test_another_road_is_opened_beside_the_page_and_can_be_stopped(panel):
    wait, made = threading.Event(), []

    def slow(picture, **settings):
        if settings["road"] != "score":
            wait.wait(20)
            made.append(settings["road"])
        return compose(picture, **{**settings, "road": "score"})

    panel.session._compose = slow

    async def play():
        panel.knobs.controls["road"].value = "vae"
        await later(lambda: panel.steps.worker.busy)
        assert "VAE" in panel.steps.worker.label.value
        panel.steps.worker.stop.click()
        assert panel.knobs.controls["road"].value == "score" and "the last version stays" in panel.stage.said
        wait.set()
        await later(lambda: made)
        assert not panel.session.can_undo
        panel.knobs.controls["road"].value = "gan"
        await later(lambda: panel.session.can_undo)
        assert panel.session.present.settings.road == "gan" and not panel.steps.worker.busy

    asyncio.run(play())


@pytest.mark.slow
def test_every_road_is_played_and_its_knobs_are_those_it_has(panel):
    pytest.importorskip("keras")
    for road in [road for road in ROAD_NAMES if road != "score"]:
        panel.knobs.controls["road"].value = road
        assert panel.error is None and ROAD_NAMES[road] in told(panel)
        assert np.abs(panel.session.piece.sound.samples).max() > 0.01
        assert panel.knobs.controls["mode"].disabled and not panel.knobs.controls["tempo"].disabled
        assert panel.exports["mid"].disabled and panel.knobs.locks["tune"].disabled
        panel.knobs.controls["tempo"].value = 90
        assert panel.session.piece.made.tempo == pytest.approx(90)
        panel.exports["wav"].click()
        panel.stage._hear(None, {"want": "region", "act": "hear", "region": [0, 0, 1, 1]}, [])
        assert "take the road 'score'" in panel.stage.said


@pytest.mark.parametrize("kind", [StudioPanel, Knobs, Worker, Stage], ids=lambda kind: kind.__name__)
def test_nothing_of_ipywidgets_is_overridden_by_accident(kind):
    base = next(one for one in kind.__mro__ if one.__module__.split(".")[0] != "imgmusic_edu")
    ours = {name for one in kind.__mro__[: kind.__mro__.index(base)] for name in vars(one) if not name.startswith("__")}
    made_by_traitlets = {
        name for name in ours if name.lstrip("_").startswith(("trait", "all_trait", "static", "desc", "inst"))
    }
    clashes = {name for name in ours - made_by_traitlets if hasattr(base, name)}
    assert clashes <= {"_repr_mimebundle_", "_ipython_display_", "_esm", "_css"}


# ---- roads that take their time: what is pressed while they do -------------------------------------------------------


class Slow:
    """A chain whose roads but "score" wait until they are let go; what they were asked for is kept."""

    def __init__(self, panel):
        self.gate, self.asked, self.at_once, self.most = threading.Event(), [], 0, 0
        panel.session._compose = self

    def __call__(self, picture, **settings):
        if settings["road"] != "score":
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self.gate.wait(20)
            self.at_once -= 1
            self.asked.append(settings)
        taken = {name: value for name, value in settings.items() if name != "road"}
        return compose(picture, **taken)


def test_a_slider_dragged_on_a_slow_road_stays_in_the_hand_and_is_one_step(panel):
    slow = Slow(panel)
    slow.gate.set()
    tempo = panel.knobs.controls["tempo"]

    async def play():
        panel.knobs.controls["road"].value = "gan"
        await later(lambda: panel.session.present.settings.road == "gan")
        tempo.value = 99
        await later(lambda: panel.session.present.settings.tempo == 99)
        panel.steps.end_fold()
        slow.gate.clear()
        slow.asked, slow.most = [], 0
        panel.stage.said = ""
        for value in range(100, 131, 2):
            tempo.value = value
            await asyncio.sleep(0.03)
            assert tempo.value == value
        slow.gate.set()
        await later(lambda: panel.session.present.settings.tempo == 130)

    asyncio.run(play())
    assert slow.most == 1 and [settings["tempo"] for settings in slow.asked] == [100, 130]
    assert "Stopped" not in panel.stage.said
    panel.undo.click()
    assert panel.session.present.settings.tempo == 99


def test_changes_made_while_a_road_opens_build_on_it(panel):
    slow = Slow(panel)

    async def play():
        panel.knobs.controls["road"].value = "vae"
        await later(lambda: panel.steps.worker.busy)
        panel.knobs.controls["seconds"].value = 10.0
        await asyncio.sleep(0.1)
        panel.knobs.locks["tempo"].value = True
        panel.knobs.reroll.click()
        slow.gate.set()
        await later(lambda: panel.session.can_undo)

    asyncio.run(play())
    now = panel.session.present.settings
    assert (now.road, now.seconds) == ("vae", 10.0) and now.tempo is not None and now.seed != 0
    panel.undo.click()
    assert panel.session.present.settings == SHORT and not panel.session.can_undo  # it was heard once: one step


def test_undo_drops_what_is_being_made_and_what_fails_leaves_no_trace(panel):
    slow = Slow(panel)
    panel.knobs.controls["tempo"].value = 90

    async def play():
        panel.knobs.controls["road"].value = "linear"
        await later(lambda: panel.steps.worker.busy)
        panel.undo.click()
        assert not panel.steps.worker.busy and "the last version stays" in panel.stage.said
        assert panel.knobs.controls["road"].value == "score" and panel.session.present.settings.tempo == 90
        slow.gate.set()
        await asyncio.sleep(0.3)
        assert panel.session.present.settings.road == "score"
        panel.session._compose = lambda picture, **settings: 1 / 0
        panel.knobs.controls["road"].value = "mlp"
        await later(lambda: panel.error is not None)
        panel.session._compose = slow

    asyncio.run(play())
    assert "ZeroDivisionError" in panel.stage.said and panel.knobs.controls["road"].value == "score"
    panel.knobs.controls["tempo"].value = 91
    assert panel.session.present.settings.road == "score" and "91 beats" in told(panel)


def test_old_steps_of_a_slow_road_are_made_again_beside_the_page(panel):
    slow = Slow(panel)
    slow.gate.set()
    panel.knobs.controls["road"].value = "gan"
    panel.knobs.controls["seed"].value = 11
    panel.session._past = [panel.session.present.changed(seed=77)]
    slow.gate.clear()

    async def play():
        panel.undo.click()
        await later(lambda: panel.steps.worker.busy)
        assert panel.session.present.settings.seed == 11  # the page is free meanwhile
        slow.gate.set()
        await later(lambda: panel.session.present.settings.seed == 77)

    asyncio.run(play())


def test_a_knob_does_not_end_a_video(panel, monkeypatch):
    wait = threading.Event()
    monkeypatch.setattr(video, "encode_video", lambda piece, **_: wait.wait(20) and b"a film")

    async def play():
        panel.exports["mp4"].click()
        panel.knobs.controls["tempo"].value = 66
        panel.knobs.reroll.click()
        assert panel.filming.busy
        wait.set()
        await later(lambda: [content for content, _ in panel.sent if content["do"] == "file"])

    asyncio.run(play())


def test_a_start_that_fails_is_a_sentence_in_the_cell_and_can_be_mended():
    panel = studio_panel(settings=Settings(seconds=5))
    assert panel.error is not None and panel.stage.said in unescape(panel._repr_mimebundle_()["text/html"])
    panel.exports["wav"].click()
    assert panel.stage.said.startswith("There is no music")
    panel.knobs.controls["seconds"].value = 10.0
    assert panel.error is None and "10 s" in told(panel)


def test_a_road_that_came_later_is_in_the_list(panel):
    roads.register("hum", lambda picture, seconds: 0.2 * np.sin(0.05 * np.arange(round(seconds * 22050))))
    try:
        panel.session.change(road="hum")
        panel._show(panel.session.piece)
        assert panel.error is None and panel.knobs.controls["road"].value == "hum"
    finally:
        roads.unregister("hum")
    panel.knobs.controls["tempo"].value = 70  # it is gone: told, and nothing breaks
    assert panel.error is not None and panel.knobs.controls["road"].value == "hum"
    panel.undo.click()
    assert panel.error is None and panel.knobs.controls["road"].value == "score"


def test_a_road_of_ones_own_is_told_what_it_takes_and_no_more():
    given = []

    def waltz(picture, *, features, seconds, mode=None):
        given.append(mode)
        return roads.score_road()(picture, features=features, seconds=seconds, mode=mode)

    roads.register("waltz", waltz)
    roads.register("all", roads.score_road())
    try:
        panel = studio_panel(settings=Settings(road="waltz", seconds=8.0, tempo=90))
        assert panel.error is None and panel.knobs.controls["tempo"].disabled and panel.knobs.locks["tune"].disabled
        other = "minor" if panel.knobs.controls["mode"].value == "major" else "major"
        panel.knobs.controls["mode"].value = other
        assert given == [None, other] and panel.knobs.controls["mode"].value == other
        panel.stage._hear(None, {"want": "region", "act": "grey", "region": [0, 0, 0.5, 0.5]}, [])
        assert "take that one" in panel.stage.said
        panel.knobs.controls["road"].value = "all"
        assert panel.session.piece.plan.tempo == 90 and not panel.knobs.controls["tempo"].disabled
        panel.knobs.locks["tune"].value = True
        before = [n.pitch for n in panel.session.piece.score.notes if n.part == "melody"]
        panel.knobs.reroll.click()
        assert before == [n.pitch for n in panel.session.piece.score.notes if n.part == "melody"]
    finally:
        roads.unregister("waltz")
        roads.unregister("all")


def test_pictures_of_one_name_are_two_in_the_list(panel):
    for region in ([0, 0, 0.3, 0.3], [0.5, 0.5, 0.9, 0.9]):
        panel.stage._hear(None, {"want": "region", "act": "grey", "region": region}, [])
    first, second = "The night cafe, part greyed out", "The night cafe, part greyed out 2"
    shown = panel.session.present.picture
    panel.picture.value = first
    assert not np.array_equal(panel.session.present.picture, shown)
    panel.picture.value = second
    assert np.array_equal(panel.session.present.picture, shown)
    for side in (96, 64):
        panel._received("photo.png", make_png(side))
    panel._received("photo.png", make_png(64))
    assert [title for title in panel._pictures if title.startswith("photo")] == ["photo.png 2", "photo.png"][::-1]


def test_what_changes_nothing_is_no_step(panel):
    panel.hold.click()
    panel.back.click()
    panel.knobs.even.click()
    assert not panel.session.can_undo


def test_meters_are_not_left_of_another_version(panel, monkeypatch):
    from imgmusic_edu.widgets import answers

    gate, made = threading.Event(), []

    def measured(piece, took):
        gate.wait(20)
        made.append(piece)
        return piece

    monkeypatch.setattr(answers, "_measured", measured)
    monkeypatch.setattr(answers, "markup", lambda piece: f"{piece.plan.tempo:g}")
    monkeypatch.setattr(answers, "put_to_the_test", lambda version, watch: None)
    gate.set()
    panel.answers.toggle.value = True
    gate.clear()

    async def play():
        panel.knobs.controls["tempo"].value = 66
        await later(lambda: panel.answers.listening.busy)
        panel.answers.test.click()  # it has a worker of its own
        gate.set()
        await later(lambda: "66" in panel.answers.meters.value)
        gate.clear()
        panel.knobs.controls["tempo"].value = 77
        await later(lambda: panel.answers.listening.busy)
        panel.answers.listening.stop.click()
        assert panel.answers.meters.value == ""
        gate.set()

    asyncio.run(play())
