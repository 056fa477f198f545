"""SoundFont files: recorded instruments, read and played with NumPy.

A SoundFont (SF2; SF3 keeps the recordings as Ogg Vorbis) is a RIFF file.  A *preset* ("Violin") points to
instruments, an instrument to *zones*, and a zone says: for these keys and velocities play this recording, so
loud, through this filter, under this envelope.  What a zone says are numbered *generators*, whose names,
units and defaults are those of the SoundFont Technical Specification 2.04 (E-mu Systems / Creative, 2006),
chapters 8 and 9.

Played are: key and velocity zones, tuning, loops, the volume envelope, attenuation, the low-pass filter with
its modulation envelope, tremolo, stereo pairs (mixed to mono), exclusive classes, and of the modulators the
default one from velocity to attenuation.  Left out: vibrato, and modulators that a file adds.

Taught in chapter 10, section "From notes to sound".
"""

import io
import math
from collections import OrderedDict
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from imgmusic_edu import tones
from imgmusic_edu.tones import Envelope, Voice

__all__ = ["SoundFont", "SoundFontError", "Strike"]

DRUM_BANK = 128
WAVE_MEMORY, TONE_MEMORY = 24 << 20, 24 << 20  # bytes of decoded recordings and of prepared tones to keep
FULL_DECAY_DB = 100.0  # an envelope's decay and release times are those of a fall by so much (8.1.3)

# Generators that are used here: number -> (name in the specification, default value).
# fmt: off
GENERATORS = {
    0: ("startAddrsOffset", 0), 1: ("endAddrsOffset", 0), 2: ("startloopAddrsOffset", 0),
    3: ("endloopAddrsOffset", 0), 4: ("startAddrsCoarseOffset", 0), 8: ("initialFilterFc", 13500),
    9: ("initialFilterQ", 0), 11: ("modEnvToFilterFc", 0), 12: ("endAddrsCoarseOffset", 0), 13: ("modLfoToVolume", 0),
    17: ("pan", 0), 21: ("delayModLFO", -12000), 22: ("freqModLFO", 0), 25: ("delayModEnv", -12000),
    26: ("attackModEnv", -12000), 27: ("holdModEnv", -12000), 28: ("decayModEnv", -12000), 29: ("sustainModEnv", 0),
    33: ("delayVolEnv", -12000), 34: ("attackVolEnv", -12000), 35: ("holdVolEnv", -12000),
    36: ("decayVolEnv", -12000), 37: ("sustainVolEnv", 0), 38: ("releaseVolEnv", -12000),
    39: ("keynumToVolEnvHold", 0), 40: ("keynumToVolEnvDecay", 0), 43: ("keyRange", None), 44: ("velRange", None),
    45: ("startloopAddrsCoarseOffset", 0), 46: ("keynum", -1), 47: ("velocity", -1), 48: ("initialAttenuation", 0),
    50: ("endloopAddrsCoarseOffset", 0), 51: ("coarseTune", 0), 52: ("fineTune", 0), 54: ("sampleModes", 0),
    56: ("scaleTuning", 100), 57: ("exclusiveClass", 0), 58: ("overridingRootKey", -1),
}
# fmt: on
DEFAULTS = dict(GENERATORS.values())
INSTRUMENT, SAMPLE = 41, 53  # the generators that close a zone: what it points to
# These speak of one recording and cannot be added to by a preset (8.5).
INSTRUMENT_ONLY = {0, 1, 2, 3, 4, 12, 45, 46, 47, 50, 54, 57, 58}

