"""The composer keeps the rules of the picture and the rules of music."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from imgmusic_edu import audio_features
from imgmusic_edu.composer import compose_score, make_plan, parse_key
from imgmusic_edu.composer.arrangement import bar_densities, places
from imgmusic_edu.composer.form import lay_out, phrase_labels, phrase_sizes
from imgmusic_edu.composer.harmony import harmonise
from imgmusic_edu.composer.plan import CENTRE
from imgmusic_edu.composer.reading import Reading
from imgmusic_edu.composer.search import cheapest_path
from imgmusic_edu.crossmodal import squash
from imgmusic_edu.evaluation import music
from imgmusic_edu.scenes import scene
from imgmusic_edu.scores import MODES, PITCH_NAMES
from imgmusic_edu.synthesizer import render
from imgmusic_edu.visual_features import visual_features


def scenes(n, **factors):
    """Pictures that differ in everything but what is asked for."""
    rng = np.random.default_rng(5)
    names = ("lightness", "chroma", "height", "object_size", "fineness", "angularity", "complexity", "line_agitation")
    for k in range(n):
        yield visual_features(scene(**{**dict(zip(names, rng.random(len(names)), strict=True)), **factors}, seed=k))


@pytest.fixture(scope="module")
def features():
    return list(scenes(10))


# --- search ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_cheapest_path_is_the_best_of_all_paths(seed):
    rng = np.random.default_rng(seed)
    own = [rng.random(rng.integers(1, 5)) for _ in range(5)]
    steps = [None] + [rng.random((len(a), len(b))) for a, b in itertools.pairwise(own)]

    def cost(path):
        moves = sum(steps[i][path[i - 1], path[i]] for i in range(1, len(path)))
        return moves + sum(costs[s] for costs, s in zip(own, path, strict=True))

    every = itertools.product(*[range(len(costs)) for costs in own])
    assert cost(cheapest_path(own, lambda i: steps[i])) == pytest.approx(min(map(cost, every)))


def test_cheapest_path_says_when_there_is_none():
    with pytest.raises(ValueError, match="nothing to choose"):
        cheapest_path([np.zeros(2), np.zeros(0)], lambda _: np.zeros((2, 0)))
    with pytest.raises(ValueError, match="forbidden"):
        cheapest_path([np.zeros(1), np.full(1, np.inf)], lambda _: np.zeros((1, 1)))


# --- plan ------------------------------------------------------------------------------------------------


def test_plan_follows_one_factor_with_the_seed_held():
    tempi = [make_plan(f, seed=3).tempo for f in (visual_features(scene(lightness=x)) for x in np.linspace(0, 1, 7))]
    assert tempi == sorted(tempi) and tempi[-1] > 1.2 * tempi[0]


def test_locked_settings_are_kept_and_named(features):
    plan = make_plan(features[0], tempo=101, key="F#", mode="dorian", instruments=["flute", "harp"])
    score = compose_score(plan, features[0])
    assert (score.tempo, score.tonic, score.mode) == (101, 6, "dorian")
    assert [plan.instruments[p] for p in ("melody", "harmony")] == ["flute", "harp"]
    assert plan.locked == ("tempo", "key", "mode", "instruments")


@pytest.mark.parametrize(
    "text, expected", [("c", (0, None)), ("Bb", (10, None)), ("F# minor", (6, "minor")), ("Cb", (11, None))]
)
def test_keys_are_read(text, expected):
    assert parse_key(text) == expected


@pytest.mark.parametrize(
    "setting",
    [
        {"seconds": 7},
        {"seconds": float("nan")},
        {"seconds": "long"},
        {"tempo": 300},
        {"key": "H"},
        {"key": "D lydian"},
        {"mode": "blue"},
        {"seed": -1},
        {"seed": 1.5},
        {"instruments": ["kazoo"]},
        {"instruments": ["piano"] * 5},
        {"weights": {"R0": 1}},
        {"seeds": {"weather": 1}},
        {"seeds": {"chords": -1}},
    ],
)
def test_settings_out_of_range_get_one_sentence(features, setting):
    with pytest.raises(ValueError) as problem:
        make_plan(features[0], **setting)
    assert str(problem.value).endswith(".") and "\n" not in str(problem.value)


def test_switching_all_rules_off_gives_the_neutral_plan(features):
    off = {f"R{n}": 0 for n in range(1, 19)}
    plans = [make_plan(f, weights=off) for f in features]
    assert len({(p.tempo, p.mode, p.centre, p.level, p.density) for p in plans}) == 1


# --- form ------------------------------------------------------------------------------------------------


def test_phrases_cover_the_bars_and_end_at_home():
    for n in range(2, 100):
        sizes = phrase_sizes(n)
        assert sum(sizes) == n and all(size in (2, 3, 4, 5) for size in sizes)
        assert len(phrase_labels(len(sizes))) == len(sizes) and phrase_labels(len(sizes))[-1] == "A"


@pytest.mark.parametrize("seconds", [8, 9.5, 13, 20, 47, 180])
def test_any_length_is_filled_to_the_end(features, seconds):
    for k, f in enumerate(features[:4]):
        plan = make_plan(f, seconds=seconds, seed=k)
        bars = lay_out(plan)
        assert bars[-1].beat + bars[-1].beats == pytest.approx(plan.total_beats)
        assert bars[-1].beats * 60 / plan.tempo >= 1.5
        assert len(bars) >= 2


@pytest.mark.parametrize("tempo", [40, 200])
def test_extreme_tempi_still_make_a_piece_of_the_shortest_length(features, tempo):
    score = compose_score(make_plan(features[0], seconds=8, tempo=tempo), features[0])
    assert music.ends_on_tonic(score) and score.seconds == 8


# --- music -----------------------------------------------------------------------------------------------


def test_same_seed_same_score_other_seed_other_score_under_the_same_rules(features):
    f = features[0]
    one, again, other = (compose_score(make_plan(f, seed=s), f) for s in (1, 1, 2))
    assert one == again
    assert one.notes != other.notes
    assert (one.tempo, one.mode, one.level) == (other.tempo, other.mode, other.level)


@pytest.mark.parametrize("seconds", [12, 30])
def test_pieces_keep_the_craft(features, seconds):
    grooves = []
    for seed, f in enumerate(features):
        plan = make_plan(f, seconds=seconds, seed=seed)
        score = compose_score(plan, f)
        assert music.parallels(score) == []
        assert music.ends_on_tonic(score)
        grooves.append(music.groove_consistency(score))
    assert np.mean(grooves) >= 0.9


def test_pieces_without_asked_for_dissonance_stay_in_their_key(features):
    calm = {"R12": 0, "R13": 0, "R14": 0}
    for seed, f in enumerate(features):
        score = compose_score(make_plan(f, seed=seed, weights=calm), f)
        assert music.in_key_share(score, raised_seventh=True) == 1.0
        assert music.in_key_share(score) >= 0.9  # the leading note of a minor key's last dominant is the only guest


def test_the_melody_follows_the_skyline():
    follows = []
    for k, f in enumerate(scenes(6)):
        plan = make_plan(f, seconds=30, seed=k)
        melody = [n for n in compose_score(plan, f).notes if n.part == "melody"]
        skyline = [n.cause.value for n in melody]
        follows.append(spearmanr(skyline, [n.pitch for n in melody]).statistic)
    assert np.mean(follows) > 0.6


def test_upside_down_the_melody_turns_upside_down():
    picture = scene(seed=4)
    tunes = []
    for p in (picture, picture[::-1]):
        f = visual_features(p)
        melody = [n for n in compose_score(make_plan(f, seconds=30), f).notes if n.part == "melody"]
        times = np.linspace(0, 0.9, 60) * melody[-1].beat
        tunes.append([next(n.pitch for n in reversed(melody) if n.beat <= t) for t in times])
    assert np.corrcoef(tunes)[0, 1] < -0.3


@pytest.mark.parametrize("mode", MODES)
def test_voices_move_little_and_chords_belong_to_the_key(features, mode):
    plan = make_plan(features[0], seconds=40, mode=mode, key="C")
    bars = lay_out(plan)
    chords = harmonise(plan, bars, np.zeros(len(bars)))
    assert chords[0].degree == chords[-1].degree == 0
    moves = [abs(a - b) for one, two in itertools.pairwise(chords) for a, b in zip(one.voices, two.voices, strict=True)]
    assert np.mean(moves) <= 3 and max(moves) <= 9
    raised = [c for chord in chords for c in chord.classes if c not in MODES[mode]]
    assert all(mode == "minor" and c == 11 for c in raised)  # only the leading note of a minor key's dominant


@pytest.mark.parametrize("beats", [2, 3, 4])
def test_the_figure_plays_with_the_tune_and_keeps_its_number_of_notes(beats):
    tune = [0.0, beats - 0.5]
    for density, bar in itertools.product(np.linspace(0, 1, 11), range(8)):
        alone, together = places(density, beats, bar), places(density, beats, bar, tune)
        assert len(alone) == len(together) == len(set(together))
        assert set(tune) <= set(together) or len(together) < len(tune)


def test_bars_differ_in_density_but_their_mean_is_the_plans(features):
    for f in features:
        plan = make_plan(f, seconds=30)
        bars = lay_out(plan)
        found = bar_densities(plan, bars, Reading(plan, f))
        assert np.mean(found[:-1]) == pytest.approx(plan.density)
        assert found.min() >= 0 and found.max() <= 1 and np.ptp(found[:-1]) > 0


def test_more_notes_are_heard_to_begin_where_more_are_asked_for_whoever_accompanies(features):
    for k, player in enumerate(("harp", "marimba", "nylon_guitar", "piano")):
        plan = make_plan(features[k], seconds=12, seed=1, instruments=["flute", "organ", player])
        scores = [compose_score(replace(plan, density=d), features[k]) for d in (0.1, 0.4, 0.7)]
        heard = [audio_features.onset_density(render(score)) for score in scores]
        assert heard == sorted(heard) and heard[-1] > 1.4 * heard[0]
        assert heard[-1] > 0.75 * music.onset_density(scores[-1])


def test_every_note_says_where_it_came_from(features):
    for note in compose_score(make_plan(features[1]), features[1]).notes:
        assert note.cause is not None and note.cause.rule.startswith("R")


def test_three_minutes_do_not_loop(features):
    score = compose_score(make_plan(features[2], seconds=180), features[2])
    assert music.longest_repetition(score) < 20


# --- bent rules and kept choices -----------------------------------------------------------------------------------


def melody_of(score):
    return [(note.beat, note.beats, note.pitch) for note in score.notes if note.part == "melody"]


def pull_of_the_skyline(features, bend, seed=0):
    """How far the tune follows the skyline: slope of its pitches over what it was asked for as the rule stands."""
    plain = make_plan(features, seconds=30, seed=seed)
    bent = make_plan(features, seconds=30, seed=seed, weights={"R5": bend}, tempo=plain.tempo)
    tune = melody_of(compose_score(bent, features))
    wanted = [Reading(plain, features).melody_target(beat + beats / 2) for beat, beats, _ in tune]
    return np.polyfit(wanted, [pitch for *_, pitch in tune], 1)[0]


def test_bending_a_rule_bends_it_from_place_to_place_too():
    f = next(scenes(1))
    turned, off, plain, doubled = (pull_of_the_skyline(f, bend) for bend in (-1, 0, 1, 2))
    assert turned < -0.5 < 0.5 < plain < 0.8 * doubled
    assert abs(off) < 0.3 * plain


@pytest.mark.parametrize(
    ("rule", "parts"), [("R5", {"melody"}), ("R1", {"bass", "harmony"}), ("R15", {"accompaniment"}), ("R3", {"drums"})]
)
def test_a_rule_that_is_off_gives_no_note_a_cause(rule, parts):
    f = next(scenes(1))
    score = compose_score(make_plan(f, weights={rule: 0, "R16": 3}), f)
    without = {note.part for note in score.notes if note.cause is None}
    assert without <= parts and all(note.cause is None or note.cause.rule != rule for note in score.notes)
    # A calm picture has no drums; and where light decides no chord, the explanation names what does.
    assert without or rule in ("R1", "R3")


def test_bent_rules_add_up_in_the_explanation(features):
    from imgmusic_edu.explanations import explain

    f = features[0]
    plan = make_plan(f, weights={"R9": 2, "R5": 0, "R12": -1})
    plain = {(c.rule, c.quality): c.effect for c in make_plan(f).contributions}
    told = explain(plan, f, compose_score(plan, f))
    for row in told["rules"]:
        assert row["bend"] == {"R9": 2, "R5": 0, "R12": -1}.get(row["id"], 1.0)
        assert row["effect"] == pytest.approx(row["bend"] * plain[row["id"], row["musical"]], abs=6e-4)
    register = sum(row["effect"] for row in told["rules"] if row["musical"] == "register")
    assert told["settings"]["centre"] == pytest.approx(CENTRE[0] + np.ptp(CENTRE) * squash(register), abs=0.05)


@pytest.mark.parametrize("seconds", [10, 30])
def test_kept_choices_stay_while_the_seed_moves(features, seconds):
    kept = dict.fromkeys(("metre", "chords", "rhythm", "motif"), 2)
    for f in features[:4]:
        plan = make_plan(f, seconds=seconds, seed=2)
        tune = melody_of(compose_score(plan, f))
        key = PITCH_NAMES[plan.tonic % 12]
        others = [make_plan(f, seconds=seconds, seed=seed, seeds=kept, key=key) for seed in (3, 5, 9)]
        assert all(melody_of(compose_score(other, f)) == tune for other in others)
        assert len({tuple(other.instruments.values()) for other in others}) > 1 or seconds == 10
        assert [melody_of(compose_score(make_plan(f, seconds=seconds, seed=s), f)) == tune for s in (3, 5)] == [
            False
        ] * 2


def test_an_instrument_that_is_left_open_is_the_pictures(features):
    free, bass = make_plan(features[0]), make_plan(features[0], instruments=[None, None, None, "cello"])
    assert bass.instruments == free.instruments | {"bass": "cello"} and bass.locked == ("instruments",)
    assert make_plan(features[0], instruments=[None] * 4).locked == ()
