"""One recording becomes one tone: looping, resampling, filter and envelopes.

The sums behind a sampler, without its file format (that is `soundfonts`).  A *tone* is a voice from the moment
the key is struck, as if it were never let go; `release` gives the gain that lets it go.  A note is then a slice
of its tone times a gain, which is why a piece of five hundred notes takes a tenth of a second.

Source: SoundFont Technical Specification 2.04 (E-mu Systems / Creative, 2006), chapter 9.
Taught in chapter 10, section "From notes to sound".
"""

import math
from typing import NamedTuple

import numpy as np

__all__ = ["Envelope", "Voice", "fft_length", "length_for", "release", "tail_length", "tone"]

MARGIN = 512  # samples after a tone's end in which resampler and filters may ring out
SHORTEST = 13  # tones are at least 2 ** SHORTEST - MARGIN samples long
LONGEST = 1 << 22  # samples: more than any recording; where this is asked for, all of it is played
SILENT_DB = -84.0  # a tail is played until it has fallen to this, relative to full scale
CLOSING = 0.005  # seconds over which the end of a tail or of a recording goes to zero
SEAM = 64  # samples of a recording over which its loop is closed
FILTER_STEP = 600.0  # cents between the fixed filters that a moving filter is cross-faded from
OPEN = 13500.0  # cents: the cutoff at and above which there is no filter (20 kHz)


class Envelope(NamedTuple):
    """Delay, attack, hold, decay (seconds; decay lasts until `sustain` is reached) and the sustained level.

    The level is in dB below full (0 or less) for loudness, a share 0..1 for a filter.
    """

    delay: float
    attack: float
    hold: float
    decay: float
    sustain: float


class Voice(NamedTuple):
    """One recording at one pitch and all that shapes it until the key is let go.

    `first` and `last` cut samples off the recording's two ends, `loop` is (start, end) in samples of it or
    (0, 0), `speed` its samples per second of sound; `cutoff` is in cents above 8.176 Hz, `sweep` the cents that
    the filter's envelope adds, `resonance` in dB; `tremolo` is (depth in dB, rate in Hz, delay in s).
    """

    sample: int
    first: int
    last: int
    loop: tuple
    speed: float
    amplitude: Envelope
    cutoff: float
    sweep: float
    filter_envelope: Envelope
    resonance: float
    tremolo: tuple


def length_for(voice, n_samples):
    """The length to make a voice's tone in so that it holds `n_samples`: few lengths, so that tones are shared.

    It depends on nothing else, or a note would change in its last bits with what was played before.  A recording
    without a loop is always played to its end.
    """
    if voice.loop == (0, 0):
        return LONGEST
    doubled = max(SHORTEST, (n_samples + MARGIN - 1).bit_length())
    return (3 << (doubled - 2) if n_samples + MARGIN <= 3 << (doubled - 2) else 1 << doubled) - MARGIN


def fft_length(n_samples):
    """The next length that an FFT is quick at: 5, 6, 7 or 8 times a power of two."""
    power = max(0, (n_samples - 1).bit_length() - 3)
    return -(-n_samples >> power) << power


def tone(voice, recording, n_samples, sample_rate):
    """A voice from the stroke on, with the key held.

    Parameters
    ----------
    voice : Voice
    recording : np.ndarray, shape (m,), float32
        The recording the voice plays, whole, at its own rate.
    n_samples : int
    sample_rate : int
        Hz, of the tone.

    Returns
    -------
    np.ndarray, shape (n_samples,) or shorter where the recording ends, float32
        Resampled with a band limit (SoX's resampler), filtered, shaped by attack, hold and decay.
    """
    import soxr  # about 30 ms to load

    step = voice.speed / sample_rate
    source, ends = _unrolled(voice, recording, math.ceil((n_samples + MARGIN) * step))
    samples = soxr.resample(source, step, 1.0, quality="HQ")[:n_samples]
    samples = _filtered(voice, samples, sample_rate)
    seconds = np.arange(len(samples), dtype=np.float32) / np.float32(sample_rate)
    samples *= _amplitude(voice.amplitude, seconds)
    if voice.tremolo[0]:
        samples *= _tremolo(voice.tremolo, seconds)
    if ends:
        _close(samples, sample_rate)
    return samples


