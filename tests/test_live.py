"""Live streams: the same music as in one piece, steered without a break, for as long as asked."""

import asyncio
import threading
import tracemalloc

import numpy as np
import pytest
from waiting import later

from imgmusic_edu import audio_features, datasets, live, synthesizer
from imgmusic_edu.live.sequencer import BARS, TICK
from imgmusic_edu.live.streams import Limiter
from imgmusic_edu.widgets.live import LivePanel

RATE = 22050


@pytest.fixture(scope="module")
def koala():
    return datasets.picture("koala")


@pytest.fixture(scope="module")
def cafe():
    return datasets.picture("the_night_cafe")


def read(stream, seconds, portion=4410):
    return np.concatenate([stream.read(portion) for _ in range(int(seconds * RATE / portion))])


def whole(verse):
    """A verse played in one piece, as `render` does it, but without its ending."""
    n = round(verse.plan.seconds * RATE)
    jobs = [job for entries in verse.ticks for _, job in entries]
    wet = synthesizer.convolve(synthesizer.mixed(jobs, n, synthesizer.soundfont(), RATE), verse.response)
    return wet * synthesizer.turned_down(synthesizer.true_peaks(wet, RATE), RATE)


@pytest.mark.parametrize("portion", [1000, 4410, 30000])
def test_a_verse_in_portions_is_the_verse_in_one_piece(koala, portion):
    stream = live.open_stream(koala, seed=2)
    stream.read(1200)  # while it comes in
    verse = stream.verse
    n = round(verse.plan.seconds * RATE) - 4000
    streamed = read(stream, (n - 1200) / RATE, portion)
    assert np.abs(streamed - whole(verse)[1200 : 1200 + len(streamed)]).max() < 1e-5


def test_portions_of_any_size_are_the_same_samples(koala):
    once, often = live.open_stream(koala), live.open_stream(koala)
    sizes = (1, 999, 20000, 3, 38997)
    samples = once.read(sum(sizes))
    assert np.array_equal(samples, np.concatenate([often.read(size) for size in sizes]))
    assert samples[0] == 0 and np.abs(samples[:50]).max() < 0.1


def test_the_notes_are_those_of_the_composer(koala):
    verse = live.open_stream(koala, seed=2)._next
    assert sum(map(len, verse.ticks)) >= len(verse.score.notes)  # a note may have more than one voice
    assert len(verse.ticks) == BARS * verse.plan.beats_per_bar / TICK
    assert verse.score.seconds == pytest.approx(BARS * verse.plan.beats_per_bar * 60 / verse.plan.tempo)
    for tick, entries in enumerate(verse.ticks):
        assert all(verse.sample(tick) <= job[1] < verse.sample(tick + 1) for _, job in entries)


