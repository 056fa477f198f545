"""Sound textures: the statistics are what they say, and what is grown has them, is new and can be interrupted."""

import numpy as np
import pytest

from imgmusic_edu import audio_features, datasets
from imgmusic_edu.audio_features.clip import TIME_HOP, TIME_WINDOW
from imgmusic_edu.sounds import SAMPLE_RATE, Sound, SoundError, open_sound

pytest.importorskip("tensorflow")

from imgmusic_edu.style import gram, sound_networks, sound_statistics, textures


@pytest.fixture(scope="module")
def rain():
    return open_sound(datasets.data_path("rain"))


@pytest.fixture(scope="module")
def drop(rain):
    """A second of it."""
    return Sound(rain.samples[:SAMPLE_RATE], title="A second of rain")


@pytest.fixture(scope="module")
def grown(drop):
    return textures.grow(drop, seconds=1, steps=12, seed=3)


def noise(n, seed=0, level=0.1):
    return (level * np.random.default_rng(seed).standard_normal(n)).clip(-1, 1).astype(np.float32)


# --- statistics --------------------------------------------------------------------------------------------


def test_octaves_overlap_and_add_up_to_one():
    frequencies = np.geomspace(0.75, 44, 50)
    weights = sound_statistics.octave_weights(frequencies)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert sound_statistics.octave_weights(np.array([0.0, 400.0])).max() < 1e-9
    middles = np.sqrt(2) * np.array(sound_statistics.MODULATION_EDGES[:-1])
    assert sound_statistics.octave_weights(middles) == pytest.approx(np.eye(7), abs=1e-9)


@pytest.mark.parametrize(("frequency", "octave"), [(1.4, 1), (5.7, 3), (22.6, 5)])
def test_a_tremolo_is_found_in_its_octave(frequency, octave):
    clock = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    plain = noise(len(clock))
    swinging = plain * (1 + 0.8 * np.sin(2 * np.pi * frequency * clock)).astype(np.float32) / 2
    gained = sound_statistics.modulation_spectrum(swinging) - sound_statistics.modulation_spectrum(plain)
    assert gained.argmax() == octave and gained[octave] > 5 * np.delete(gained, octave).max()


def test_modulation_does_not_depend_on_level_or_length():
    wave = noise(4 * SAMPLE_RATE, level=0.2)
    once = sound_statistics.modulation_spectrum(wave)
    assert sound_statistics.modulation_spectrum(wave / 8) == pytest.approx(once, rel=1e-3)
    assert sound_statistics.modulation_spectrum(np.tile(wave, 2))[2:] == pytest.approx(once[2:], rel=0.1)


