"""The faithfulness benchmark tells obedience from chance, and a folder gets figures or a sentence, no traceback."""

import csv
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import soxr
from PIL import Image

from imgmusic_edu import crossmodal, datasets, evaluation, files
from imgmusic_edu.evaluation import benchmark, estimates, matching, pairs_folder, report
from imgmusic_edu.evaluation.__main__ import main
from imgmusic_edu.evaluation.baselines import hue_tonic, hue_wheel, random_scene
from imgmusic_edu.evaluation.benchmark import QUALITIES, Heard
from imgmusic_edu.evaluation.edits import EDITS
from imgmusic_edu.evaluation.faithfulness import SHOWS
from imgmusic_edu.evaluation.listener import N_FINGERPRINT, Listener
from imgmusic_edu.sounds import SAMPLE_RATE, Sound
from imgmusic_edu.visual_features import FEATURES

N_FEATURES = len(FEATURES)


def drives_of(features):
    return crossmodal.drives(crossmodal.contributions(dict(zip(FEATURES, map(float, features), strict=True))))


def pictures_heard(n, *, edits=(), obedient=True, seed=0):
    """Pictures of random features, with sounds that have exactly what the rules ask for, or anything."""
    random = np.random.default_rng(seed)
    names, done, features = [], [], []
    for k in range(n):
        plain = random.normal(size=N_FEATURES)
        for edit in (None, *edits):
            names.append(f"picture {k}")
            done.append(edit)
            features.append(plain.copy())
            if edit:
                feature = list(FEATURES).index(EDITS[edit].feature)
                features[-1][feature] += EDITS[edit].direction or 1.0
    measures = np.array([[drives_of(row)[quality] for quality in QUALITIES] for row in features])
    if not obedient:
        measures = random.normal(size=measures.shape)
    prints = np.hstack([np.array(features), np.zeros((len(names), N_FINGERPRINT - N_FEATURES))])
    tonics = random.integers(0, 2, len(names))
    return Heard(np.array(names), np.array(done, dtype=object), np.array(features), measures, prints, tonics)


@pytest.fixture(scope="module")
def obedient():
    return pictures_heard(60)


@pytest.fixture(scope="module")
def deaf():
    return pictures_heard(60, obedient=False)


def inside(each, value, prefix="shuffled_"):
    return each[f"{prefix}low"] <= value <= each[f"{prefix}high"]


# --- estimates ---------------------------------------------------------------------------------------------


def test_correlations_are_scipys():
    from scipy.stats import pearsonr, spearmanr

    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 5, 30)).round(1)  # with ties
    assert estimates.spearman(one, other) == pytest.approx(
        [spearmanr(*rows).statistic for rows in zip(one, other, strict=True)]
    )
    assert estimates.correlation(one, other) == pytest.approx(
        [pearsonr(*rows).statistic for rows in zip(one, other, strict=True)]
    )
    assert estimates.spearman(np.ones(5), np.arange(5)) == 0  # what does not move follows nothing


def test_a_common_cause_is_taken_out():
    random = np.random.default_rng(1)
    cause = random.normal(size=2000)
    one, other = cause + 0.5 * random.normal(size=2000), cause + 0.5 * random.normal(size=2000)
    assert estimates.spearman(one, other) > 0.7
    assert abs(estimates.partial_spearman(one, other, cause)) < 0.1


def test_intervals_hold_the_truth_and_shrink():
    random = np.random.default_rng(2)
    one = random.normal(size=400)
    other = one + random.normal(size=400)
    few = estimates.estimate(estimates.correlation, one[:40], other[:40])
    many = estimates.estimate(estimates.correlation, one, other)
    assert few.low < 2**-0.5 < few.high and many.low < 2**-0.5 < many.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    nothing = estimates.shuffled(estimates.correlation, one, other)
    assert abs(nothing.value) < 0.02 and nothing.low < 0 < nothing.high < 0.15


def test_r2_of_the_mean_is_0_and_of_the_truth_1():
    truth = np.random.default_rng(3).normal(size=50)
    assert estimates.r2(truth, truth) == 1
    assert estimates.r2(truth, np.full(50, truth.mean())) == pytest.approx(0)