RECORDS = {
    "phdr": [("name", "S20"), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "<u4", 3)],
    "pbag": [("generator", "<u2"), ("modulator", "<u2")],
    "pgen": [("operator", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generator", "<u2"), ("modulator", "<u2")],
    "igen": [("operator", "<u2"), ("amount", "<i2")],
    "shdr": [
        *[("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4")],
        *[("rate", "<u4"), ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("kind", "<u2")],
    ],
}
VORBIS, READ_ONLY_MEMORY = 0x10, 0x8000  # flags in a recording's kind


class SoundFontError(ValueError):
    """A SoundFont that cannot be read, or that lacks what was asked for; the message is one sentence."""


class Strike(NamedTuple):
    """A voice and how one note uses it: linear gain, rate of the release (dB per second), exclusive class."""

    voice: Voice
    gain: float
    release: float
    exclusive_class: int


class _Memory:
    """The most recently used arrays, up to a number of bytes."""

    def __init__(self, limit):
        self.limit, self.size, self.items = limit, 0, OrderedDict()

    def get(self, key, make):
        if key in self.items:
            self.items.move_to_end(key)
            return self.items[key]
        array = self.items[key] = make()
        self.size += array.nbytes
        while self.size > self.limit and len(self.items) > 1:
            self.size -= self.items.popitem(last=False)[1].nbytes
        return array


def _seconds(timecents):
    return 2.0 ** (timecents / 1200)


class SoundFont:
    """Instruments of a SoundFont file (SF2 or SF3).

    Parameters
    ----------
    path : path

    Raises
    ------
    SoundFontError
        The file cannot be opened, is no SoundFont, or is broken.

    Notes
    -----
    Recordings are decoded when they are first needed; those used last, and the tones made from them, are kept
    (50 MB at most).  Taught in chapter 10, section "From notes to sound".
    """

    def __init__(self, path):
        self.path = path
        try:
            with open(path, "rb") as file:
                self._bytes = file.read()
        except OSError as error:
            raise SoundFontError(f"Could not open the SoundFont {path}: {error.strerror or error}.") from None
        chunks = self._chunks()
        try:
            self._tables = {
                name: np.frombuffer(self._bytes, np.dtype(fields), size // np.dtype(fields).itemsize, start)
                for name, fields in RECORDS.items()
                for start, size in [chunks[name]]
            }
            self._recordings = chunks["smpl"]
        except KeyError as missing:
            raise SoundFontError(f"{path} is a broken SoundFont: its part {missing} is missing.") from None
        self._check_tables()
        presets = self._tables["phdr"][:-1]
        self._presets = {(int(p["bank"]), int(p["preset"])): k for k, p in enumerate(presets)}
        self.programs = {
            int(p["preset"]): p["name"].split(b"\0")[0].decode("latin-1") for p in presets if p["bank"] == 0
        }
        self._recordings_kept, self._tones = _Memory(WAVE_MEMORY), _Memory(TONE_MEMORY)
        self.regions = lru_cache(maxsize=None)(self._regions)

    def _chunks(self):
        """Name -> (first byte, size) of the chunks inside the file's LIST chunks."""
        data, found = self._bytes, {}
        if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
            raise SoundFontError(f"{self.path} is not a SoundFont (an SF2 or SF3 file begins with RIFF and sfbk).")
        position = 12
        while position + 8 <= len(data):
            name, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
            position += 8
            if position + size > len(data):
                raise SoundFontError(f"{self.path} is a broken SoundFont: it is cut short.")
            if name == b"LIST":
                position += 4  # step into the list, over its type
                continue
            found[name.decode("latin-1")] = (position, size)
            position += size + size % 2
        return found

    def _check_tables(self):
        """Every pointer from table to table must lead into the table."""
        tables = self._tables
        for owner, field, owned in [
            *[("phdr", "bag", "pbag"), ("inst", "bag", "ibag")],
            *[("pbag", "generator", "pgen"), ("ibag", "generator", "igen")],
        ]:
            pointers = tables[owner][field].astype(int)
            if len(pointers) < 2 or np.any(np.diff(pointers) < 0) or pointers[-1] >= len(tables[owned]):
                raise SoundFontError(f"{self.path} is a broken SoundFont: its table {owner!r} leads nowhere.")
        for table, operator, target in (("pgen", INSTRUMENT, "inst"), ("igen", SAMPLE, "shdr")):
            wanted = tables[table]["amount"][tables[table]["operator"] == operator]
            if np.any(wanted < 0) or np.any(wanted >= len(tables[target]) - 1):
                raise SoundFontError(f"{self.path} is a broken SoundFont: its table {table!r} leads nowhere.")

    # -- which recordings sound ------------------------------------------------------------------------

    def _zones(self, headers, bags, generators, index, closing):
        """(target, {generator: amount}) of each zone of one preset or instrument, its global zone included."""
        tables, common = self._tables, {}
        first, last = (int(tables[headers][k]["bag"]) for k in (index, index + 1))
        for bag in range(first, last):
            start, stop = (int(tables[bags][k]["generator"]) for k in (bag, bag + 1))
            zone = dict(tables[generators][start:stop].tolist())
            if closing in zone:
                yield zone[closing], {**common, **zone}
            elif bag == first:
                common = zone

    def _regions(self, bank, program):
        """List of dicts, generator name -> value (defaults filled in), of all zones of one preset."""
        if (bank, program) not in self._presets:
            names = ", ".join(f"{number} {name}" for number, name in sorted(self.programs.items()))
            missing = "drum kit" if bank == DRUM_BANK else f"program {program}"
            raise SoundFontError(f"The SoundFont has no {missing}; its programs are {names}.")
        regions = []
        for instrument, preset in self._zones("phdr", "pbag", "pgen", self._presets[bank, program], INSTRUMENT):
            for sample, zone in self._zones("inst", "ibag", "igen", instrument, SAMPLE):
                region = dict(DEFAULTS) | {"sample": sample}
                for number, (name, default) in GENERATORS.items():
                    if default is None:  # a range: both must hold
                        ranges = [z.get(number, 127 << 8) for z in (zone, preset)]
                        region[name] = max(r & 127 for r in ranges), min(r >> 8 & 127 for r in ranges)
                    else:
                        added = 0 if number in INSTRUMENT_ONLY else preset.get(number, 0)
                        region[name] = zone.get(number, default) + added
                if region["keyRange"][0] <= region["keyRange"][1] and region["velRange"][0] <= region["velRange"][1]:
                    regions.append(region)
        return regions

    def strikes(self, program, pitch, velocity, *, drum=False):
        """The voices that sound when a key is struck.

        Where a melodic program has no zone for a key, the zone of the nearest key is stretched to it.

        Parameters
        ----------
        program : int
            General MIDI program 0..127; not looked at for drums.
        pitch, velocity : int
            0..127 and 1..127.
        drum : bool
            Play the drum kit.

        Returns
        -------
        list of Strike

        Raises
        ------
        SoundFontError
            The font lacks the program, or the kit lacks the drum.
        """
        for what, value, low in (("pitch", pitch, 0), ("velocity", velocity, 1)):
            if not low <= value <= 127:
                raise SoundFontError(f"A {what} must be from {low} to 127, but is {value}.")
        return self._strikes(DRUM_BANK if drum else 0, 0 if drum else int(program), int(pitch), int(velocity))

    @lru_cache(maxsize=4096)  # noqa: B019 - a font lives as long as the process
    def _strikes(self, bank, program, pitch, velocity):
        regions = self.regions(bank, program)
        low = min(region["keyRange"][0] for region in regions)
        high = max(region["keyRange"][1] for region in regions)
        if bank == DRUM_BANK and not low <= pitch <= high:
            raise SoundFontError(f"The drum kit has no drum on pitch {pitch}; it has drums from {low} to {high}.")
        key = min(max(pitch, low), high)
        found = [
            self._strike(region, pitch, velocity)
            for region in regions
            if region["keyRange"][0] <= key <= region["keyRange"][1]
            and region["velRange"][0] <= velocity <= region["velRange"][1]
        ]
        if not found:
            name = "drum kit" if bank == DRUM_BANK else self.programs[program]
            raise SoundFontError(f"The SoundFont's {name} has no recording for pitch {pitch} at velocity {velocity}.")
        return found

    def _strike(self, region, pitch, velocity):
        header = self._tables["shdr"][region["sample"]]
        pitch = region["keynum"] if region["keynum"] >= 0 else pitch
        velocity = region["velocity"] if region["velocity"] > 0 else velocity
        voice = self._voice(region, header, pitch)
        # Attenuation in files is played at 0.4 of what it says, as E-mu's own cards did: fonts are made to that.
        # Velocity: the default modulator, 40 log10(127 / velocity) dB (8.4.1).
        loudness_db = -0.4 * region["initialAttenuation"] / 10 - 40 * math.log10(127 / velocity)
        # Pan by equal power, then both sides to one: a centred voice stays, half a stereo pair has 3 dB less.
        angle = (min(max(region["pan"], -500), 500) / 500 + 1) * math.pi / 4
        gain = 10 ** (loudness_db / 20) * (math.cos(angle) + math.sin(angle)) / math.sqrt(2)
        release = FULL_DECAY_DB / max(_seconds(region["releaseVolEnv"]), 0.1)  # faster would click
        return Strike(voice, gain, release, region["exclusiveClass"])

    def _voice(self, region, header, pitch):
        root = region["overridingRootKey"]
        root = root if root >= 0 else int(header["key"]) if header["key"] < 128 else 60
        cents = (pitch - root) * region["scaleTuning"] + 100 * region["coarseTune"] + region["fineTune"]
        cents += int(header["correction"])
        offset = {
            point: region[f"{point}AddrsOffset"] + 32768 * region[f"{point}AddrsCoarseOffset"]
            for point in ("start", "end", "startloop", "endloop")
        }
        # SF3 counts loop points from the recording's own start, SF2 from the start of all recordings.
        origin = 0 if header["kind"] & VORBIS else int(header["start"])
        loop = tuple(int(header[f"loop_{edge}"]) - origin + offset[f"{edge}loop"] for edge in ("start", "end"))
        by_key = {name: (60 - pitch) * region[f"keynumToVolEnv{name}"] for name in ("Hold", "Decay")}
        speed = float(header["rate"]) * 2.0 ** (cents / 1200)
        if not 10 < speed < 1e8:
            raise SoundFontError(f"{self.path} is a broken SoundFont: it asks for {speed:g} samples a second.")
        sustain_db = min(max(region["sustainVolEnv"], 0) / 10, FULL_DECAY_DB)
        amplitude = Envelope(
            _seconds(region["delayVolEnv"]) if region["delayVolEnv"] > -12000 else 0.0,
            _seconds(region["attackVolEnv"]),
            _seconds(region["holdVolEnv"] + by_key["Hold"]),
            _seconds(region["decayVolEnv"] + by_key["Decay"]) * sustain_db / FULL_DECAY_DB,
            -sustain_db,
        )
        fall = min(max(region["sustainModEnv"], 0), 1000) / 1000
        delay, attack, hold, decay = (
            _seconds(region[f"{stage}ModEnv"]) for stage in ("delay", "attack", "hold", "decay")
        )
        return Voice(
            sample=region["sample"],
            first=max(0, offset["start"]),
            last=offset["end"],
            loop=loop if region["sampleModes"] & 1 and loop[1] - loop[0] >= 4 else (0, 0),
            speed=speed,
            amplitude=amplitude,
            cutoff=float(region["initialFilterFc"]),
            sweep=float(region["modEnvToFilterFc"]),
            filter_envelope=Envelope(delay, attack, hold, decay * fall, 1 - fall),
            resonance=min(max(region["initialFilterQ"], 0), 960) / 10,
            tremolo=(
                region["modLfoToVolume"] / 10,
                8.176 * _seconds(region["freqModLFO"]),
                _seconds(region["delayModLFO"]),
            ),
        )

    # -- how they sound --------------------------------------------------------------------------------

    def _recording(self, index):
        """Recording number `index`, shape (n,), float32 in [-1, 1], at its own rate."""
        header = self._tables["shdr"][index]
        start, end, kind = int(header["start"]), int(header["end"]), int(header["kind"])
        name = header["name"].split(b"\0")[0].decode("latin-1")
        if kind & READ_ONLY_MEMORY:
            raise SoundFontError(f"The recording {name!r} of {self.path} lies in a sound card, not in the file.")
        first, size = self._recordings
        if kind & VORBIS:
            import soundfile

            packed = io.BytesIO(self._bytes[first + start : first + end])
            try:
                samples, _ = soundfile.read(packed, frames=tones.LONGEST, dtype="float32")
            except (RuntimeError, TypeError, ValueError, MemoryError):  # soundfile's own error is a RuntimeError
                raise SoundFontError(f"The recording {name!r} of {self.path} is broken.") from None
            samples = samples if samples.ndim == 1 else samples.mean(axis=1)
        elif 0 <= 2 * start < 2 * end <= size:
            samples = np.frombuffer(self._bytes, "<i2", end - start, first + 2 * start).astype(np.float32) / 32768
        else:
            samples = np.zeros(0, np.float32)
        if not len(samples):
            raise SoundFontError(f"The recording {name!r} of {self.path} is broken.")
        return samples - samples.mean()  # a few recordings stand off zero, which would be heard as a thump

    def play(self, strike, n_held, sample_rate):
        """One voice of a note whose key is down for `n_held` samples: its samples, tail included, float32."""
        voice, held = strike.voice, n_held / sample_rate
        n_tail = tones.tail_length(voice.amplitude, held, strike.release, strike.gain, sample_rate)
        length = tones.length_for(voice, n_held + n_tail)
        tone = self._tones.get((voice, length, sample_rate), lambda: self._tone(voice, length, sample_rate))
        samples = tone[: n_held + n_tail] * np.float32(strike.gain)
        if len(samples) > n_held:
            n_tail = len(samples) - n_held
            samples[n_held:] *= tones.release(voice.amplitude, held, strike.release, n_tail, sample_rate)
        return samples

    def _tone(self, voice, length, sample_rate):
        recording = self._recordings_kept.get(voice.sample, lambda: self._recording(voice.sample))
        return tones.tone(voice, recording, length, sample_rate)

    def note(self, program, pitch, velocity, seconds, *, drum=False, sample_rate=22050):
        """One note.

        Parameters
        ----------
        program : int
            General MIDI program 0..127 (not looked at for drums).
        pitch, velocity : int
            0..127 and 1..127.
        seconds : float
            How long the key is down; the sound is longer by its release.
        drum : bool
            Play the drum kit, where each pitch is another drum.
        sample_rate : int
            Hz.

        Returns
        -------
        np.ndarray, shape (n,), float32

        Raises
        ------
        SoundFontError
            The font lacks the program or the drum; pitch or velocity out of range.
        """
        n_held = max(1, round(seconds * sample_rate))
        voices = [
            self.play(strike, n_held, sample_rate) for strike in self.strikes(program, pitch, velocity, drum=drum)
        ]
        mixed = np.zeros(max(len(voice) for voice in voices), np.float32)
        for voice in voices:
            mixed[: len(voice)] += voice
        return mixed