@pytest.mark.parametrize("seconds", [2, 5, 10])
def test_onsets_are_counted_alike_whatever_the_length(seconds):
    wave = noise(seconds * SAMPLE_RATE, level=0.001)
    for start in range(2000, len(wave) - 4000, SAMPLE_RATE // 2):
        wave[start : start + 3000] += noise(3000, start, 0.15) * np.linspace(1, 0, 3000, dtype=np.float32)
    assert sound_statistics.onset_rate(wave) == pytest.approx(2, rel=0.06)


def test_correlation_knows_a_copy_from_something_new():
    wave, other = noise(3 * SAMPLE_RATE), noise(SAMPLE_RATE, 1)
    part = wave[7000 : 7000 + SAMPLE_RATE]
    assert sound_statistics.correlation(wave, part) == pytest.approx(1)
    assert sound_statistics.correlation(-0.1 * part, wave) == pytest.approx(1)
    assert sound_statistics.correlation(wave, other) < 0.05
    half = sound_statistics.correlation(wave, part + other)
    assert half == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert sound_statistics.correlation(np.zeros(100, np.float32), part) == 0


def test_a_sound_is_like_itself(rain):
    rows = {row["statistic"]: row for row in sound_statistics.compare(rain, rain)}
    assert len(rows) == 2 + 7 + 2 and rows.pop("correlation")["error"] == pytest.approx(1)
    assert all(row["ratio"] == 1 and row["error"] == 0 for row in rows.values())
    with pytest.raises(ValueError, match="one sample rate"):
        sound_statistics.compare(rain, Sound(rain.samples, sample_rate=16000))


def test_noise_of_the_same_spectrum_has_its_brightness_but_not_its_unrest(rain):
    made = Sound(textures.shaped_noise(rain.samples, 2 * len(rain.samples), seed=1).clip(-1, 1))
    rows = {row["statistic"]: row for row in sound_statistics.compare(rain, made)}
    assert rows["spectral centroid"]["error"] < 0.03 and rows["correlation"]["error"] < 0.05
    assert rows["modulation spectrum"]["ratio"] < 0.9
    assert not np.array_equal(
        textures.shaped_noise(rain.samples, 500), textures.shaped_noise(rain.samples, 500, seed=1)
    )


# --- what the loss is made of ------------------------------------------------------------------------------


def test_all_autocorrelations_at_once_are_those_of_one_by_one():
    levels = np.random.default_rng(0).standard_normal((90, 3)).astype(np.float32)
    found = textures.autocorrelations(levels, 30).numpy()  # (channels, lags)
    assert found.T == pytest.approx(gram.autocorrelation(levels[None], lags=range(30))[0], abs=1e-5)
    around = textures.autocorrelations(levels, 30, circular=True).numpy()
    for lag in (0, 7, 29):
        assert around[:, lag] == pytest.approx((levels * np.roll(levels, -lag, axis=0)).mean(axis=0), abs=1e-5)


def test_modulations_are_the_variance_by_octaves():
    rate, n = 100.0, 2000
    swing = np.stack([np.sin(2 * np.pi * f * np.arange(n) / rate) for f in (2.0**1.5, 2.0**3.5)], axis=1) + 3
    found = textures.modulations(swing.astype(np.float32), rate).numpy()  # (octaves, bands)
    assert found.sum(axis=0) == pytest.approx([0.5, 0.5], rel=0.02)
    assert found[2, 0] == pytest.approx(0.5, rel=0.05) and found[4, 1] == pytest.approx(0.5, rel=0.05)


def test_what_begins_is_what_the_measure_of_onsets_hears(rain):
    n, middle = (
        430,
        TIME_WINDOW // 2 // TIME_HOP,
    )  # frames: of the circle; half a window
    samples = rain.samples[: n * TIME_HOP]
    beginnings, around = sound_networks.Beginnings(samples), np.tile(samples, 4)
    found, peaks = beginnings(samples, circular=True).numpy()[0].T
    places = 2 * n + (np.arange(n) + middle) % n  # of the third round
    assert np.corrcoef(found, audio_features.onset_strength(around)[places])[0, 1] > 0.98
    wanted = np.round(audio_features.onsets(around) * SAMPLE_RATE / TIME_HOP)
    common = np.intersect1d(places[peaks > 0.15], wanted)
    assert 10 < 0.8 * max(np.sum(peaks > 0.15), np.isin(wanted, places).sum()) <= len(common)
    turned = beginnings(np.roll(samples, 9 * TIME_HOP), circular=True).numpy()
    assert np.roll(beginnings(samples, circular=True).numpy(), 9, axis=1) == pytest.approx(turned, abs=1e-3)


def test_on_a_circle_features_turn_with_the_sound(drop):
    (long, _) = sound_networks.networks_for(drop.samples)
    samples = drop.samples[: 256 * 80]
    here = long.features(long.power(samples, circular=True), circular=True)
    there = long.features(long.power(np.roll(samples, 256 * 5), circular=True), circular=True)
    assert [one.shape[1] for one in here] == [80] * 6
    for one, other in zip(here, there, strict=True):
        assert np.roll(one.numpy(), 5, axis=1) == pytest.approx(other.numpy(), abs=1e-4)


@pytest.mark.parametrize("network", sound_networks.NETWORKS)
def test_the_loss_s_gradient_is_its_slope(drop, network):
    """Against finite differences, in the direction that the gradient names and in another one."""
    import tensorflow as tf

    loss = textures.texture_loss(drop.samples, network=network, diversity=0)  # whose unit is held fast
    start = tf.constant(textures.shaped_noise(drop.samples, 256 * 60, seed=2))
    with tf.GradientTape() as tape:
        tape.watch(start)
        total = tf.reduce_sum(loss(start))
    slope = tape.gradient(total, start).numpy()
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0
    for direction in (slope, slope * (np.arange(len(slope)) % 3 == 0)):
        step = (direction * 1e-4 * np.linalg.norm(start) / np.linalg.norm(direction)).astype(np.float32)
        change = float(tf.reduce_sum(loss(start + step)) - tf.reduce_sum(loss(start - step))) / 2
        assert change == pytest.approx(float(slope @ step), rel=0.05)


def test_a_texture_s_loss_is_small_for_itself_and_copying_costs(drop):
    import tensorflow as tf

    samples = drop.samples[: 256 * 86]
    parts = textures.texture_loss(samples)(tf.constant(samples)).numpy()
    start = textures.texture_loss(samples)(tf.constant(textures.shaped_noise(samples, len(samples)))).numpy()
    assert parts[:4].sum() < 0.5 * start[:4].sum()
    assert parts[4] > 50 and start[4] < 1


# --- growing -----------------------------------------------------------------------------------------------


def test_what_is_grown_is_nearer_and_new(drop, grown):
    losses = grown.losses
    assert len(losses) == 13 and losses == sorted(losses, reverse=True) and losses[-1] < 0.6 * losses[0]
    assert sum(grown.parts.values()) == pytest.approx(losses[-1], rel=1e-3)
    assert grown.sound.seconds == pytest.approx(1, abs=0.01) and grown.source.seconds == 1
    rows = {row["statistic"]: row for row in grown.comparison}
    assert rows["correlation"]["error"] < 0.1 and rows["spectral centroid"]["error"] < 0.1
    again = textures.texture_loss(drop.samples, seed=3)(grown.sound.samples).numpy()
    assert again.sum() == pytest.approx(losses[-1], rel=1e-3), "not the best one"


def test_the_end_meets_the_beginning(grown):
    samples = grown.sound.samples
    steps = np.abs(np.diff(np.concatenate([samples, samples[:1]])))
    assert steps[-1] < 4 * np.sqrt(np.mean(steps**2))


def test_same_seed_same_sound(drop, grown):
    again = textures.grow(drop, seconds=1, steps=12, seed=3)
    assert np.array_equal(again.sound.samples, grown.sound.samples)
    other = textures.grow(drop, seconds=1, steps=0, seed=4)
    assert len(other.losses) == 1 and sound_statistics.correlation(other.sound.samples, grown.sound.samples) < 0.3


def test_an_interruption_keeps_the_best_so_far(drop, grown):
    def stop(step, loss):
        if step == 4:
            raise KeyboardInterrupt

    stopped = textures.grow(drop, seconds=1, steps=12, seed=3, progress=stop)
    assert stopped.losses == grown.losses[:5]


def test_the_shipped_network_grows_too(drop):
    made = textures.grow(drop, seconds=1, steps=3, network="sound_vgg")
    assert made.losses[-1] < made.losses[0] and np.isfinite(made.sound.samples).all()


def test_a_long_source_and_another_rate(rain):
    long = Sound(np.tile(rain.samples, 120), title="Ten minutes")
    assert textures.grow(long, seconds=0.5, steps=0).source.seconds == 20
    fast = Sound(np.repeat(rain.samples, 2)[:44100], sample_rate=44100)
    found = textures.grow(fast, seconds=0.5, steps=0)
    assert found.source.sample_rate == SAMPLE_RATE and found.source.seconds == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda rain: textures.grow(Sound(np.zeros(SAMPLE_RATE, np.float32))), "silent"),
        (lambda rain: textures.grow(Sound(rain.samples[:1102])), "0.05 s"),
        (lambda rain: textures.grow(Sound(np.full(SAMPLE_RATE, np.nan, np.float32))), "nan"),
        (lambda rain: textures.grow(rain.samples), "ndarray"),
        (lambda rain: textures.grow(rain, seconds=0.1), "0.1 s"),
        (lambda rain: textures.grow(rain, seconds=1e9), "60 s"),
        (lambda rain: textures.grow(rain, seconds=float("nan")), "nan"),
        (lambda rain: textures.grow(rain, steps=-1), "-1"),
        (lambda rain: textures.grow(rain, network="vgg19"), "random, sound_vgg"),
    ],
)
def test_what_cannot_be_grown_is_said_in_a_sentence(rain, make, says):
    with pytest.raises((ValueError, SoundError), match=says) as caught:
        make(rain)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250
