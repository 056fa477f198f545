"""The sampler against a SoundFont whose every number is known, the shipped one, and whole scores.

Run as a script (python tests/test_synthesizer.py) this prints the measured table of imgmusic_edu/instruments.py.
"""

import dataclasses
import io
import struct

import numpy as np
import pytest

from imgmusic_edu import audio_features, synthesizer
from imgmusic_edu.instruments import DRUM_TRIM_DB, INSTRUMENTS, TIMBRES
from imgmusic_edu.scores import Note, Part, Score, ScoreError
from imgmusic_edu.soundfonts import SoundFont, SoundFontError
from imgmusic_edu.synthesizer import render, soundfont

RATE = 22050
TARGET = -24.0  # LUFS to which TIMBRES trims


# --- a SoundFont made here ---------------------------------------------------------------------------------


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def sf2(zones, samples, *, rate=44100, loop=None, bank=0, program=5):
    """Bytes of an SF2 file of one preset: `zones` are dicts of generators, every one plays `samples`."""
    pcm = np.round(samples * 32767).astype("<i2").tobytes()
    n = len(samples)
    start, end = loop or (0, n)
    name = b"test".ljust(20, b"\0")
    igen, ibag = b"", b""
    for count, zone in enumerate(zones):
        ibag += struct.pack("<HH", sum(len(z) + 1 for z in zones[:count]), 0)
        order = sorted(zone, key=lambda g: (g != 43, g))  # the standard wants the key range first
        igen += b"".join(struct.pack("<Hh", g, zone[g]) for g in order) + struct.pack("<Hh", 53, 0)
    ibag += struct.pack("<HH", sum(len(z) + 1 for z in zones), 0)
    tables = {
        b"phdr": name
        + struct.pack("<HHHIII", program, bank, 0, 0, 0, 0)
        + name
        + struct.pack("<HHHIII", 0, 0, 1, 0, 0, 0),
        b"pbag": struct.pack("<HHHH", 0, 0, 1, 0),
        b"pmod": bytes(10),
        b"pgen": struct.pack("<HhHh", 41, 0, 0, 0),
        b"inst": name + struct.pack("<H", 0) + name + struct.pack("<H", len(zones)),
        b"ibag": ibag,
        b"imod": bytes(10),
        b"igen": igen + bytes(4),
        b"shdr": name + struct.pack("<IIIIIBbHH", 0, n, start, end, rate, 69, 0, 0, 1) + name + bytes(26),
    }
    pdta = b"pdta" + b"".join(chunk(k, v) for k, v in tables.items())
    body = b"sfbk" + chunk(b"LIST", b"sdta" + chunk(b"smpl", pcm)) + chunk(b"LIST", pdta)
    return chunk(b"RIFF", body)


@pytest.fixture
def made(tmp_path):
    def make(zones=({},), samples=None, **facts):
        if samples is None:  # a looped sine, A4: 441 samples hold 4.4 periods, 2205 hold 22 whole ones
            samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4410) / 44100)
            zones = [{54: 1, 38: -4000} | zone for zone in zones]
            facts = {"loop": (2205, 4410)} | facts
        path = tmp_path / "made.sf2"
        path.write_bytes(sf2(zones, samples, **facts))
        return SoundFont(path)

    return make


