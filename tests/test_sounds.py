"""Sounds in and out: what is written comes back, and what cannot be read gets one sentence."""

import base64
import io
import os
import re
import stat
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from imgmusic_edu import files
from imgmusic_edu.files import FileWriteError, write_atomically
from imgmusic_edu.sounds import SAMPLE_RATE, Sound, SoundError, open_sound

# Wherever the tests run from, a process of its own finds the same package.
PATHS = os.pathsep.join([str(Path(files.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS}
RATES = st.sampled_from([1000, 8000, 11025, 22050, 44100, 48000, 96000, 192000])


def tone(seconds=1.0, rate=SAMPLE_RATE, frequency=440.0, peak=0.5):
    return (peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def file_of(samples, rate=SAMPLE_RATE, format="WAV", subtype="FLOAT"):
    target = io.BytesIO()
    soundfile.write(target, samples, rate, format=format, subtype=subtype)
    return target.getvalue()


def assert_is_sentence(text):
    assert text.endswith(".") and "\n" not in text and 20 < len(text) < 300 and "Errno" not in text


@given(
    samples=arrays.arrays(np.float32, st.integers(300, 3000), elements=st.floats(-1, 1, width=32)),
    format=st.sampled_from(["wav", "flac"]),
    rate=RATES,
)
def test_sixteen_bits_come_back_within_one_step(samples, format, rate):
    sound = Sound(samples, sample_rate=rate)
    data = sound.encode(format)
    assert data == Sound(samples, sample_rate=rate).encode(format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # silence is among the examples
        if sound.seconds >= 0.01:
            again = open_sound(data, sample_rate=rate)
            assert np.abs(again.samples - samples).max() <= 1 / 32767


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_every_format_is_the_same_bytes_each_time_and_sounds_alike(format):
    sound = Sound(tone(3.0) + tone(3.0, frequency=1330, peak=0.2))
    data = sound.encode(format)
    assert data == sound.encode(format)
    again = open_sound(data)
    assert len(again.samples) == len(sound.samples) and again.sample_rate == SAMPLE_RATE
    assert np.corrcoef(again.samples, sound.samples)[0, 1] > 0.99  # no lag either


def test_ogg_of_another_day_is_the_same():
    """libsndfile draws a stream number from the clock; another process is another draw."""
    code = "import numpy, sys; from imgmusic_edu.sounds import Sound; s = Sound(numpy.full(9000, 0.25))"
    code += "; sys.stdout.buffer.write(s.encode('ogg'))"
    again = [subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT) for _ in range(2)]
    first, second = (done.stdout for done in again)
    assert first and first == second
    assert soundfile.info(io.BytesIO(first)).frames == 9000


@pytest.mark.parametrize("format", ["flac", "ogg", "mp3"])
def test_reading_piece_by_piece_loses_nothing(format):
    """An MP3 decoder that seeks between reads leaves gaps."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, SAMPLE_RATE * 5)
    data = Sound(noise).encode(format)
    at_once, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    np.testing.assert_allclose(open_sound(data).samples, at_once, atol=1e-6)


def test_too_long_gets_a_sentence():
    with pytest.raises(SoundError, match="10 minutes"):
        open_sound(file_of(np.zeros(601 * 1000, np.int16), 1000, subtype="PCM_16"))


def test_long_sounds_can_be_ogg():
    assert len(open_sound(Sound(np.zeros(SAMPLE_RATE * 60) + 0.1).encode("ogg")).samples) == SAMPLE_RATE * 60


@given(rate=RATES, wanted=RATES, n_channels=st.integers(1, 9), seconds=st.floats(0.05, 0.5))
def test_any_rate_and_any_number_of_channels(rate, wanted, n_channels, seconds):
    samples = np.repeat(tone(seconds, rate, 200.0)[:, None], n_channels, axis=1)
    sound = open_sound(file_of(samples, rate), sample_rate=wanted)
    assert sound.sample_rate == wanted and abs(len(sound.samples) - len(samples) * wanted / rate) <= 1
    inner = slice(len(sound.samples) // 5, -len(sound.samples) // 5)
    expected = tone(seconds + 0.1, wanted, 200.0)[: len(sound.samples)]
    assert np.abs(sound.samples - expected)[inner].max() < 0.02


def test_resampling_keeps_what_fits_and_drops_what_does_not():
    heard = open_sound(file_of(tone(1.0, 48000, 5000.0), 48000))
    gone = tone(1.0, 48000, 5000.0) + tone(1.0, 48000, 15000.0, 0.4)
    assert np.sqrt(np.mean((open_sound(file_of(gone, 48000)).samples - heard.samples)[500:-500] ** 2)) < 1e-3


def test_channels_are_averaged():
    left_only = np.stack([tone(), np.zeros(SAMPLE_RATE, np.float32)], axis=1)
    np.testing.assert_allclose(open_sound(file_of(left_only)).samples, tone() / 2, atol=1e-6)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_any_depth(subtype):
    assert np.abs(open_sound(file_of(tone(), subtype=subtype)).samples - tone()).max() < 0.02


def test_silence_opens_and_is_said():
    with pytest.warns(UserWarning, match="silent"):
        sound = open_sound(file_of(np.zeros(5000, np.float32)))
    assert not sound.samples.any()


def test_what_goes_beyond_full_scale_is_turned_down_and_said():
    with pytest.warns(UserWarning, match=r"3\.5 dB"):
        sound = open_sound(file_of(tone(peak=1.5)))
    np.testing.assert_allclose(sound.samples, tone(peak=1.5) / np.abs(tone(peak=1.5)).max(), atol=1e-6)


def _unreadable():
    wav = file_of(tone())
    bad = tone()
    bad[300] = np.nan
    return {
        "NaN": file_of(bad),
        "infinity": file_of(np.where(np.isnan(bad), np.inf, bad).astype(np.float32)),
        "not scaled": file_of(tone() * 32767),
        "no samples": file_of(np.zeros(0, np.float32)),
        "five samples": file_of(tone()[:5]),
        "empty": b"",
        "text": b"this is no sound, but a text about one\n" * 9,
        "a picture": b"\x89PNG\r\n\x1a\n" + bytes(99),
        "a header alone": wav[:12],
        "zeros": bytes(3000),
        "nothing uploaded": (),
        "nothing": None,
        "a web address": "https://example.org/song.mp3",
        "missing": "no_such_sound.wav",
        "a folder": os.curdir,
    }


@pytest.mark.parametrize("name", _unreadable())
def test_what_is_no_sound_gets_a_sentence(name):
    with pytest.raises(SoundError) as caught:
        open_sound(_unreadable()[name])
    assert_is_sentence(str(caught.value))


@given(
    format=st.sampled_from(["wav", "flac", "ogg"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.05, 1),
)
def test_damage_never_gives_anything_but_a_sentence(format, changes, keep):
    data = bytearray(Sound(tone(0.3)).encode(format))
    for place, value in changes:
        data[int(place * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            sound = open_sound(bytes(data[: max(1, int(keep * len(data)))]))
        except SoundError as problem:
            assert_is_sentence(str(problem))
        else:
            assert np.isfinite(sound.samples).all() and np.abs(sound.samples).max() <= 1


@pytest.mark.parametrize(
    "samples",
    [[], [[0.1, 0.2]], 0.5, [1, 0, -1], [0.1, np.nan], [np.inf], [0.0, 1.0001], ["a"], [True], [0.1j]],
)
def test_wrong_samples_get_a_sentence(samples):
    with pytest.raises(SoundError) as caught:
        Sound(samples)
    assert_is_sentence(str(caught.value))


@pytest.mark.parametrize("rate", [0, -1, 22050.5, None, "fast", 10**9])
def test_wrong_rates_get_a_sentence(rate):
    with pytest.raises(SoundError, match="sample rate"):
        Sound(tone(), sample_rate=rate)


def test_a_sound_keeps_its_own_samples():
    samples = tone()
    sound = Sound(samples)
    samples[:] = 0
    assert sound.samples.any() and sound.samples.dtype == np.float32
    assert sound.seconds == 1.0


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = {}

    def handle_starttag(self, tag, attributes):
        self.found[tag] = dict(attributes)


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 96000], ids=["mp3", "ogg where MP3 has no such rate"])
def test_in_a_notebook_it_is_a_labelled_player_that_waits(rate):
    page = _Elements()
    page.feed(Sound(tone(1.0, rate), sample_rate=rate, title="A <b>tone</b>")._repr_html_())
    audio = page.found["audio"]
    assert "controls" in audio and "autoplay" not in audio and audio["preload"] == "metadata"
    assert "A <b>tone</b>" in audio["aria-label"] and "1.0 s" in audio["aria-label"] and "b" not in page.found
    kind, data = re.fullmatch(r"data:audio/(\w+);base64,(.*)", audio["src"]).groups()
    assert kind == ("mpeg" if rate == SAMPLE_RATE else "ogg")
    assert open_sound(base64.b64decode(data)).seconds == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("suffix", [".wav", ".FLAC", ".ogg", ".mp3"])
def test_saving_follows_the_suffix(tmp_path, suffix):
    path = tmp_path / f"tone{suffix}"
    Sound(tone()).save(path)
    assert open_sound(path).seconds == 1.0
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["tone", "tone.aac", "tone.wav.txt"])
def test_an_unknown_suffix_gets_a_sentence(tmp_path, name):
    with pytest.raises(SoundError, match="suffix"):
        Sound(tone()).save(tmp_path / name)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch, failure):
    path = tmp_path / "tone.wav"
    path.write_bytes(b"before")

    def fail(*_):
        raise failure

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(FileWriteError if isinstance(failure, OSError) else KeyboardInterrupt) as caught:
        Sound(tone()).save(path)
    assert path.read_bytes() == b"before" and os.listdir(tmp_path) == ["tone.wav"]
    if isinstance(failure, OSError):
        assert_is_sentence(str(caught.value))
        assert "no space left" in str(caught.value)


def test_places_that_cannot_be_written_get_a_sentence(tmp_path):
    (tmp_path / "folder.wav").mkdir()
    for path in (tmp_path / "folder.wav", tmp_path / "no" / "such" / "folder.wav", tmp_path / ("x" * 300 + ".wav")):
        with pytest.raises(FileWriteError) as caught:
            Sound(tone()).save(path)
        assert_is_sentence(str(caught.value))
    if os.path.exists("/dev/null"):
        with pytest.raises(FileWriteError):
            write_atomically("/dev/null", b"x")
        assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.skipif(os.name != "posix", reason="links and permissions as POSIX has them")
def test_links_are_followed_and_permissions_kept(tmp_path):
    target, link = tmp_path / "target.wav", tmp_path / "link.wav"
    target.write_bytes(b"before")
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, b"after")
    assert link.is_symlink() and target.read_bytes() == b"after" and stat.S_IMODE(target.stat().st_mode) == 0o640
    write_atomically(tmp_path / "new", b"")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~mask