def _unrolled(voice, recording, n_samples):
    """The recording with its loop written out, `n_samples` long; and whether it ends before that."""
    recording = recording[voice.first : len(recording) + voice.last]
    start, end = (min(max(0, point - voice.first), len(recording)) for point in voice.loop)
    if end - start < 4:
        return recording[:n_samples], len(recording) < n_samples
    if end >= n_samples:
        return recording[:n_samples], False
    opening, body = recording[:start], recording[start:end].copy()
    n_seam = min(SEAM, start, len(body) // 2)
    if n_seam:  # lead the loop's last samples over to those that come before its first: no click where it closes
        share = np.linspace(0, 1, n_seam + 1, dtype=np.float32)[1:]
        body[-n_seam:] += share * (opening[-n_seam:] - body[-n_seam:])
    rounds = math.ceil((n_samples - start) / len(body))
    return np.concatenate([opening, np.tile(body, rounds)])[:n_samples], False


def _filtered(voice, samples, sample_rate):
    """Second-order low-pass; a moving cutoff is a cross-fade between fixed ones, `FILTER_STEP` apart at most."""
    if voice.sweep:
        seconds = np.arange(len(samples), dtype=np.float32) / np.float32(sample_rate)
        cutoffs = np.clip(voice.cutoff + voice.sweep * _share(voice.filter_envelope, seconds), 1500, OPEN)
    else:
        cutoffs = np.array([min(max(voice.cutoff, 1500), OPEN)])
    low, high = float(cutoffs.min()), float(cutoffs.max())
    if low >= OPEN:  # nothing in reach is filtered, but the level that a resonance costs is still taken off
        return samples * np.float32(10 ** (-voice.resonance / 40))
    if high - low < FILTER_STEP / 4:
        return _low_passed(samples, high, voice.resonance, sample_rate)
    n_filters = 1 + math.ceil((high - low) / FILTER_STEP)
    place = (cutoffs - low) * np.float32((n_filters - 1) / (high - low))
    mixed = np.zeros_like(samples)
    for k in range(n_filters):
        cutoff = low + (high - low) * k / (n_filters - 1)
        used = np.flatnonzero(np.abs(place - k) < 1)
        if not len(used):
            continue
        start, stop = int(used[0]), int(used[-1]) + 1
        warm = max(0, start - MARGIN)  # the filter is let in ahead of where it is heard
        filtered = _low_passed(samples[warm:stop], cutoff, voice.resonance, sample_rate)[start - warm :]
        mixed[start:stop] += np.maximum(0, 1 - np.abs(place[start:stop] - k)) * filtered
    return mixed


def _low_passed(samples, cutoff, resonance, sample_rate):
    """`samples` through the analogue two-pole filter 1 / (1 - w^2 + j w / Q), w = f / fc, by FFT.

    Half of the resonance is taken off the level, and a resonance of 0 dB is the flattest filter, Q = 0.707.
    """
    n_fft = fft_length(len(samples) + MARGIN)
    spectrum = np.fft.rfft(samples, n_fft)
    per_bin = sample_rate / n_fft / (8.176 * 2 ** (cutoff / 1200))
    ratio = np.arange(len(spectrum), dtype=np.float32) * np.float32(per_bin)
    denominator = np.empty_like(spectrum)
    denominator.real = 1 - ratio * ratio
    denominator.imag = ratio * np.float32(10 ** ((3.01 - resonance) / 20))
    spectrum /= denominator
    return np.fft.irfft(spectrum, n_fft)[: len(samples)] * np.float32(10 ** (-resonance / 40))


def _share(envelope, seconds):
    """A filter's envelope, 0..1, while the key is held."""
    corners = np.cumsum([envelope.delay, envelope.attack, envelope.hold, envelope.decay])
    return np.interp(seconds, corners, [0, 1, 1, envelope.sustain]).astype(np.float32)


def _decay_db(envelope, seconds):
    """Level in dB after the attack: hold at 0, then a straight fall to the sustained level."""
    decays = envelope.delay + envelope.attack + envelope.hold
    fallen = (np.asarray(seconds, np.float32) - np.float32(decays)) / np.float32(max(envelope.decay, 1e-3))
    return np.clip(fallen, 0, 1) * np.float32(envelope.sustain)


def _amplitude(envelope, seconds):
    """Linear gain while the key is held: a straight rise, then a fall that is straight in dB."""
    risen = np.clip((seconds - np.float32(envelope.delay)) / np.float32(max(envelope.attack, 1e-3)), 0, 1)
    if envelope.sustain == 0:
        return risen
    return risen * np.exp(_decay_db(envelope, seconds) * np.float32(math.log(10) / 20))


def _tremolo(tremolo, seconds):
    """Linear gain of a triangular wave of a depth in dB and a rate in Hz that begins, rising, after a delay."""
    depth, rate, delay = tremolo
    phase = np.maximum(0, seconds - np.float32(delay)) * np.float32(rate)
    triangle = 4 * np.abs((phase - 0.25) % 1 - 0.5) - 1
    return np.exp(triangle.astype(np.float32) * np.float32(depth * math.log(10) / 20))


def _close(samples, sample_rate):
    """Bring the end of `samples` to zero, in place."""
    n_closing = min(len(samples), round(CLOSING * sample_rate))
    if n_closing:
        samples[-n_closing:] *= np.linspace(1, 0, n_closing, dtype=np.float32)


def tail_length(envelope, held, db_per_second, gain, sample_rate):
    """Samples until a note of linear `gain`, let go after `held` seconds, has fallen to `SILENT_DB`."""
    level = _level_db(envelope, held) + 20 * math.log10(max(gain, 1e-9))
    return round(max(CLOSING, (level - SILENT_DB) / db_per_second) * sample_rate) + 1


def release(envelope, held, db_per_second, n_samples, sample_rate):
    """Gain that a tone must be given once its key is let go.

    From where the envelope stands at that moment, the level falls by a constant number of dB a second; what
    the tone's own decay would go on to do is taken out.

    Parameters
    ----------
    envelope : Envelope
        The voice's loudness.
    held : float
        Seconds the key was down.
    db_per_second : float
    n_samples, sample_rate : int

    Returns
    -------
    np.ndarray, shape (n_samples,), float32
        Gain for the tone's samples from `held` on; the last is 0.
    """
    seconds = np.arange(n_samples, dtype=np.float32) / np.float32(sample_rate)
    decibels = np.float32(_level_db(envelope, held)) - np.float32(db_per_second) * seconds
    if envelope.sustain:
        decibels -= _decay_db(envelope, np.float32(held) + seconds)
    decibels *= np.float32(math.log(10) / 20)
    gains = np.exp(decibels, out=decibels)
    if held < envelope.delay + envelope.attack:  # let go during the attack: the tone would still rise
        gains /= np.clip((np.float32(held - envelope.delay) + seconds) / max(envelope.attack, 1e-3), 1e-4, 1)
    _close(gains, sample_rate)
    return gains


def _level_db(envelope, seconds):
    """Where the envelope stands at one moment while the key is held, in dB (at least -80)."""
    risen = min(max((seconds - envelope.delay) / max(envelope.attack, 1e-3), 1e-4), 1)
    return 20 * math.log10(risen) + float(_decay_db(envelope, seconds))