def frequency_of(samples, near, rate=RATE):
    """Frequency of the spectral peak within a semitone of `near`, to a hundredth of a cent or so."""
    n_fft = 1 << 19
    window = np.blackman(len(samples))
    power = np.log(np.abs(np.fft.rfft(samples * window, n_fft)) + 1e-12)
    frequencies = np.fft.rfftfreq(n_fft, 1 / rate)
    inside = np.flatnonzero(np.abs(np.log2(np.maximum(frequencies, 1) / near)) < 1 / 12)
    k = inside[power[inside].argmax()]
    a, b, c = power[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate / n_fft


def rms_db(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20)


@pytest.mark.parametrize("pitch", [33, 57, 69, 70, 81, 100, 112])
def test_a_looped_sine_is_in_tune_and_clean(made, pitch):
    samples = made().note(5, pitch, 127, 1.5)[2000:30000]
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    assert abs(1200 * np.log2(frequency_of(samples, wanted) / wanted)) < 0.1
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    rest = spectrum[np.abs(frequencies - wanted) > 8].sum() / spectrum.sum()
    assert 10 * np.log10(rest) < -70  # no alias, no click where the loop closes


def test_what_would_alias_is_taken_out(made):
    """Sines at 4, 9 and 13 kHz, an octave up: only the first has a place below 11 kHz."""
    time = np.arange(44100) / 44100
    samples = sum(0.2 * np.sin(2 * np.pi * f * time) for f in (4000, 9000, 13000))
    heard = made([{}], samples).note(5, 81, 127, 0.4)[1000:8000]
    spectrum = np.abs(np.fft.rfft(heard * np.blackman(len(heard)))) ** 2
    frequencies = np.fft.rfftfreq(len(heard), 1 / RATE)
    assert spectrum[np.abs(frequencies - 8000) > 30].sum() / spectrum.sum() < 1e-7


@pytest.mark.parametrize("velocity", [127, 64, 20])
def test_velocity_and_attenuation(made, velocity):
    loud = rms_db(made().note(5, 69, 127, 1.0)[:RATE])
    soft = rms_db(made([{48: 100}]).note(5, 69, velocity, 1.0)[:RATE])
    # default modulator: 40 log10(127 / v); attenuation: 0.4 of the 10 dB written
    assert soft - loud == pytest.approx(-40 * np.log10(127 / velocity) - 4, abs=0.05)


def test_tuning_generators(made):
    font = made([{51: 2, 52: -30, 56: 50, 58: 60}])
    wanted = 440 * 2 ** ((0.5 * (72 - 60) + 2 - 0.3) / 12)
    assert abs(1200 * np.log2(frequency_of(font.note(5, 72, 100, 1.0)[:20000], wanted) / wanted)) < 0.1


def test_the_envelope_keeps_its_times(made):
    timecents = {
        name: round(1200 * np.log2(s)) for name, s in (("attack", 0.2), ("hold", 0.1), ("decay", 2.0), ("release", 1.0))
    }
    font = made(
        [{34: timecents["attack"], 35: timecents["hold"], 36: timecents["decay"], 37: 200, 38: timecents["release"]}]
    )
    samples = font.note(5, 69, 127, 1.5)

    def level(seconds):
        middle = round(seconds * RATE)
        return rms_db(samples[middle - 250 : middle + 251]) - rms_db([0.5 / np.sqrt(2)])

    assert level(0.1) == pytest.approx(-6, abs=0.2)  # half way up, straight
    assert level(0.25) == pytest.approx(0, abs=0.1)
    assert level(0.5) == pytest.approx(-10, abs=0.2)  # 2 s would be 100 dB: 0.2 s are 10
    assert level(1.2) == pytest.approx(-20, abs=0.1)
    assert level(1.7) == pytest.approx(-40, abs=0.2)  # 1 s would be 100 dB
    assert abs(samples[-1]) < 1e-6
    assert len(samples) / RATE == pytest.approx(1.5 + 0.64, abs=0.02)


def test_a_key_let_go_during_attack_and_decay_falls_from_there(made):
    slow = made([{34: 0, 38: 0}])  # 1 s up, 100 dB a second down
    early = slow.note(5, 69, 127, 0.5)
    assert rms_db(early[11200:11400]) == pytest.approx(-6 - 9 - 1.25, abs=0.2)  # 12.5 ms later on average
    assert np.max(np.abs(early)) < 0.26
    falling = made([{36: 1200, 37: 1000, 38: 2400}]).note(5, 69, 127, 0.2)  # 50 dB a second, then 25
    at = [rms_db(falling[round(s * RATE) - 200 : round(s * RATE) + 200]) for s in (0.2, 1.0)]
    assert at[1] - at[0] == pytest.approx(-20, abs=0.6)


def test_the_filter_is_3_db_down_at_its_cutoff(made):
    noise = np.random.default_rng(3).standard_normal(88200) * 0.1
    cutoff = round(1200 * np.log2(2000 / 8.176))
    open_, filtered = (
        np.abs(np.fft.rfft(made([zone], noise).note(5, 69, 127, 1.5)[:RATE])) ** 2 for zone in ({}, {8: cutoff})
    )
    ratio = [10 * np.log10(filtered[f - 50 : f + 50].sum() / open_[f - 50 : f + 50].sum()) for f in (300, 2000, 8000)]
    assert ratio[0] == pytest.approx(0, abs=0.2)
    assert ratio[1] == pytest.approx(-3, abs=0.4)
    assert ratio[2] == pytest.approx(-24, abs=1.0)  # two octaves above, 12 dB each


def test_a_stereo_pair_is_as_loud_as_one(made):
    single = rms_db(made().note(5, 69, 100, 1.0)[:RATE])
    # the same wave on both sides adds up by 6 dB where a real pair, which differs, adds up by 3
    pair = rms_db(made([{17: -500}, {17: 500}]).note(5, 69, 100, 1.0)[:RATE])
    assert pair - single == pytest.approx(3, abs=0.05)


def test_zones_choose_by_key_and_velocity(made):
    font = made([{43: 0 | 60 << 8, 44: 0 | 64 << 8}, {43: 0 | 60 << 8, 44: 65 | 127 << 8, 51: 12}, {43: 61 | 80 << 8}])
    assert [len(font.strikes(5, p, v)) for p, v in ((50, 30), (50, 90), (70, 30), (100, 30))] == [1, 1, 1, 1]
    assert font.strikes(5, 50, 90)[0].voice.speed == 2 * font.strikes(5, 50, 30)[0].voice.speed
    high = 440 * 2 ** (31 / 12)  # above all zones: the nearest is stretched, not silent
    assert frequency_of(font.note(5, 100, 90, 0.5)[:10000], high) == pytest.approx(high, rel=1e-4)


def broken_fonts():
    good = sf2([{54: 1}], np.sin(np.arange(2000) / 9), loop=(100, 1900))
    yield b"", "is not a SoundFont"
    yield b"MThd" + bytes(100), "is not a SoundFont"
    yield good[: len(good) // 2], "cut short"
    yield good[:-40], "cut short"
    yield good.replace(b"shdr", b"shdx"), "'shdr' is missing"
    yield good.replace(b"smpl", b"smpx"), "'smpl' is missing"
    at = good.index(b"ibag") + 8
    yield good[:at] + b"\xff\xff" + good[at + 2 :], "leads nowhere"
    at = good.index(b"igen") + 8 + 6  # the zone's second generator, its amount: which recording
    yield good[:at] + struct.pack("<h", 77) + good[at + 2 :], "leads nowhere"
    at = good.index(b"shdr") + 8 + 24
    yield good[:at] + struct.pack("<I", 1 << 30) + good[at + 4 :], "recording 'test' .* is broken"


@pytest.mark.parametrize(("content", "said"), list(broken_fonts()))
def test_broken_fonts_get_one_sentence(tmp_path, content, said):
    path = tmp_path / "broken.sf2"
    path.write_bytes(content)
    with pytest.raises(SoundFontError, match=said) as caught:
        SoundFont(path).note(5, 60, 80, 0.5)
    assert "\n" not in str(caught.value)


def test_missing_font(tmp_path):
    with pytest.raises(SoundFontError, match="Could not open the SoundFont"):
        SoundFont(tmp_path / "none.sf2")


# --- the shipped SoundFont ---------------------------------------------------------------------------------


def test_names_are_the_font_s_programs():
    assert sorted(INSTRUMENTS.values()) == sorted(soundfont().programs) == sorted(TIMBRES)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"program": 1}, "has no program 1; its programs are 0 Yamaha Grand Piano, 4 Rhodes EP"),
        ({"pitch": 128}, "pitch must be from 0 to 127, but is 128"),
        ({"velocity": 0}, "velocity must be from 1 to 127, but is 0"),
        ({"drum": True, "pitch": 20}, "no drum on pitch 20; it has drums from 27 to 87"),
    ],
)
def test_what_the_font_lacks_is_said(arguments, said):
    with pytest.raises(SoundFontError, match=said):
        soundfont().note(**({"program": 0, "pitch": 60, "velocity": 80, "seconds": 0.1} | arguments))


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_instrument_sounds_over_its_range_and_ends(name):
    program = INSTRUMENTS[name]
    timbre = TIMBRES[program]
    for pitch in (timbre.low, (timbre.low + timbre.high) // 2, timbre.high):
        samples = soundfont().note(program, pitch, 80, 0.6)
        assert samples.dtype == np.float32 and np.isfinite(samples).all()
        assert 0.02 < np.abs(samples).max() < 1
        assert np.abs(samples[-20:]).max() < 1e-3
        assert np.abs(np.diff(samples[-400:])).max() < 0.01  # no click at the end


def tuned(name, pitch):
    """Mean deviation in cents of a rendered note's first four partials, weighted by energy."""
    note = Note(0, 2, pitch, 80, "a")
    score = Score((note,), (Part("a", INSTRUMENTS[name]),), 60, 4, 0, "major", 2.5)
    samples = render(score)[2600:30000].astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18)) ** 2
    frequencies = np.fft.rfftfreq(1 << 18, 1 / RATE)
    total = weight = 0.0
    for partial in (1, 2, 3, 4):
        wanted = partial * 440 * 2 ** ((pitch - 69) / 12)
        cents = 1200 * np.log2(np.maximum(frequencies, 1) / wanted)
        middle = 0.0
        for _ in range(4):
            energy = power * (np.abs(cents - middle) < 60)
            middle = (energy * cents).sum() / energy.sum()
        total += partial * energy.sum() * middle
        weight += partial * energy.sum()
    return total / weight


