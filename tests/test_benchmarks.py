"""The benchmarks run, in a tiny setting, and their figures make sense. No figure of time is asserted."""

import json

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import (
    craft,
    every,
    faithfulness,
    hearing,
    hearing_music,
    hearing_networks,
    hearing_transforms,
    known_pieces,
    seeing,
    seeing_networks,
    speed,
    spread_out,
    table,
)
from imgmusic_edu import backbones, datasets
from imgmusic_edu.backbones import efficientnet, pipeline
from imgmusic_edu.composer import compose_score, make_plan
from imgmusic_edu.crossmodal import RULES
from imgmusic_edu.evaluation.faithfulness import MEASURES, SHOWS
from imgmusic_edu.scenes import FACTORS, scene
from imgmusic_edu.visual_features import FEATURES, visual_features

# --- what all share ----------------------------------------------------------------------------------------


def test_every_spreads_evenly_and_takes_what_there_is():
    assert every(range(10), 3) == [0, 3, 6]
    assert every("abc", 5) == ["a", "b", "c"]


def test_tables_have_as_many_cells_in_every_row():
    lines = table(("a", "b"), [("x", 1), ("y", 2)]).splitlines()
    assert lines[1] == "| :-- | --: |" and {line.count("|") for line in lines} == {3}


def test_work_in_other_processes_comes_back_in_order():
    assert spread_out(abs, [-3, 2, -1], what="numbers") == [3, 2, 1]


def test_the_command_joins_what_was_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(craft, "run", lambda *, out, quick: f"craft, quick {quick}")
    assert command.main(["music", "--quick", "--out", str(tmp_path)]) == 0
    assert "craft, quick True" in (tmp_path / "results.md").read_text()
    assert "craft, quick True" in capsys.readouterr().out


# --- speed -------------------------------------------------------------------------------------------------


def test_speed_runs_and_names_what_it_stands_beside(tmp_path):
    text = speed.run(out=tmp_path, runs=1, megapixels=0.5, seconds=8.0)
    found = json.loads((tmp_path / "speed.json").read_text())
    assert text.count("| promise |") == 1 and "skimage.io.imread" in text and "one sine a row" in text
    assert 20 < found["cold"][0]["peak"] < 1000  # MB
    assert found["parts"]["render"][0] < found["parts"]["compose(), all of it"][0] * 3
    assert all(isinstance(took, str) or min(took) > 0 for took in found["played"].values())


def test_peak_memory_is_the_childs_own():
    little = speed.fresh(["-c", "print('here')"])
    much = speed.fresh(["-c", "held = b'x' * 80_000_000"])
    ballast = np.ones(20_000_000)  # 160 MB in this process, which must not count
    again = speed.fresh(["-c", "pass"])
    assert little["said"] == "here\n" and ballast.any()
    assert much["peak"] - little["peak"] == pytest.approx(80, abs=10)
    assert again["peak"] == pytest.approx(little["peak"], abs=10)
    with pytest.raises(RuntimeError, match="ended with 3"):
        speed.fresh(["-c", "raise SystemExit(3)"])


# --- faithfulness ------------------------------------------------------------------------------------------


def test_every_rule_that_can_be_measured_is_asked():
    pairs = faithfulness.rule_pairs()
    asked = {rule for rules, _, _ in pairs for rule in rules}
    can = {r.id for r in RULES if r.weight and any(r.effects.get(quality) for quality in MEASURES)}
    assert asked == can
    assert all(faithfulness.factor_of(feature) in FACTORS for _, feature, _ in pairs)


def test_scenes_are_held_in_the_middle_of_natural_pictures():
    assert set(faithfulness.MIDDLE) == set(FACTORS)
    used = {feature for _, feature, _ in faithfulness.rule_pairs()}
    places = [visual_features(scene(**faithfulness.MIDDLE, seed=seed)) for seed in range(3)]
    for name in used & set(FEATURES):
        assert abs(np.mean([place.standardised(name) for place in places])) < 0.7, name


def test_the_hue_wheel_hears_hue_and_nothing_else():
    wheel = [
        faithfulness.hue_wheel(np.full((16, 16, 3), colour, np.uint8)) for colour in ((200, 40, 40), (40, 40, 200))
    ]
    dark = faithfulness.hue_wheel(np.full((16, 16, 3), (202, 42, 42), np.uint8))
    assert not np.array_equal(*wheel) and np.array_equal(wheel[0], dark)


def made_up(right, n=200, quality="tempo"):
    """Rows in which a share of the edits went the right way."""
    rng = np.random.default_rng(1)
    rows = []
    for k in range(n):
        for edit, sign in (("lighten", 1), ("darken", -1)):
            change = sign * (1.0 if k < right * n else -1.0)
            before = float(rng.normal(90, 10))
            row = {"picture": str(k), "edit": edit, "quality": quality, "shift": float(sign), "expected": sign}
            rows.append(row | {"change": change, "before": before, "planned": float(sign), "who": "ours"})
    return rows


