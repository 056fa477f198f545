"""Three meters, kernel distance, duels, the tournament: known answers in small worlds, then the shipped reference."""

import csv

import numpy as np
import pytest

from imgmusic_edu import audio_features, crossmodal, datasets
from imgmusic_edu.evaluation import duels, meters, tournament
from imgmusic_edu.evaluation.embedding_distance import kernel_distance, strangeness
from imgmusic_edu.evaluation.meters import HEARD, Reference
from imgmusic_edu.sounds import SAMPLE_RATE, Sound
from imgmusic_edu.visual_features import visual_features

# --- kernel distance ---------------------------------------------------------------------------------------


def crowd(n, *, at=0.0, seed=0, d=8):
    return np.random.default_rng(seed).normal(at, 1, (n, d)) / np.sqrt(d)


def test_the_kernel_distance_is_right_on_average_where_crowds_are_alike():
    found = [kernel_distance(crowd(12, seed=2 * k), crowd(12, seed=2 * k + 1)).value for k in range(200)]
    spread = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * spread and min(found) < 0  # unbiased: it may be below 0


def test_the_kernel_distance_grows_with_distance_and_its_interval_holds_it():
    real = crowd(60)
    found = [kernel_distance(crowd(60, at=at, seed=1), real) for at in (0.0, 0.5, 1.0)]
    assert found[0].value < found[1].value < found[2].value
    assert found[0].low < 0.05 and found[1].low > 0 and found[2].low < found[2].value < found[2].high


def test_the_kernel_distance_is_the_formula():
    one, other = crowd(3), crowd(4, seed=1)
    k = lambda a, b: np.exp(-((a - b) ** 2).sum() / 4)  # noqa: E731
    among = np.mean([k(a, b) for i, a in enumerate(one) for j, b in enumerate(one) if i != j])
    within = np.mean([k(a, b) for i, a in enumerate(other) for j, b in enumerate(other) if i != j])
    between = np.mean([k(a, b) for a in one for b in other])
    assert kernel_distance(one, other).value == pytest.approx(among + within - 2 * between)


def test_one_sound_far_out_does_not_decide():
    real, others = crowd(60), crowd(60, at=0.5, seed=1)
    before = kernel_distance(others, real)
    others[0] = 100.0
    assert abs(kernel_distance(others, real).value - before.value) < 0.05


def test_crowds_that_are_none_get_a_sentence():
    with pytest.raises(ValueError, match="Two sounds"):
        kernel_distance(crowd(1), crowd(5))
    with pytest.raises(ValueError, match="with one d"):
        kernel_distance(crowd(5), crowd(5, d=3))


def test_who_is_far_out_is_strange():
    real = crowd(50)
    near, far = strangeness(np.stack([np.zeros(8), np.full(8, 3.0)]), real)
    assert far > near


# --- duels -------------------------------------------------------------------------------------------------


def test_duels_count_wins_and_halves():
    outcomes = duels.duels({"a": [3, 1], "b": [1, 1]})
    assert outcomes[0, 1].tolist() == [1.0, 0.5] and outcomes[1, 0].tolist() == [0.0, 0.5]
    shares = duels.win_shares({"a": np.array([3.0, 1.0]), "b": np.array([1.0, 1.0])})
    assert shares["a"].value == 0.75 and shares["b"].value == 0.25


def test_strengths_are_found_again():
    truth = np.array([4.0, 2.0, 1.0, 0.5, 0.25])  # their geometric mean is 1
    random = np.random.default_rng(0)
    wins = np.zeros((5, 5))
    for i in range(5):
        for j in range(i):
            wins[i, j] = random.binomial(4000, truth[i] / (truth[i] + truth[j]))
            wins[j, i] = 4000 - wins[i, j]
    found = duels.bradley_terry(wins)
    assert found / found[2] == pytest.approx(truth / truth[2], rel=0.1)
    always = duels.bradley_terry(np.array([[0, 10.0], [0, 0]]))
    assert np.isfinite(always).all() and always[0] > 5 * always[1] > 0


def test_a_strengths_interval_shrinks_with_pictures():
    random = np.random.default_rng(1)
    values = {"a": random.normal(1, 1, 200), "b": random.normal(0, 1, 200)}
    many = duels.strengths(values)["a"]
    few = duels.strengths({who: row[:20] for who, row in values.items()})["a"]
    assert 0.5 < many.low < many.value < many.high < 1 and many.high - many.low < few.high - few.low


# --- meters ------------------------------------------------------------------------------------------------