@pytest.mark.parametrize(
    "name", ["organ", "violin", "cello", "trumpet", "horn", "sax", "clarinet", "flute", "pan_flute", "warm_pad"]
)
def test_instruments_are_in_tune(name):
    timbre = TIMBRES[INSTRUMENTS[name]]
    for pitch in range(max(50, timbre.low), min(80, timbre.high) + 1, 7):
        assert abs(tuned(name, pitch)) < 10, pitch


def phrase(program, base, steps=(0, 4, 7, 12, 7, 5, 2, 0), beats=(0.5, 0.5, 0.5, 1, 0.5, 0.5, 0.5, 2)):
    out, time = np.zeros(9 * RATE, np.float32), 0.0
    for step, length in zip(steps, beats, strict=True):
        samples = soundfont().note(program, base + step, 80, 0.95 * length)
        room = out[round(time * RATE) :][: len(samples)]
        room += samples[: len(room)]
        time += length
    return out[: round(6.5 * RATE)]


def beat():
    out = np.zeros(9 * RATE, np.float32)
    for k in range(16):
        for pitch in [42] + [36] * (k % 4 == 0) + [38] * (k % 4 == 2):
            samples = soundfont().note(0, pitch, 80, 0.2, drum=True)
            room = out[round(0.4 * k * RATE) :][: len(samples)]
            room += samples[: len(room)]
    return out[: round(6.5 * RATE)]