def test_another_picture_is_heard_within_half_a_beat_and_nothing_breaks(koala, cafe):
    stream = live.open_stream(koala)
    read(stream, 5)
    before = stream.words
    stream.steer(cafe)
    assert stream.words != before and stream.verse is not stream._next
    tick = stream.verse.sample(1)
    stream.read(len(stream._ready) + 1)  # what was made already, and the first sample after it
    assert stream._next is None
    samples = read(stream, 6)
    assert np.abs(np.diff(samples)).max() < 0.3
    loud = np.sqrt(np.mean(samples[: len(samples) // 2205 * 2205].reshape(-1, 2205) ** 2, axis=1))
    assert loud.min() > 1e-3
    assert tick / RATE < 0.5


def test_a_part_that_plays_the_same_goes_on_and_one_that_does_not_is_damped(koala):
    stream = live.open_stream(koala, seed=1)
    read(stream, 4)
    struck, damped = [], []
    strike, damp = stream._strike, stream._damp
    stream._strike = lambda part, job, onset: (struck.append(part), strike(part, job, onset))
    stream._damp = lambda part: (damped.append(part), damp(part))
    stream.steer()  # nothing else is asked for
    stream._produce()
    assert not damped
    while not (held := set(stream.verse.held(stream._tick))):
        stream._produce()
    stream.steer(key="F#" if stream.verse.plan.tonic % 12 != 6 else "C")
    stream._produce()
    assert held and held & set(damped)


@pytest.mark.parametrize("setting", [{"tempo": 150.0}, {"key": "D"}, {"mode": "minor"}, {"seed": 9}])
def test_settings_steer_and_are_let_go_again(koala, setting):
    stream = live.open_stream(koala)
    before = stream.words
    stream.steer(**setting)
    read(stream, 1)
    (name, value), plan = next(iter(setting.items())), stream.verse.plan
    assert {"tempo": plan.tempo, "key": "D" if plan.tonic % 12 == 2 else "", "mode": plan.mode, "seed": plan.seed}[
        name
    ] == value
    stream.steer(**{name: 0 if name == "seed" else None})
    assert stream.words == before


def test_the_tempo_steered_to_is_the_tempo_heard(cafe):
    stream = live.open_stream(cafe, tempo=80)
    read(stream, 3)
    stream.steer(tempo=120)
    read(stream, 2)
    found = audio_features.tempo(read(stream, 16))
    assert found == pytest.approx(120, rel=0.04) or found == pytest.approx(60, rel=0.04)


def test_bars_of_another_length_begin_anew(koala):
    stream = live.open_stream(koala, seed=0)
    read(stream, 3)
    stream.steer(seed=3)  # in three
    read(stream, 8)
    assert stream.verse.plan.beats_per_bar == 3


def test_what_cannot_be_leaves_the_music_as_it_was(koala):
    stream = live.open_stream(koala)
    read(stream, 1)
    words = stream.words
    for asked in ({"tempo": 900}, {"key": "H"}, {"mode": "sad"}, {"instruments": ["kazoo"]}):
        with pytest.raises(ValueError):
            stream.steer(**asked)
    with pytest.raises(ValueError, match="not a picture"):
        stream.steer([{"name": "nasty.png", "content": b"no"}])
    assert stream.words == words
    read(stream, 20)  # beyond the verse
    assert stream.verse.plan.seed == 1
    with pytest.raises(ValueError, match="the roads score"):
        live.open_stream(koala, road="motorway")


def test_it_stays_under_full_scale_and_at_its_level(koala):
    stream = live.open_stream(koala)
    samples = read(stream, 40)
    assert audio_features.true_peak(samples) < -1
    assert audio_features.loudness(samples) == pytest.approx(stream.verse.score.level, abs=1.5)


def test_memory_stays_where_it_is(koala, cafe):
    stream = live.open_stream(koala)
    read(stream, 30)
    tracemalloc.start()
    try:
        stream.steer(cafe)
        read(stream, 30)
        before = tracemalloc.get_traced_memory()[0]
        for picture in (koala, cafe, koala):
            stream.steer(picture)
            read(stream, 30)
        # The synthesizer keeps the tones it made, 50 MB at most; the stream itself, what still rings.
        kept = sum(len(line) for line in stream._dry.values()) + len(stream._tail) + len(stream._ready)
        assert kept < 30 * RATE
        assert tracemalloc.get_traced_memory()[0] - before < 50e6
    finally:
        tracemalloc.stop()


def test_the_limiter_in_blocks_is_the_limiter_in_one_piece():
    rng = np.random.default_rng(0)
    samples = (rng.standard_normal(30000) * np.repeat(rng.uniform(0, 0.8, 30), 1000)).astype(np.float32)
    limit = Limiter()
    blocks = np.split(samples, [300, 5000, 5001, 17000])
    came = np.concatenate([limit.push(block) for block in blocks])
    whole = samples * synthesizer.turned_down(synthesizer.true_peaks(samples, RATE), RATE)
    assert len(came) == len(samples) - Limiter.WAIT
    assert (
        np.abs(came - whole[: len(came)])[600:].max() < 1e-4
    )  # a piece begins out of nothing, a stream out of silence


def test_one_may_steer_while_another_reads(koala, cafe):
    stream = live.open_stream(koala)
    stop, errors = threading.Event(), []

    def steering():
        try:
            while not stop.is_set():
                stream.steer(koala, tempo=100.0)
                stream.steer(cafe, tempo=None)
        except Exception as error:
            errors.append(error)

    other = threading.Thread(target=steering)
    other.start()
    samples = read(stream, 20)
    stop.set()
    other.join()
    assert not errors and np.isfinite(samples).all() and np.abs(samples).max() < 1


# ---- the roads by networks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("road", ["mlp", "autoencoder", "gan"])
def test_frames_in_blocks_are_frames_in_one_piece(koala, road):
    stream = live.open_stream(koala, road=road, seed=4)
    frames = stream._frames()
    blocks = np.concatenate([next(frames) for _ in range(12)])
    steps = np.arange(len(blocks) // 4 + 24)
    told = stream._conditions(stream._now, steps, steps * stream._now.beats_a_step)
    latent = stream.road.latent(told[None], stream._now.chance, drawn=True)
    assert np.abs(blocks - stream.road.decode(latent)[0][: len(blocks)]).max() < 1e-3


def test_a_network_is_steered_without_a_break(koala, cafe):
    stream = live.open_stream(koala, road="mlp")
    before = read(stream, 4)
    stream.steer(cafe, key="A")
    after = read(stream, 5)
    assert "tonic A" in stream.words
    both = np.concatenate([before, after])
    assert np.abs(np.diff(both)).max() < 0.5 and audio_features.true_peak(both) < -1
    levels = [audio_features.log_mel(part[-2 * RATE :]).mean(axis=0) for part in (before, after)]
    assert np.abs(levels[0] - levels[1]).mean() > 1  # another picture sounds otherwise
    for asked, sentence in (({"mode": "minor"}, "from the picture"), ({"key": "A minor"}, "only the tonic")):
        with pytest.raises(ValueError, match=sentence):
            stream.steer(**asked)


# ---- the panel ------------------------------------------------------------------------------------------------------


def asked(panel, **content):
    """What the panel sends back to its page for a message."""
    sent = []
    panel.speaker.send = lambda content, buffers=None: sent.append((content, buffers))
    buffers = content.pop("buffers", None)
    panel.speaker._hear(None, {"token": "a", **content}, buffers)
    assert sent.pop()[0]["do"] == "heard"
    return sent


def test_the_panel_plays_and_is_steered(koala):
    import io

    from PIL import Image

    panel = LivePanel()
    assert asked(panel, want="more", n=100)[0][0]["do"] == "stop"  # nobody pressed start in this view
    asked(panel, want="start")
    [(told, [content])] = asked(panel, want="more", n=4410)
    assert told["do"] == "samples" and len(np.frombuffer(content, np.float32)) == 4410
    panel.tempo.value = 120.0
    assert panel.stream.settings["tempo"] == 120 and "120 beats per minute" in panel.words.value
    panel.tempo.value = 0.0
    assert panel.stream.settings["tempo"] is None
    panel.key.value = "D"
    assert " in D " in panel.words.value
    panel.tune.click()
    assert panel.stream.settings["seed"] == 1
    before = panel.words.value
    file = io.BytesIO()
    Image.fromarray(koala).save(file, "jpeg")
    assert asked(panel, want="frame", buffers=[file.getvalue()])[-1][0]["do"] == "look"
    assert panel.words.value != before and "role" not in panel.words.value
    assert asked(panel, want="frame", buffers=[b"no picture"])[-1][0]["do"] == "look"
    assert "not a picture" in panel.words.value and panel.error is not None
    asked(panel, want="picture")
    assert panel.error is None
    assert panel.words.value.partition("Made")[0] == before.partition("Made")[0]
    panel.road.value = "mlp"
    assert "tonic D" in panel.words.value and panel.stream.read(100).shape == (100,)
    assert "<audio" in panel._repr_mimebundle_()["text/html"]


def test_while_a_road_opens_the_music_can_be_steered_and_the_list_tells_what_plays(monkeypatch):
    panel, gate, opened = LivePanel(), threading.Event(), live.open_stream

    def slow(picture, *, road="score", **settings):
        gate.wait(20)
        if road == "mlp":
            raise ImportError("This road needs TensorFlow.")
        return opened(picture, **settings)

    monkeypatch.setattr(live, "open_stream", slow)

    async def play():
        first = panel.stream
        panel.road.value = "gan"
        await later(lambda: panel.worker.busy)
        panel.tempo.value = 120.0
        panel.tune.click()
        await later(lambda: (first.settings.get("tempo"), first.settings.get("seed")) == (120, 1))
        gate.set()
        await later(lambda: panel.stream is not first)
        await later(lambda: (panel.stream.settings.get("tempo"), panel.stream.settings.get("seed")) == (120, 1))
        gate.clear()
        panel.road.value = "vae"
        await later(lambda: panel.worker.busy)
        panel.worker.stop.click()
        assert panel.road.value == "gan"
        gate.set()
        panel.road.value = "mlp"
        await later(lambda: panel.road.value == "gan")
        assert "needs TensorFlow" in panel.words.value
        panel.road.value = "score"
        await later(lambda: panel.road.value == panel._played == "score")

    asyncio.run(play())