def tone_for(picture, number=0):
    """Music that is faster, higher and softer for lighter pictures, as the rules want it."""
    light = picture.mean() / 255
    time = np.arange(round(0.3 * SAMPLE_RATE)) / SAMPLE_RATE
    sound = np.zeros(round(8.5 * SAMPLE_RATE), np.float32)
    for count, start in enumerate(np.arange(0, 8, 60 / (70 + 60 * light) / 2)):
        frequency = 130 * 2 ** (2 * light + (0, 4, 7, 12)[(count + number) % 4] / 12)
        first = round(start * SAMPLE_RATE)
        note = sum(np.sin(2 * np.pi * k * frequency * time) / k for k in (1, 2, 3)) * np.exp(-8 * time)
        sound[first : first + len(time)] += (0.25 - 0.1 * light) * note[: len(sound) - first]
    return Sound(sound)


def world(light):
    return np.random.default_rng(0).integers(0, 60, (48, 64, 3)).astype(np.uint8) + np.uint8(190 * light)


def fake_embedding(sounds):
    """Eight numbers of a sound instead of a network's 128."""
    rows = []
    for sound in sounds:
        samples = getattr(sound, "samples", sound)
        rows.append([np.abs(part).mean() for part in np.array_split(np.abs(np.fft.rfft(samples[:65536]))[:16000], 8)])
    return np.log(np.array(rows) + 1e-3)


@pytest.fixture(scope="module")
def reference():
    """Ten pictures from dark to light with music that follows their lightness."""
    pictures = [world(light) for light in np.linspace(0, 1, 10)]
    sounds = [tone_for(picture) for picture in pictures]
    measured = [audio_features.measure(sound.samples) for sound in sounds]
    numbers = np.array([[m[name] for name in meters.MEASURES.values()] for m in measured])
    heard = np.array([[m[name] for name in HEARD] for m in measured])
    asked = np.array([meters.asked(visual_features(picture)) for picture in pictures])
    embedded = fake_embedding(sounds)
    noise = np.random.default_rng(0).normal(0, 1e-6, numbers.shape)  # what never moves has a spread, too
    return Reference(asked, numbers + noise, np.array([0.9]), heard, np.linspace(0.8, 1, 10), embedded, embedded)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(meters, "embed", fake_embedding)
    monkeypatch.setattr(tournament, "embed", fake_embedding)


def test_music_that_obeys_is_faithful_and_music_that_does_the_opposite_is_not():
    """Measures in other units than what is asked for, but rising with it."""
    asked = np.random.default_rng(0).uniform(0.2, 0.8, (200, 7))
    unit, middle = np.arange(1, 8) * 10.0, np.arange(7) * 100.0
    nothing = np.zeros((2, 0))
    reference = Reference(asked, asked * unit + middle, np.array([1.0]), nothing, nothing, nothing, nothing)
    features = visual_features(datasets.picture("petra", max_side=128))
    wanted = meters.asked(features)
    for numbers, low, high in ((wanted, 0.99, 1.0), (1 - wanted, 0.0, 0.5)):
        measured = dict(zip(meters.MEASURES.values(), numbers * unit + middle, strict=True))
        meter = meters.faithful(features, measured, reference)
        assert low <= meter.value <= high and "drawn blindly, gets 50 %" in meter.sentence
        assert f"{100 * meters.unseeing(features, reference):.0f} % here" in meter.sentence
    shares = []
    for k in range(200):  # music made for anything: half of the others suit better
        measured = dict(zip(meters.MEASURES.values(), reference.measured[k], strict=True))
        shares.append(meters.faithful(features, measured, reference).value)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.01)


def test_the_middle_beats_what_is_drawn_blindly_without_a_look_at_the_picture():
    """A squared misfit favours the middle: one half is not the line to beat, and the meter must say so."""
    random = np.random.default_rng(0)
    asked, blind, nothing = random.normal(0.5, 0.1, (200, 7)), random.normal(0.5, 0.1, (200, 7)), np.zeros((2, 0))
    reference = Reference(asked, blind, np.array([1.0]), nothing, nothing, nothing, nothing)
    features = [visual_features(datasets.picture(name, max_side=64)) for name in datasets.photographs()[:12]]
    drawn = [
        meters.faithful(each, dict(zip(meters.MEASURES.values(), blind[k], strict=True)), reference).value
        for each in features
        for k in range(0, 200, 10)
    ]
    middle = [meters.unseeing(each, reference) for each in features]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.1) and np.mean(middle) > np.mean(drawn) + 0.2


def test_three_answers_and_what_they_are_made_of(reference, small):
    own = meters.meters(visual_features(world(1.0)), tone_for(world(1.0)), took=0.5, reference=reference)
    assert set(own) == {"faithful", "usual", "new", "quick"}
    for meter in own.values():
        assert 0 <= meter.value <= 1 and meter.sentence.endswith(".") and "  " not in meter.sentence
    assert set(own["faithful"].parts) == set(meters.MEASURES) and set(meters.MEASURES) <= set(crossmodal.QUALITIES)
    assert own["new"].value == 0  # known by heart


