"""Sounds in and out: one class that is played, saved and shown, and one reader for the files people have.

Taught in chapter 00, "Hear a picture" (use), and chapter 01 (what a sample is).
"""

import base64
import html
import io
import math
import operator
import os
import warnings
from pathlib import Path

import numpy as np

from .files import name_of, open_source, printable, write_atomically

__all__ = ["MAXIMUM_SECONDS", "SAMPLE_RATE", "Sound", "SoundError", "open_sound"]

SAMPLE_RATE = 22050  #: Hz, the rate of the whole course
MAXIMUM_SECONDS = 10 * 60  #: longest sound that is opened; its samples take 53 MB at 22 050 Hz
_SHORTEST_SECONDS = 0.01  # shorter is a click, and less than the fade at a sound's ends
_SILENCE = 1e-4  # -80 dBFS: below the noise of a 16-bit recording
_LOUDEST = 4.0  # floats beyond this (12 dB over full scale) were never scaled to -1..1

# 16 bits: every player and every notebook reads them, and their noise at -98 dBFS is far below the music.
_FORMATS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}
_FORMATS["mp3"] = ("MP3", "MPEG_LAYER_III")
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # Hz
_MEDIA_TYPES = {"mp3": "audio/mpeg", "ogg": "audio/ogg"}


class SoundError(ValueError):
    """A sound that cannot be read or made; the message is one sentence: what is wrong, found, and would do."""


class Sound:
    """A mono sound that plays and saves itself.

    In a notebook the last line of a cell shows it with a player.  Nothing is normalised or clipped: values
    beyond -1..1 are refused, since what should happen to them (turn down, limit) is a choice to be heard.

    Parameters
    ----------
    samples : array_like, shape (n,), real, in [-1, 1]
        Copied, as float32.
    sample_rate : int
        Hz.
    title : str
        What it is, for its caption and for screen readers.

    Attributes
    ----------
    samples : np.ndarray, shape (n,), float32
    sample_rate : int, Hz
    title : str

    Raises
    ------
    SoundError
        No samples, more than one dimension, values that are not numbers or lie beyond -1..1.

    Notes
    -----
    Clips in notebooks should be of at most 15 s, because each is stored in the page (about 5 kB a second);
    longer ones play all the same.

    Taught in chapter 00.
    """

    def __init__(self, samples, *, sample_rate=SAMPLE_RATE, title="Sound"):
        given = np.asarray(samples)
        if given.ndim != 1 or given.size == 0:
            shape = " x ".join(map(str, given.shape)) or "a single number"
            raise SoundError(f"A sound is one row of at least one sample, but these are {shape}.")
        if given.dtype.kind != "f":
            raise SoundError(f"Samples are floats in -1..1, but these are {given.dtype}: divide by the largest value.")
        peak = float(np.abs(given).max())
        if not math.isfinite(peak):
            first = int(np.argmin(np.isfinite(given)))
            raise SoundError(f"Sample {first} is {given[first]}: a sound holds numbers in -1..1, so replace it.")
        if peak > 1:
            raise SoundError(f"The samples reach {peak:.4g}, beyond -1..1: turn them down or limit them.")
        self.samples = np.array(given, np.float32)
        self.sample_rate = _whole_rate(sample_rate)
        self.title = title

    @property
    def seconds(self):
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    def __repr__(self):
        return f"<{self.title}: {self.seconds:.1f} s at {self.sample_rate} Hz>"

    def encode(self, format="mp3"):
        """The sound as the bytes of a file; the same sound always gives the same bytes.

        Parameters
        ----------
        format : {"mp3", "ogg", "wav", "flac"}
            WAV and FLAC hold 16-bit samples; OGG (Vorbis) and MP3 take about an eighth of the room.

        Returns
        -------
        bytes

        Raises
        ------
        SoundError
            Another format, or a sample rate that MP3 does not have.
        """
        import soundfile

        if format not in _FORMATS:
            raise SoundError(f"Sounds are written as {', '.join(_FORMATS)}, but {format!r} was asked for.")
        container, subtype = _FORMATS[format]
        if format == "mp3" and (self.sample_rate not in _MP3_RATES or container not in soundfile.available_formats()):
            raise SoundError(f"A sound at {self.sample_rate} Hz cannot be written as MP3 here: choose OGG.")
        target = io.BytesIO()
        try:
            with soundfile.SoundFile(target, "w", self.sample_rate, 1, format=container, subtype=subtype) as file:
                # In pieces: libsndfile's Vorbis encoder keeps all the samples of a call on the stack, and crashes.
                for start in range(0, len(self.samples), 1 << 15):
                    file.write(self.samples[start : start + (1 << 15)])
        except soundfile.LibsndfileError as problem:
            reason = printable(problem.error_string).rstrip(". ")
            raise SoundError(
                f"{self.sample_rate} Hz cannot be written as {container} ({reason}): choose WAV."
            ) from problem
        return _with_fixed_serial(target.getvalue()) if format == "ogg" else target.getvalue()

    def save(self, path):
        """Write a WAV, FLAC, OGG or MP3 file, as the suffix says; the file appears whole or not at all.

        Raises
        ------
        SoundError
            Another suffix.
        FileWriteError
            The file cannot be written (an OSError); what was there before is untouched.
        """
        suffix = Path(path).suffix.lower().removeprefix(".")
        if suffix not in _FORMATS:
            suffixes = ", ".join(f".{known}" for known in _FORMATS)
            raise SoundError(f"{name_of(path)} does not end in one of {suffixes}: the suffix chooses the format.")
        write_atomically(path, self.encode(suffix))

    def _repr_html_(self):
        try:
            kind, data = "mp3", self.encode("mp3")  # plays in every browser
        except SoundError:
            kind, data = "ogg", self.encode("ogg")
        label = html.escape(f"{self.title}, {self.seconds:.1f} seconds")
        source = f"data:{_MEDIA_TYPES[kind]};base64,{base64.b64encode(data).decode()}"
        return (
            f"<figure><figcaption>{label}</figcaption>"
            f'<audio controls preload="metadata" aria-label="{label}" src="{source}"></audio></figure>'
        )