def test_sign_table_finds_the_share_that_was_built_in():
    _, overall, worst = faithfulness.sign_table(made_up(0.75))
    assert np.mean(overall["waveform"]) == pytest.approx(0.75) == worst
    assert np.mean(overall["oracle"]) == 1
    assert np.mean(overall["shuffled"]) == pytest.approx(0.5, abs=0.08)


def test_leakage_is_signed_by_the_feature_and_counted_in_spreads():
    rows = [row for quality in MEASURES for row in made_up(1.0, quality=quality)]
    text = faithfulness.leakage_table(rows)
    spread = np.std([row["before"] for row in rows if row["edit"] == "darken" and row["quality"] == "tempo"])
    assert text.count(f"**{1 / spread:+.2f}**") == len(SHOWS["lighten"]) + len(SHOWS["darken"])


def test_rho_of_something_that_stands_still_is_nothing():
    assert faithfulness.spearman([1, 2, 3], [5, 5, 5]) == 0
    assert faithfulness.spearman([1, 2, 3], [1, 4, 9]) == pytest.approx(1)


def test_faithfulness_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(faithfulness, "rule_pairs", lambda: [(["R1", "R4"], "lightness", "tempo")])
    monkeypatch.setattr(faithfulness, "SHOWS", {"lighten": ("tempo", "register")})
    text = faithfulness.run(out=tmp_path, n_pictures=2, n_seeds=1, n_levels=4, seconds=8.0, processes=0)
    assert "| contrast -> pitch" in text and "Control, contrast -> register" in text
    for name in ("counterfactuals.csv", "scenes.csv", "obedience.csv"):
        assert len((tmp_path / name).read_text().splitlines()) > 1
    obeyed = (tmp_path / "obedience.csv").read_text().splitlines()
    told = dict(zip(obeyed[0].split(","), obeyed[1].split(","), strict=True))
    assert float(told["oracle"]) == pytest.approx(1)  # the plan follows lightness, whatever the composer does


# --- music -------------------------------------------------------------------------------------------------


def test_notes_are_heard_where_the_midi_file_has_them():
    features = visual_features(datasets.picture("eiffel_tower"))
    score = compose_score(make_plan(features, seconds=8.0, seed=1), features)
    errors = craft.onset_errors(score, notes_a_part=1)
    assert len(errors) == len(score.parts)
    assert max(abs(ms) for _, ms in errors) < 60  # a slow attack is no fault of the clock
    for part in score.parts:
        expected = sorted(score.seconds_of(n.beat) for n in score.notes if n.part == part.name)
        np.testing.assert_allclose(craft.midi_times(score)[part.name], expected, atol=0.002)


def test_music_runs(tmp_path):
    text = craft.run(out=tmp_path, n_pictures=2, lengths=(8.0,), seeds=(0,), every_nth=2, processes=0)
    rows = (tmp_path / "pieces.csv").read_text().splitlines()
    assert len(rows) == 3 and "| loudness |" in text and "### Variety" in text


# --- seeing ------------------------------------------------------------------------------------------------


def read_small(picture):
    return pipeline.centre_square(picture, 32)


def test_features_run_and_tell_growth_from_numbers(tmp_path, monkeypatch):
    usual = {name: seeing.PIECES[name] for name in ("L*a*b*", "describe, all")}
    monkeypatch.setattr(seeing, "PIECES", usual)
    text = seeing.features(out=tmp_path, n_pictures=1, rounds=1, numbers=(2, 4, 6))
    found = json.loads((tmp_path / "seeing_features.json").read_text())
    assert "from 2 to 6 pictures (ours, colour alone)" in text and "| describe, all |" in text
    assert set(found["peak"]) == {f"ours, {n}" for n in (2, 4)} | {f"ours, colour alone, {n}" for n in (2, 6)} | {
        "usual, 2"
    }


def test_each_way_through_a_network_is_timed_by_both_clocks(monkeypatch):
    small = pipeline.Backbone(efficientnet.build(size=32), read_small, ("predictions",), scale=efficientnet.scale)
    monkeypatch.setattr(backbones, "load", lambda name, weights: small)
    shown = [datasets.picture(name) for name in datasets.photographs()[:34]]
    lines, promises, peak = seeing_networks.speed_rows("small", 34, 2, shown)
    assert len(lines) == 5 and lines[0][-1] == "1.00 (1.00)" and peak > 0
    assert len(promises) == 2 and all("of the processor" in found for _, _, found, _ in promises)


def test_all_ways_through_a_network_find_the_same():
    small = pipeline.Backbone(efficientnet.build(size=32), read_small, ("predictions",), scale=efficientnet.scale)
    shown = [datasets.picture(name) for name in datasets.photographs()[:3]]
    *batched, singly = seeing_networks.ways(small, shown).values()
    expected = small.predict(shown)
    for way in (*batched, singly):
        np.testing.assert_allclose(np.concatenate(way()).reshape(expected.shape), expected, atol=1e-5)