# --- sections ----------------------------------------------------------------------------------------------


def test_obedience_is_1_where_it_is_perfect_and_chance_where_there_is_none(obedient, deaf):
    rows, others = benchmark.obedience_rows(obedient), benchmark.obedience_rows(deaf)
    assert [row["value"] for row in rows[: 1 + len(QUALITIES)]] == [1.0] * (1 + len(QUALITIES))
    assert rows[0]["low"] == 1.0 and abs(rows[0]["shuffled"]) < 0.05 and rows[0]["hue_wheel"] < 0.3
    assert all(inside(row, 0.0) and row["n"] == 60 for row in rows)
    assert inside(others[0], others[0]["value"]) and inside(others[0], 0.0, prefix="")
    pairs = [row for row in rows if "(R" in row["what"]]
    assert np.mean([row["value"] for row in pairs]) > 0.25 and min(row["value"] for row in pairs) > -0.25
    assert {row["what"] for row in rows} >= {"lightness -> tempo (R1 R4)", "warmth -> mode (no rule)"}


def test_edits_are_told_right_or_wrong_or_by_chance():
    edits = (*SHOWS, "more_contrast", "less_contrast")
    heard = pictures_heard(20, edits=edits)
    rows = benchmark.counterfactual_rows(heard)
    assert rows[0]["what"] == "all edits" and rows[0]["value"] == 1.0
    assert {row["what"] for row in rows[1:]} == {f"{edit} -> {q}" for edit, shown in SHOWS.items() for q in shown}
    assert rows[0]["n"] == sum(row["n"] for row in rows[1:])
    assert 0.4 < rows[0]["shuffled"] < 0.6 and rows[0]["chance"] == 0.5 and inside(rows[0], 0.5)
    assert rows[0]["hue_wheel"] < 0.5
    (contrast,) = [row for row in benchmark.leakage_rows(heard[heard.edits == None], heard) if "edited" in row["what"]]  # noqa: E711
    assert contrast["value"] == 0.0 and contrast["n"] == 40
    upside_down = Heard(*{**vars(heard), "measures": -heard.measures}.values())
    assert benchmark.counterfactual_rows(upside_down)[0]["value"] == 0.0
    assert benchmark.counterfactual_rows(pictures_heard(5)) == []


def test_edits_too_small_to_notice_do_not_count():
    heard = pictures_heard(10, edits=("lighten",))
    faint = heard.features.copy()
    faint[1::2] = faint[::2] + 0.01
    assert benchmark.counterfactual_rows(Heard(*{**vars(heard), "features": faint}.values())) == []


def test_contrast_that_only_goes_along_with_other_things_is_no_leak():
    heard = pictures_heard(200)
    features = heard.features.copy()
    contrast = list(FEATURES).index("contrast")
    features[:, contrast] = heard.measure("register") + 0.5 * np.random.default_rng(0).normal(size=200)
    measures = heard.measures + 0.3 * np.random.default_rng(1).normal(size=heard.measures.shape)
    along = Heard(*{**vars(heard), "features": features, "measures": measures}.values())
    plain, partial = benchmark.leakage_rows(along, along)
    assert plain["low"] > 0.5 and inside(partial, 0.0, prefix="")


# --- retrieval ---------------------------------------------------------------------------------------------


def test_ranks_are_counted_right_and_thinned_fairly():
    distances = np.array([[0.0, 1.0, 2.0, 2.0, 5.0], [3.0, 3.0, 3.0, 3.0, 3.0]])
    assert matching.ranks(distances, 5, 5).tolist() == [[1, 2, 3, 3, 5], [3, 3, 3, 3, 3]]
    many = np.random.default_rng(0).random((200, 1000))
    thinned = matching.ranks(many, 1000, 100)
    assert thinned.min() == 1 and thinned.max() == 100 and thinned.mean() == pytest.approx(50.5, abs=0.5)
    best, worst = many.argmin(axis=1), many.argmax(axis=1)
    assert (thinned[np.arange(200), best] == 1).all() and (thinned[np.arange(200), worst] == 100).all()