def attack(program):
    times = []
    for pitch in (60, 64, 67, 72):
        power = soundfont().note(program, pitch, 80, 1.0)[:RATE] ** 2
        level = np.sqrt(np.convolve(power, np.ones(110), "valid"))
        times.append(1000 * np.argmax(level >= 0.5 * level.max()) / RATE)
    return float(np.median(times))


def measured(program):
    """(trim in dB, centroid in Hz, attack in ms) as TIMBRES holds them."""
    timbre = TIMBRES[program]
    level = audio_features.loudness(phrase(program, round((timbre.low + timbre.high) / 2) - 6), sample_rate=RATE)
    centroid = audio_features.spectral_centroid(phrase(program, 60), sample_rate=RATE)
    return TARGET - level, centroid, attack(program)


@pytest.mark.parametrize("name", ["piano", "strings", "clarinet", "warm_pad", "glockenspiel"])
def test_the_measured_table_still_holds(name):
    timbre = TIMBRES[INSTRUMENTS[name]]
    trim_db, centroid, milliseconds = measured(INSTRUMENTS[name])
    assert trim_db == pytest.approx(timbre.trim_db, abs=0.1)
    assert centroid == pytest.approx(timbre.centroid, rel=0.03)
    assert milliseconds == pytest.approx(timbre.attack, abs=3)


def test_the_drums_trim_still_holds():
    assert TARGET - audio_features.loudness(beat(), sample_rate=RATE) == pytest.approx(DRUM_TRIM_DB, abs=0.1)