def test_what_the_pipeline_adds_is_the_median_of_ratios():
    took = {"a": np.array([[1.1, 4], [2.4, 2], [9, 3]]), "b": np.array([[1, 2], [2, 2], [3, 2.0]])}
    np.testing.assert_allclose(seeing_networks.added(took, "a", "b"), [0.2, 0.5])


def test_knowledge_runs_and_shows_what_is_taken_for_what(monkeypatch):
    names = datasets.photographs()
    kinds, numbers = np.unique([datasets.category(name) for name in names], return_inverse=True)
    rows = np.eye(len(kinds))[numbers] + 0.01 * np.random.default_rng(0).normal(size=(len(names), len(kinds)))
    rows[0] = rows[-1]  # one that cannot be told
    monkeypatch.setattr(seeing_networks, "features", lambda network, shown: ({"plain": rows}, {"nothing": rows[:, :1]}))
    monkeypatch.setattr(seeing_networks, "PLAIN", {"koala": "koala"})
    promises, text = seeing_networks.knowledge(seeds=[0], processes=0)
    assert promises[0][2] == "1 of 1" and all(line[-1] for line in promises)
    assert f"| {names[0]} | {datasets.category(names[0])} | {datasets.category(names[-1])} |" in text
    assert "| nothing |" in text and "| the commonest category, always |" in text


def test_seeing_joins_its_sections(tmp_path, monkeypatch):
    monkeypatch.setattr(seeing, "features", lambda *, out, quick: "features")
    monkeypatch.setattr(seeing_networks, "speed_rows", lambda *job: ([("x",) * 7], [("it", "<", "0", True)], 1e9))
    monkeypatch.setattr(seeing_networks, "memory", lambda counts: dict.fromkeys(counts, 100.0))
    monkeypatch.setattr(seeing_networks, "knowledge", lambda **kinds: ([("what", ">", "1", False)], "### Known"))
    text = seeing.run(out=tmp_path, quick=True)
    assert text.startswith("features") and text.endswith("### Known") and "| what | > | 1 | NO |" in text
    assert "| 1000 | 100 |" in text


# --- hearing -----------------------------------------------------------------------------------------------


def test_transforms_run_in_processes_of_their_own(monkeypatch):
    ours = hearing_transforms.WAYS["STFT", hearing_transforms.OURS]
    monkeypatch.setattr(
        hearing_transforms,
        "WAYS",
        {("STFT", who): ours for who in (hearing_transforms.OURS, hearing_transforms.LIBROSA)},
    )
    monkeypatch.setattr(hearing_transforms, "slider", lambda samples: {(256, 16, m): [9.0] for m in (None, 128, 256)})
    text = hearing_transforms.transforms(n_clips=2, seconds=1.0, rounds=1, runs=1)
    assert "| STFT: ours, as one batch |" in text and "| 256 | 16 | 9 | 9 | 9 |" in text


def test_music_measures_run(tmp_path, monkeypatch):
    monkeypatch.setattr(hearing_music, "known_keys", lambda: known_pieces.known_keys()[:1])
    monkeypatch.setattr(hearing_music, "steady_pieces", lambda: ["lavenders_blue"])
    monkeypatch.setattr(hearing_music, "chorale_paths", lambda: [])
    monkeypatch.setattr(hearing_music, "pictures", lambda n: ["koala"])
    monkeypatch.setattr(hearing_music, "SOLOISTS", ())
    monkeypatch.setattr(datasets, "scores", lambda kind: [])
    monkeypatch.setattr(hearing_music, "speed_table", lambda n_clips: "")
    text = hearing_music.music_measures(out=tmp_path, processes=0)
    assert "| key and mode of shipped passages | >= 85 % |" in text and "half 0, double 0, other 0" in text
    assert {"shipped", "composer"} == {line.split(",")[0] for line in (tmp_path / "tempi.csv").read_text().split()[1:]}


def test_a_tempo_an_octave_away_is_counted_apart():
    assert [hearing_music.metre(found, 100) for found in (103, 197, 49, 106, 0)] == [
        *("right", "double", "half"),
        *("other", "other"),
    ]


def test_the_sound_network_runs():
    text = hearing_networks.sound_networks(quick=True, n_pieces=6, n_clips=2, processes=0)
    assert "| instruments named on held-out pieces | >= 80 % |" in text
    assert "| pool5 |" in text and "| `backbones`, sound to tags |" in text


def test_hearing_joins_its_sections(tmp_path, monkeypatch):
    monkeypatch.setattr(hearing_transforms, "transforms", lambda **few: f"transforms of {few['n_clips']}")
    monkeypatch.setattr(hearing_music, "music_measures", lambda *, out, quick: f"music, quick {quick}")
    monkeypatch.setattr(hearing_networks, "sound_networks", lambda *, quick: "network")
    assert hearing.run(out=tmp_path, quick=True) == "transforms of 4\nmusic, quick True\nnetwork"