def open_sound(source, *, sample_rate=SAMPLE_RATE):
    """Read a sound file: WAV, FLAC, OGG, MP3 and whatever else libsndfile knows, whatever its name says.

    Channels are averaged into one and any rate is resampled (soxr, high quality).

    Parameters
    ----------
    source : str, path, bytes, binary file object, or a FileUpload widget's value
    sample_rate : int
        Rate wanted, Hz.

    Returns
    -------
    Sound

    Raises
    ------
    SoundError
        There is no sound, or it is damaged, holds NaN, is shorter than 10 ms or longer than `MAXIMUM_SECONDS`.

    Warns
    -----
    UserWarning
        The sound is silent; or it went beyond full scale, as MP3s do, and was turned down to fit (by how much).

    Notes
    -----
    Memory: the samples of the result twice and one second of the file, or of an MP3 all its samples (at most
    230 MB).  Taught in chapter 00.
    """
    sample_rate = _whole_rate(sample_rate)
    with open_source(source, SoundError, what="sound") as (stream, name):
        samples = _read(stream, name, sample_rate)
    if len(samples) < _SHORTEST_SECONDS * sample_rate:
        found = 1000 * len(samples) / sample_rate
        raise SoundError(f"{name} lasts {found:.1f} ms: at least {_SHORTEST_SECONDS * 1000:.0f} ms make a sound.")
    peak = float(np.abs(samples).max())
    if peak > _LOUDEST:
        raise SoundError(f"{name} reaches {peak:.4g} where full scale is 1: divide its samples and save it again.")
    if peak > 1:
        decibels = 20 * math.log10(peak)
        warnings.warn(f"{name} went {decibels:.1f} dB beyond full scale and was turned down by that.", stacklevel=2)
        samples = samples / np.float32(peak)
        np.clip(samples, -1, 1, out=samples)  # the division's last bit
    elif peak < _SILENCE:
        warnings.warn(f"{name} is silent: nothing in it is above -80 dBFS.", stacklevel=2)
    return Sound(samples, sample_rate=sample_rate, title=os.path.basename(name))