# --- whole scores ------------------------------------------------------------------------------------------

PARTS = (Part("melody", 0), Part("chords", 48, -6.0), Part("kit", 0, -3.0, is_drum=True))


def piece(**changes):
    notes = [Note(0.75 * k, 0.7, 60 + (5 * k) % 17, 60 + 7 * (k % 6), "melody") for k in range(12)]
    notes += [Note(2 * k, 2, pitch, 70, "chords") for k in range(4) for pitch in (48, 55, 64)]
    notes += [Note(k, 0.25, 36 if k % 2 else 38, 90, "kit") for k in range(8)]
    facts = dict(notes=notes, parts=PARTS, tempo=110.0, beats_per_bar=4, tonic=0, mode="major", seconds=7.0)
    return Score(**(facts | changes))


def test_length_type_and_silence_at_both_ends():
    samples = render(piece(seconds=6.789))
    assert samples.dtype == np.float32 and samples.shape == (round(6.789 * RATE),)
    assert samples[0] == 0 and abs(samples[-1]) < 1e-6
    assert len(render(piece(), sample_rate=44100)) == 7 * 44100


@pytest.mark.parametrize("level", [-26.0, -18.0, -14.0])
def test_loudness_and_true_peak(level):
    samples = render(piece(level=level))
    assert audio_features.loudness(samples, sample_rate=RATE) == pytest.approx(level, abs=0.2)
    assert audio_features.true_peak(samples, sample_rate=RATE) < -1.0


def test_the_limiter_leaves_most_of_the_sound_alone():
    quiet, loud = (render(piece(level=level)) for level in (-24.0, -14.0))
    gain = np.median(loud[np.abs(quiet) > 0.01] / quiet[np.abs(quiet) > 0.01])
    changed = np.abs(loud - gain * quiet) > 0.01 * np.abs(gain * quiet) + 1e-4
    assert changed.mean() < 0.15


def test_loudness_is_that_of_audio_features():
    generator = np.random.default_rng(4)
    for seconds in (1.0, 5.3):
        noise = generator.standard_normal(round(seconds * RATE)) * np.linspace(0.001, 0.3, round(seconds * RATE))
        ours = synthesizer.integrated_loudness(noise.astype(np.float32), RATE)
        assert ours == pytest.approx(audio_features.loudness(noise, sample_rate=RATE), abs=0.1)


def test_the_same_score_gives_the_same_bytes_whatever_was_played_before():
    soundfont.cache_clear()
    first = render(piece())
    render(piece(notes=[Note(0, 9, 60, 80, "melody"), Note(9, 0.1, 64, 80, "chords")]))
    assert np.array_equal(first, render(piece()))
    soundfont.cache_clear()
    assert np.array_equal(first, render(piece()))
    shuffled = piece()
    assert np.array_equal(first, render(dataclasses.replace(shuffled, notes=shuffled.notes[::-1])))


@pytest.mark.parametrize(
    ("program", "is_drum", "pitch"), [(0, False, 67), (12, False, 60), (0, True, 38), (0, True, 42)]
)
def test_onsets_are_where_the_midi_file_has_them(program, is_drum, pitch):
    beats = np.cumsum([0.3, 0.71, 0.83, 0.62, 1.03, 0.77])
    notes = [Note(beat, 0.2, pitch, 90, "a") for beat in beats]
    score = piece(notes=notes, parts=(Part("a", program, is_drum=is_drum),), tempo=97.3)
    samples = render(score)
    file = io.BytesIO()
    score.to_midi(file)
    file.seek(0)
    written = Score.from_midi(file)
    energy = np.cumsum(np.concatenate([[0], samples.astype(float) ** 2]))
    for note in written.notes:
        onset = round(written.seconds_of(note.beat) * RATE)
        times = np.arange(onset - 660, onset + 661, 11)
        rise = np.log((energy[times + 66] - energy[times] + 1e-7) / (energy[times] - energy[times - 66] + 1e-7))
        assert abs(times[rise.argmax()] - onset) < 0.010 * RATE


