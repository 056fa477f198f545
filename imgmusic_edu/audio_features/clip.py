"""One checked clip and the two spectra that the measures share.

Taught in chapter 03, "What a sound holds".
"""

from functools import cached_property

import numpy as np
from scipy import fft, signal
from scipy.ndimage import maximum_filter1d

WORKING_RATE = 22050  # Hz: the spectra are taken here, so a 44.1 kHz recording is judged by the same 0..11 kHz
SHORTEST = 0.5  # s: less than one gating block and a note
SILENCE = -70.0  # LUFS and dBFS: the absolute gate of BS.1770

TIME_WINDOW, TIME_HOP = 2048, 256  # 93 ms, 12 ms
PITCH_WINDOW, PITCH_HOP = 8192, 2048  # 372 ms, 93 ms: 2.7 Hz a bin, so a semitone at middle C is two peaks
FRAME_RATE = WORKING_RATE / TIME_HOP  # 86 a second
BANDS_AN_OCTAVE = 24  # so fine that a semitone's step is a rise in another band
TREMOLO = 20  # frames, 232 ms: a whole dip at 4.3 a second, and more of them at the usual 5 to 8
N_PEAKS = 40  # strongest partials kept in a frame


class Clip:
    """One checked clip; its spectra are made when first asked for and kept."""

    def __init__(self, samples, sample_rate):
        self.samples, self.sample_rate = _checked(samples, sample_rate)
        self.seconds = len(self.samples) / self.sample_rate

    @cached_property
    def wave(self):
        """Samples at the working rate without their mean, shape (n,), float32."""
        wave = self.samples - self.samples.mean()
        if self.sample_rate != WORKING_RATE:
            common = np.gcd(WORKING_RATE, self.sample_rate)
            wave = signal.resample_poly(wave, WORKING_RATE // common, self.sample_rate // common)
        return wave.astype(np.float32)

    @cached_property
    def silent(self):
        return float(np.sqrt(np.mean(self.wave**2))) < 10 ** (SILENCE / 20)

    def refuse_silence(self):
        if self.silent:
            raise ValueError(
                "The sound is silent, so it has no key, register, brightness or roughness: give one with music."
            )

    @cached_property
    def bands(self):
        """Log energy over time, shape (frames, bands): log(1 + 1000 x), x relative to the clip's loud moments."""
        bands = _magnitudes(self.wave, TIME_WINDOW, TIME_HOP) @ band_bank()
        loud = np.percentile(bands.max(axis=1), 95)
        return np.log1p(1000 / max(loud, 1e-9) * bands)  # so the level drops out

    @cached_property
    def rises(self):
        """How far each band is above what it and its neighbours were 23 and 35 ms ago, shape (frames, bands).

        A small dead zone and the larger of two earlier frames keep the ripple of tremolo out, the largest of three
        bands keeps out vibrato, which only moves a partial to and fro (SuperFlux: Boeck & Widmer 2013, DAFx).
        """
        earlier = np.pad(self.bands, ((3, 0), (0, 0)))[: len(self.bands) + 1]  # silence before the clip
        before = maximum_filter1d(np.maximum(earlier[1:], earlier[:-1]), 3, axis=1)
        return np.maximum(self.bands - before - 0.1, 0)

    @cached_property
    def beginnings(self):
        """The part of the rises that speaks for something that begins, shape (frames, bands).

        A tremolo dips and comes back. So of a rise only a quarter counts up to where the band, or its neighbours, were
        in the last quarter of a second, less 0.2 (2 dB); what goes beyond counts in full. A quarter and not nothing,
        because a note that is soon repeated only comes back, too.
        """
        recent = maximum_filter1d(np.pad(self.bands, ((TREMOLO, 0), (0, 0))), TREMOLO - 1, axis=0)
        recent = maximum_filter1d(recent[TREMOLO // 2 - 1 :][: len(self.bands)], 3, axis=1)
        beyond = np.clip(self.bands - recent + 0.2, 0, self.rises)
        return beyond + 0.25 * (self.rises - beyond)

    @cached_property
    def long_spectrum(self):
        return _magnitudes(self.wave, PITCH_WINDOW, PITCH_HOP)

    @cached_property
    def peaks(self):
        """The N_PEAKS strongest partials of each frame up to 5.5 kHz.

        Returns
        -------
        frequency, amplitude : np.ndarray, shape (frames, N_PEAKS), Hz and linear; amplitude 0 where there are fewer.
        """
        self.refuse_silence()
        step = WORKING_RATE / PITCH_WINDOW
        spectrum = self.long_spectrum[:, : int(5500 / step)] + 1e-12
        middle = spectrum[:, 1:-1]
        top = (middle > spectrum[:, :-2]) & (middle >= spectrum[:, 2:])
        top[:, : int(35 / step)] = False  # below the lowest notes
        floor = np.maximum(0.003 * middle.max(axis=1, keepdims=True), 1e-4 * self.long_spectrum.max())
        heights = np.where(top & (middle > floor), middle, 0)
        bins = np.argpartition(heights, -N_PEAKS, axis=1)[:, -N_PEAKS:]
        amplitude = np.take_along_axis(heights, bins, axis=1)
        if not amplitude.any():
            raise ValueError(
                "The sound has no partials between 35 Hz and 5.5 kHz, so it has no key, register or roughness."
            )
        # a parabola through three log magnitudes finds the top between the bins
        left, peak, right = (np.log(np.take_along_axis(spectrum, bins + k, axis=1)) for k in range(3))
        bend = left - 2 * peak + right
        shift = np.where(bend < 0, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0)
        return (bins + 1 + np.clip(shift, -0.5, 0.5)) * step, amplitude


def _checked(samples, sample_rate):
    array = np.asarray(samples)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise ValueError(f"Samples must be one row of numbers, but have shape {array.shape} and type {array.dtype}.")
    whole = isinstance(sample_rate, int | float | np.number) and float(sample_rate).is_integer()
    if not (whole and 8000 <= sample_rate <= 192000):
        raise ValueError(f"The sample rate must be a whole number from 8000 to 192000 Hz, but is {sample_rate!r}.")
    if len(array) < SHORTEST * sample_rate:
        found = len(array) / sample_rate
        raise ValueError(f"The sound lasts {found:.2f} s; at least {SHORTEST} s are needed to measure it.")
    if array.dtype.kind != "f":
        raise ValueError(
            f"Samples must be floats in [-1, 1], but are {array.dtype}: divide by the type's largest value."
        )
    if not np.isfinite(array).all():
        raise ValueError("The sound holds values that are not finite numbers (NaN or infinity): read or make it again.")
    return array.astype(np.float32, copy=False), int(sample_rate)


def as_clip(samples, sample_rate):
    return samples if isinstance(samples, Clip) else Clip(samples, sample_rate)


def _magnitudes(wave, window, hop):
    """Magnitude spectra of Hann-windowed frames centred every `hop` samples, shape (frames, window // 2 + 1)."""
    padded = np.pad(wave, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    hann = signal.get_window("hann", window).astype(np.float32)
    return np.abs(fft.rfft(frames * hann, axis=1)) * (4 / window)  # a sine reads as its amplitude


def band_bank():
    """Triangles a quarter tone apart from 60 Hz to 10.5 kHz, but at least one bin wide; shape (bins, bands)."""
    step = WORKING_RATE / TIME_WINDOW
    octaves = np.arange(0, np.log2(10500 / 60), 1 / BANDS_AN_OCTAVE)
    edges = np.unique(np.round(60 / step * 2**octaves))
    bins = np.arange(TIME_WINDOW // 2 + 1)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    bank = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    return np.maximum(bank, 0).astype(np.float32)