def test_obedient_sounds_find_their_pictures_and_shuffled_ones_by_chance(obedient, deaf):
    scenes = np.random.default_rng(5).normal(size=(140, N_FEATURES))
    for size in (30, 60, 200):
        finder = matching.rules_finder(obedient, obedient.on_the_hue_wheel())
        rows = {row["measure"]: row for row in matching.retrieval_rows([finder], obedient.features, scenes, size)}
        assert rows["R@1"]["value"] > 0.8 and rows["R@10"]["value"] > 0.95 and rows["median rank"]["value"] == 1
        assert rows["R@10"]["chance"] == pytest.approx(10 / size, abs=1e-4)
        assert rows["median rank"]["chance"] == (size + 1) / 2
        assert rows["MRR"]["chance"] == pytest.approx(np.mean(1 / np.arange(1, size + 1)), abs=1e-4)
        for row in rows.values():
            assert inside(row, row["chance"]) or abs(row["shuffled"] - row["chance"]) < 0.05 * size
    finder = matching.rules_finder(deaf, deaf.on_the_hue_wheel())
    found = matching.retrieval_rows([finder], deaf.features, scenes, 60)
    assert all(inside(row, row["value"]) for row in found if row["measure"] in ("R@10", "median rank"))


# --- baselines ---------------------------------------------------------------------------------------------


def test_the_hue_wheel_follows_the_hue_and_nothing_else():
    red, dark_red, blue = (
        np.full((32, 32, 3), colour, np.uint8) for colour in ((220, 40, 40), (90, 10, 10), (30, 60, 220))
    )
    assert hue_tonic(red) == hue_tonic(dark_red) != hue_tonic(blue)
    sound = hue_wheel(hue_tonic(red))
    assert sound.shape == (10 * SAMPLE_RATE,) and np.abs(sound).max() == pytest.approx(0.5)
    assert not np.array_equal(sound, hue_wheel(hue_tonic(blue)))


# --- the whole, on a folder --------------------------------------------------------------------------------