def test_brightness_moves_the_centroid_and_nothing_else():
    dark, plain, bright = (render(piece(brightness=b)) for b in (-1, 0, 1))
    centroids = [audio_features.spectral_centroid(s, sample_rate=RATE) for s in (dark, plain, bright)]
    assert centroids[0] < 0.8 * centroids[1] < 0.64 * centroids[2]
    assert len({len(s) for s in (dark, plain, bright)}) == 1
    levels = [audio_features.loudness(s, sample_rate=RATE) for s in (dark, plain, bright)]
    assert np.ptp(levels) < 0.2


def test_the_tilt_is_three_decibels_an_octave_around_1_khz():
    tilt = 20 * np.log10(synthesizer._tilt(np.array([500.0, 1000.0, 2000.0]), 1.0))
    assert tilt == pytest.approx([-2.9, 0, 2.9], abs=0.1)
    assert synthesizer._tilt(np.array([0.0]), 0.0)[0] == 0  # no offset survives


def test_an_offset_does_not_survive():
    notes = [Note(0, 6, pitch, 90, "pad") for pitch in (48, 55, 60)]
    samples = render(piece(notes=notes, parts=(Part("pad", 89),)))
    assert abs(samples.mean()) < 1e-4


def test_a_part_s_gain_is_in_decibels():
    one = [Note(0, 1, 60, 80, "a"), Note(4, 1, 60, 80, "b")]
    score = piece(notes=one, parts=(Part("a", 0), Part("b", 0, -12.0)), tempo=120, seconds=4.0, level=-26)
    samples = render(score)
    first, second = (rms_db(samples[round(s * RATE) + 500 : round(s * RATE) + 8000]) for s in (0, 2))
    assert second - first == pytest.approx(-12, abs=0.3)


def test_a_closed_hi_hat_silences_the_open_one():
    kit = (Part("kit", 0, is_drum=True),)
    struck = [Note(0, 4, 46, 100, "kit"), Note(2, 0.1, 42, 1, "kit")]
    alone, cut = (
        synthesizer.mixed(
            synthesizer.jobs_of(piece(notes=notes, parts=kit, tempo=120), soundfont(), RATE),
            7 * RATE,
            soundfont(),
            RATE,
        )
        for notes in (struck[:1], struck)
    )
    assert np.array_equal(alone[: RATE - 100], cut[: RATE - 100])
    assert rms_db(cut[RATE + 400 : RATE + 4000]) < rms_db(alone[RATE + 400 : RATE + 4000]) - 20


def test_the_room_is_short_and_quiet():
    room = synthesizer._room(RATE).astype(float)
    assert room[0] == pytest.approx(1) and np.all(room[1 : round(0.008 * RATE)] == 0)
    assert np.sqrt(np.sum(room[1:] ** 2)) == pytest.approx(synthesizer.WET, rel=1e-3)
    assert 0.12 <= synthesizer.WET <= 0.18
    late = np.sum(room[round(0.5 * RATE) :] ** 2) / np.sum(room[1:] ** 2)
    assert late < 1e-2


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"notes": []}, ScoreError, "has no notes"),
        ({"parts": (Part("melody", 5), *PARTS[1:])}, SoundFontError, "has no program 5; its programs are 0 Yamaha"),
        ({"notes": [Note(0, 1, 127, 1, "melody")]}, ScoreError, "no sound that can be heard"),
        ({"notes": [Note(0, 1, 20, 90, "kit")]}, SoundFontError, "no drum on pitch 20"),
    ],
)
def test_a_failure_is_a_sentence_never_silence(changes, error, said):
    with pytest.raises(error, match=said):
        render(piece(**changes))


def test_sample_rate_is_checked():
    with pytest.raises(ValueError, match="from 8000 to 96000 Hz, but is 100"):
        render(piece(), sample_rate=100)


if __name__ == "__main__":
    for instrument, number in INSTRUMENTS.items():
        trim, brightness, rise = measured(number)
        low, high = TIMBRES[number][3:]
        print(
            f"    {number}: Timbre({trim:.1f}, {round(brightness, -1):.0f}, {rise:.0f}, {low}, {high}),  # {instrument}"
        )
    print(f"DRUM_TRIM_DB = {TARGET - audio_features.loudness(beat(), sample_rate=RATE):.1f}")