def test_what_lies_further_out_than_all_is_not_usual(reference, small):
    noise = Sound(np.random.default_rng(0).uniform(-0.9, 0.9, 9 * SAMPLE_RATE))
    measured = audio_features.measure(noise.samples)
    found = meters.usual(measured, fake_embedding([noise]), reference)
    middle = meters.usual(
        audio_features.measure(tone_for(world(0.5)).samples), fake_embedding([tone_for(world(0.5))]), reference
    )
    assert found.parts["brightness"] == 0 and found.parts["what a network hears"] == 0
    assert found.value < 0.4 < middle.value
    assert meters.typicality(5.0, np.arange(11)) == 1.0 and meters.typicality(11.0, np.arange(11)) == 0.0


def test_quick_is_1_at_once_and_0_where_it_takes_as_long_as_it_lasts():
    assert meters.quick(0.2, 10).value == 1 and meters.quick(0.01, 10).value == 1
    assert meters.quick(10, 10).value == 0 and meters.quick(100, 10).value == 0
    assert meters.quick(2**0.5, 10).value == pytest.approx(0.5, abs=0.01)
    assert np.isnan(meters.quick(None, 10).value) and "cannot be told" in meters.quick(None, 10).sentence


def test_the_shipped_reference_answers_for_a_real_piece():
    pytest.importorskip("tensorflow")
    from imgmusic_edu import compose
    from imgmusic_edu.networks import pairs

    reference = meters.open_reference()
    assert len(reference.learnt) == pairs.PARTS["train"]  # a copy of a piece that is left out would seem new
    assert len(reference.asked) >= 100 and len(reference.real) >= 70 and np.median(reference.own) > 0.8
    assert all(np.isfinite(values).all() for values in vars(reference).values())
    piece = compose(datasets.picture("petra"), seconds=10, seed=1)
    found = meters.meters(piece.features, piece.sound, took=0.2, score=piece.score)
    assert found["faithful"].value > 0.6 and found["new"].value > 0 and found["quick"].value == 1
    assert {"groove", "notes in the key", "what a network hears"} < set(found["usual"].parts)


def test_music_made_for_the_next_picture_is_faithful_by_chance():
    """Ordinary music for an ordinary picture must not pass for faithful because the reference is less ordinary."""
    from imgmusic_edu import compose
    from imgmusic_edu.networks.pairs import shipped

    reference, pictures = meters.open_reference(), [datasets.picture(name) for name in shipped("test")]
    pieces = [compose(picture, seconds=10, seed=k) for k, picture in enumerate(pictures)]
    measured = [audio_features.measure(piece.sound.samples) for piece in pieces]

    def mean(shift):
        moved = [*measured[shift:], *measured[:shift]]
        pairs = zip(pieces, moved, strict=True)
        return np.mean([meters.faithful(piece.features, found, reference).value for piece, found in pairs])

    assert mean(0) > 0.85
    assert 0.4 < np.mean([mean(shift) for shift in range(1, 44)]) < 0.65


# --- the tournament ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result(reference):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(meters, "embed", fake_embedding)
        patch.setattr(tournament, "embed", fake_embedding)
        pictures = [(f"light {k}", world(light)) for k, light in enumerate(np.linspace(0.05, 0.95, 6))]
        own = [tone_for(picture) for _, picture in pictures]
        contestants = {
            "follows": tone_for,
            "shuffled": tournament.dealt(own),
            "one for all": lambda picture, number: own[0],
        }
        played = [
            tournament.play(who, pictures, make, n_edited=1 if who == "follows" else 0, reference=reference)
            for who, make in contestants.items()
        ]
        return tournament.compare(played, reference=reference, notice=lambda _: None)


def test_who_follows_the_picture_wins_the_duels(result):
    assert result.n == 6
    strength = {who: result.find(who, "strength, faithful").value for who in ("follows", "shuffled", "one for all")}
    assert strength["follows"] == max(strength.values())
    assert result.find("follows", "faithful").value > result.find("shuffled", "faithful").value
    assert result.find("one for all", "obedience").value == 0
    assert result.find("one for all", "different").value == pytest.approx(1, abs=1e-3)
    assert result.find("follows", "edits heard").value > 0 and np.isnan(result.find("shuffled", "edits heard").value)


def test_the_result_is_a_table_and_a_file(result, tmp_path):
    lines = [line for line in result.table().splitlines() if line.startswith("| ")]
    assert sum(line.startswith("| follows ") for line in lines) == 2 and "strength, usual" in result.table()
    result.save_csv(tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(result.rows) and {row["who"] for row in rows} == {"follows", "shuffled", "one for all"}


def test_a_contestant_that_cannot_be_judged_is_named(reference, small):
    silent = lambda picture, number: Sound(np.zeros(9 * SAMPLE_RATE, np.float32))  # noqa: E731
    with pytest.raises(ValueError, match="mute cannot be judged by a"):
        tournament.play("mute", [("a", world(0.5))], silent, reference=reference)