def tone_for(picture):
    """A sound that takes its pitch, pace and loudness from the lightness."""
    light = picture.mean() / 255
    time = np.arange(round(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(round(8.5 * SAMPLE_RATE))
    for number, start in enumerate(np.arange(0, 8, 60 / (70 + 70 * light) / 2)):
        frequency = 110 * 2 ** (3 * light + (0, 4, 7, 12)[number % 4] / 12)
        note = sum(np.sin(2 * np.pi * k * frequency * time) / k for k in (1, 2, 3)) * np.exp(-8 * time)
        first = round(start * SAMPLE_RATE)
        sound[first : first + len(time)] += note[: len(sound) - first]
    return Sound((0.2 + 0.6 * light) * sound / np.abs(sound).max() / 1.01)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Six pictures and their sounds, one of them also lighter and darker."""
    folder = tmp_path_factory.mktemp("pairs")
    for number in range(6):
        picture = random_scene(number, size=64)
        variants = {"": picture}
        if number == 0:
            variants |= {f".{edit}": EDITS[edit].function(picture) for edit in ("lighten", "darken")}
        for suffix, variant in variants.items():
            Image.fromarray(variant).save(folder / f"scene.{number}{suffix}.png")
            tone_for(variant).save(folder / f"scene.{number}{suffix}.wav")
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    for path in filled.iterdir():
        os.link(path, tmp_path / path.name)
    return tmp_path


@pytest.fixture
def few(monkeypatch):
    """Only a few pictures to find, so that few scenes need to be painted; no listener."""

    def missing():
        raise ValueError("there is none.")

    monkeypatch.setattr(benchmark, "CANDIDATES", (8, 9))
    monkeypatch.setattr(benchmark, "open_listener", missing)
    return monkeypatch


def run(capsys, *arguments):
    """Exit code, standard output and standard error of one call."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and "please report" not in err
    assert all(line.startswith("evaluation: ") and line.endswith(".") for line in err.splitlines() if "..." not in line)
    return code, out, err


def rows_of(path):
    """The rows of a CSV file, as a report holds them."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    text = ("section", "what", "measure")
    return [
        {
            key: value if key in text else int(value) if key == "n" else float(value or "nan")
            for key, value in row.items()
        }
        for row in rows
    ]


def test_a_folder_is_scored_printed_and_written(folder, few, capsys):
    code, out, err = run(capsys, folder)
    assert code == 0 and err.count("\n") == 1 and "scenes" in err
    rows = rows_of(folder / "faithfulness.csv")
    assert tuple(rows[0]) == report.COLUMNS and report.table(rows) in out
    assert {row["section"] for row in rows} == {"obedience", "counterfactuals", "leakage", "retrieval"}
    found = {row["what"]: row for row in rows}
    assert found["lightness -> loudness (R3)"]["n"] == 6 and found["all edits"]["n"] == 6
    assert {"rules, among 6", "rules, among 8", "rules, among 9"} < set(found)
    assert "listener's weights are not there" in out and "With 6 pairs" in out and "not comparable" in out
    with Image.open(folder / "faithfulness.png") as figure:
        assert figure.size[0] > 600 and "shuffled" in figure.text["Description"]
    before = (folder / "faithfulness.csv").read_bytes()
    assert run(capsys, folder, "--quick")[0] == 0  # the figure of the first time is no picture without a sound
    assert "among 9" in before.decode() and "among 9" not in (folder / "faithfulness.csv").read_text()


def test_with_a_listener_there_is_a_round_trip(folder, few, capsys):
    random = np.random.default_rng(0)
    learnt = Listener.fit(random.normal(size=(40, N_FINGERPRINT)), random.normal(size=(40, N_FEATURES)))
    few.setattr(benchmark, "open_listener", lambda: learnt)
    code, out, _ = run(capsys, folder, "--csv", folder / "a.csv", "--figure", folder / "a.svg")
    assert code == 0 and "listener, among 6" in out and "own music" in out and "weights are not there" not in out
    rows = [row for row in rows_of(folder / "a.csv") if row["section"] == "round trip"]
    assert [row["what"] for row in rows] == 2 * ["all features", *FEATURES]
    assert "<svg" in (folder / "a.svg").read_text() and not (folder / "faithfulness.csv").exists()


def test_odd_files_get_a_sentence_each_and_are_left_out(folder, few, capsys):
    (folder / "alone.png").write_bytes((folder / "scene.1.png").read_bytes())
    (folder / "unseen.wav").write_bytes((folder / "scene.1.wav").read_bytes())
    (folder / "orphan.lighten.png").write_bytes((folder / "scene.1.png").read_bytes())
    (folder / "orphan.lighten.wav").write_bytes((folder / "scene.1.wav").read_bytes())
    (folder / "scene.1.jpg").write_bytes((folder / "scene.1.png").read_bytes())
    for name in ("broken", "noise", "silent", "short"):
        (folder / f"{name}.png").write_bytes((folder / "scene.1.png").read_bytes())
    (folder / "broken.png").write_bytes((folder / "scene.1.png").read_bytes()[:200])
    (folder / "broken.wav").write_bytes((folder / "scene.1.wav").read_bytes())
    (folder / "noise.wav").write_bytes(b"no sound at all")
    Sound(np.zeros(9 * SAMPLE_RATE, np.float32)).save(folder / "silent.wav")
    Sound(np.full(SAMPLE_RATE // 4, 0.1, np.float32)).save(folder / "short.wav")
    (folder / "notes.txt").write_text("not looked at")
    (folder / "inner.png").mkdir()
    code, out, err = run(capsys, folder, "--quick")
    assert code == 1 and "| all rules -> tempo | rho | 6 |" in out
    for name in ("alone.png", "unseen.wav", "orphan.lighten", "scene.1.png", "broken", "noise", "silent", "short"):
        assert sum(line.startswith(f"evaluation: {name}") or f": {name} " in line for line in err.splitlines()) >= 1, (
            name
        )
    assert err.count("is left out") == 8 and "notes" not in err and "inner" not in err


def test_many_files_without_a_partner_are_counted(folder, few, capsys):
    for number in range(30):
        (folder / f"more{number}.wav").write_bytes(b"x")
    code, _, err = run(capsys, folder, "--quick")
    assert code == 1 and "25 more like them" in err and err.count("is left out") == 6


def test_where_there_is_nothing_to_score_one_sentence_says_so(tmp_path, filled, few, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "silent").mkdir()
    (tmp_path / "silent" / "a.png").write_bytes((filled / "scene.1.png").read_bytes())
    for place in ("empty", "silent", "nowhere", "silent/a.png"):
        code, out, err = run(capsys, tmp_path / place)
        assert (code, out, err.count("\n")) == (2, "", 1), place
    Sound(np.zeros(9 * SAMPLE_RATE, np.float32)).save(tmp_path / "silent" / "a.wav")
    code, out, err = run(capsys, tmp_path / "silent")
    assert (code, out) == (2, "") and "a is left out" in err and "no pair" in err.splitlines()[-1]
    assert sorted(os.listdir(tmp_path / "silent")) == ["a.png", "a.wav"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["pairs", "more"],
        ["pairs", "--csv", "a.txt"],
        ["pairs", "--figure", "a.jpg"],
        ["pairs", "--csv", "nowhere/a.csv"],
        ["pairs", "--edits"],
        ["pairs", "--n", "5"],
        ["--prepare", "pairs", "--n", "0"],
        ["--prepare", "pairs", "--n", "many"],
        ["--prepare", "pairs", "--csv", "a.csv"],
        ["--prepare"],
        ["--unknown", "pairs"],
    ],
    ids=" ".join,
)
def test_what_is_not_understood_gets_one_sentence(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and err.endswith("--help shows how.\n")
    assert os.listdir() == []


def test_a_picture_is_never_written_over(folder, few, capsys):
    before = (folder / "scene.1.png").read_bytes()
    code, _, err = run(capsys, folder, "--figure", folder / "scene.1.png")
    assert code == 2 and "scene.1.png" in err and (folder / "scene.1.png").read_bytes() == before


def test_what_cannot_be_written_is_said_and_the_rest_is_written(folder, few, capsys):
    (folder / "faithfulness.csv").mkdir()
    code, out, err = run(capsys, folder, "--quick")
    assert code == 1 and "faithfulness.csv" in err and "### Obedience" in out
    assert (folder / "faithfulness.png").is_file()


def test_ctrl_c_is_no_traceback(folder, few, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    few.setattr(benchmark, "score", stop)
    assert run(capsys, folder)[0] == 130


def test_help_can_be_followed():
    paths = os.pathsep.join([str(Path(files.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "imgmusic_edu.evaluation", "--help"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.returncode == 0 and done.stderr == ""
    for word in ("--prepare", "--edits", "koala.lighten.wav", "exit codes", "chance"):
        assert word in done.stdout


# --- laying out --------------------------------------------------------------------------------------------


def test_pictures_are_prepared_and_found_again(tmp_path, capsys):
    code, out, err = run(capsys, "--prepare", tmp_path / "new", "--n", 3, "--edits")
    assert (code, err) == (0, "") and "33 pictures were written" in out
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert len(names) == 33 and "scene_000.png" in names and "scene_000.lighten.png" in names
    one = tmp_path / "new" / names[0]
    one.write_bytes(b"mine")
    code, out, _ = run(capsys, "--prepare", tmp_path / "new", "--n", 3)
    assert code == 0 and "0 pictures were written" in out and "3 were there" in out and one.read_bytes() == b"mine"
    for name in names:
        (tmp_path / "new" / name).with_suffix(".wav").write_bytes(b"x")
    entries = pairs_folder.find_pairs(tmp_path / "new")
    assert len(entries) == 33 and [entry.edit for entry in entries[:3]] == [None] * 3
    assert {entry.edit for entry in entries} == {None, *EDITS}


def test_prepared_pictures_are_none_that_the_courses_networks_learn_from():
    pairs = pytest.importorskip("imgmusic_edu.networks.pairs")
    learnt = {name.split(" ")[0] for part in ("train", "validation") for name in pairs.names(part)}
    prepared = [name for name, _ in pairs_folder.prepared(100)]
    assert len(prepared) == len(set(prepared)) == 100
    shipped = [name for name in prepared if not name.startswith("scene_")]
    assert len(shipped) >= 40 and set(shipped) <= set(datasets.names()) and not set(shipped) & learnt


def test_a_folder_that_cannot_be_made_gets_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    code, out, err = run(capsys, "--prepare", tmp_path / "file" / "new", "--n", 1)
    assert (code, out, err.count("\n")) == (1, "", 1)


# --- the report --------------------------------------------------------------------------------------------


def test_the_figure_has_words_that_say_what_was_found(obedient):
    rows = benchmark.obedience_rows(obedient) + benchmark.leakage_rows(obedient, obedient)
    found = report.Report(rows, ["A note."])
    figure, alt = found.figure()
    assert len(figure.axes) == 2 and "all rules -> all qualities 1.00 (1.00 to 1.00)" in alt and len(alt) > 100
    assert found.table().endswith("- A note.\n")
    assert found.find("all rules -> tempo")["value"] == 1.0
    with pytest.raises(KeyError, match="no row"):
        found.find("all rules -> smell")
    with pytest.raises(ValueError, match="png"):
        found.save_figure("a.bmp")


def test_pairs_from_anywhere_can_be_scored(few):
    said = []
    pairs = [
        (f"scene {k}", None, random_scene(k, size=64), tone_for(random_scene(k, size=64)).samples) for k in range(3)
    ]
    pairs.append(("strange", "sharper", pairs[0][2], pairs[0][3]))
    found = benchmark.score(iter(pairs), candidates=(), notice=said.append)
    assert found.n_pairs == 3 and len(said) == 1 and "there is no edit 'sharper'" in said[0]
    one = benchmark.score(pairs[:1], candidates=(3,), notice=said.append)
    assert one.n_pairs == 1 and one.find("rules, among 3")["n"] == 1 and one.figure()[1] and "nan " not in one.table()
    with pytest.raises(ValueError, match="no pair"):
        benchmark.score([], notice=said.append)


def test_the_worked_example_of_a_system_from_outside_works_as_it_is_printed(few, tmp_path, monkeypatch, capsys):
    """One sine a row, as the docstring of `evaluation` has it: stereo, 44.1 kHz, FLAC."""
    monkeypatch.chdir(tmp_path)
    few.setattr(pairs_folder, "prepared", lambda n: ((f"scene_{k}", random_scene(k, size=64)) for k in range(n)))
    assert run(capsys, "--prepare", "pairs", "--n", "4")[0] == 0
    lines = evaluation.__doc__.splitlines()
    code = textwrap.dedent("\n".join(line for line in lines if line.startswith("    ") or not line.strip()))
    exec(compile(code, "example", "exec"), {})
    assert len(list((tmp_path / "pairs").glob("*.flac"))) == 4
    code, out, _ = run(capsys, "pairs", "--quick")
    assert code == 0 and "all rules -> all qualities" in out
    assert rows_of(tmp_path / "pairs" / "faithfulness.csv")[0]["n"] == 4


def test_sounds_of_other_rates_channels_and_formats_say_the_same(folder, few, capsys):
    import soundfile

    plain = run(capsys, folder, "--quick")[0], rows_of(folder / "faithfulness.csv")
    for number, (suffix, rate, channels) in enumerate(
        ((".flac", 44100, 2), (".mp3", 48000, 2), (".ogg", 32000, 1), (".wav", 8000, 3))
    ):
        path = folder / f"scene.{number + 1}.wav"
        samples, own = soundfile.read(path)
        path.unlink()
        other = soxr.resample(samples, own, rate)
        soundfile.write(path.with_suffix(suffix), np.column_stack([other] * channels) if channels > 1 else other, rate)
    code, _, err = run(capsys, folder, "--quick")
    assert code == 0 and err.count("\n") <= 1
    before, after = ({row["what"]: row for row in rows} for rows in (plain[1], rows_of(folder / "faithfulness.csv")))
    for what in ("all rules -> tempo", "all rules -> register"):
        assert after[what]["n"] == 6 and after[what]["value"] == pytest.approx(before[what]["value"], abs=0.35)