def _whole_rate(rate):
    try:
        rate = operator.index(rate)
    except TypeError:
        rate = None
    if rate is None or not 1000 <= rate <= 768_000:
        raise SoundError("A sample rate is a whole number from 1000 to 768000 Hz: 22050 is the course's.")
    return rate


def _read(stream, name, sample_rate):
    """The whole file as one row of float32 at the rate wanted, mixed and resampled second by second."""
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(stream) as file:
            if not 100 <= file.samplerate <= 10_000_000:
                raise SoundError(f"{name} says it has {file.samplerate} samples a second: save it at 44100 Hz.")
            resampler = soxr.ResampleStream(file.samplerate, sample_rate, 1, dtype="float32")
            longest = MAXIMUM_SECONDS * file.samplerate
            # soundfile seeks after each read, and an MP3 decoder that has sought stumbles: that is read in one go.
            n_frames = longest + 1 if file.format == "MP3" else file.samplerate
            rows, n_read, last = [], 0, False
            while not last:
                block = file.read(n_frames, dtype="float32", always_2d=True)  # (frames, channels)
                last = len(block) == 0
                if not np.isfinite(block).all():
                    first = (n_read + int(np.argmin(np.isfinite(block).all(axis=1)))) / file.samplerate
                    raise SoundError(f"{name} holds a value that is no number at {first:.3f} s: export it again.")
                n_read += len(block)
                if n_read > longest:
                    raise SoundError(f"{name} is longer than {MAXIMUM_SECONDS // 60} minutes: cut a part out of it.")
                mono = block.mean(axis=1, dtype=np.float32) if block.shape[1] > 1 else block[:, 0]
                rows.append(resampler.resample_chunk(mono, last) if file.samplerate != sample_rate else mono)
    except (soundfile.SoundFileError, RuntimeError) as problem:  # RuntimeError: soundfile's own, on damaged headers
        reason = printable(getattr(problem, "error_string", problem)).rstrip(". ")
        raise SoundError(f"{name} cannot be read as a sound ({reason}): save it as WAV, FLAC, OGG or MP3.") from problem
    if n_read == 0:
        raise SoundError(f"{name} holds no samples: record or export it again.")
    return np.concatenate(rows)


def _with_fixed_serial(ogg):
    """An Ogg stream with serial number 1 in place of the random one that libsndfile gives each file (RFC 3533)."""
    stream = bytearray(ogg)
    start = 0
    while start < len(stream):
        n_segments = stream[start + 26]
        end = start + 27 + n_segments + sum(stream[start + 27 : start + 27 + n_segments])
        stream[start + 14 : start + 18] = (1).to_bytes(4, "little")
        stream[start + 22 : start + 26] = bytes(4)
        stream[start + 22 : start + 26] = _ogg_checksum(stream[start:end]).to_bytes(4, "little")
        start = end
    return bytes(stream)


def _checksum_table():
    """Remainders of all bytes by Ogg's polynomial, x^32 + 0x04c11db7."""
    remainders = np.arange(256, dtype=np.uint32) << np.uint32(24)
    for _ in range(8):
        carry = remainders >> np.uint32(31)
        remainders = (remainders << np.uint32(1)) ^ (carry * np.uint32(0x04C11DB7))
    return remainders.tolist()


_CHECKSUMS = _checksum_table()


def _ogg_checksum(page):
    remainder = 0
    for byte in page:
        remainder = (remainder << 8) & 0xFFFFFFFF ^ _CHECKSUMS[remainder >> 24 ^ byte]
    return remainder
