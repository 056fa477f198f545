"""Frames that come as they are played: what the vocoders that stream have in common.

A stage takes a block of frames, keeps those that still wait for their neighbours, and hands on what it can already say,
so that a live stream and a whole piece go through the same code and come out the same.

Taught in chapter 09, "From features back to sound".
"""

import numpy as np
from scipy import fft

from ..audio_features.inverses import overlap_add
from ..audio_features.transforms import HOP_LENGTH, N_FFT, hann

__all__ = ["HANN", "OVERLAP", "Laid", "Samples", "Window", "below_full_scale", "blocks", "checked", "silent"]

HANN = hann(N_FFT).astype(np.float32)  #: the window of every frame
OVERLAP = N_FFT // HOP_LENGTH - 1  #: frames to either side that share samples with one
# A hop lies in OVERLAP + 1 frames; at the ends of a piece some are missing. Which ones are there is a number in binary,
# and for each number SHARES holds 1 / the sum of their squared windows, shape (2 ** (OVERLAP + 1), HOP_LENGTH).
PLACES = 1 << np.arange(OVERLAP + 1)
SHARES = 1 / np.maximum((np.arange(2 * PLACES[-1])[:, None] & PLACES > 0) @ (HANN**2).reshape(-1, HOP_LENGTH), 1e-3)
SHARES = SHARES.astype(np.float32)
AT_ONCE = 256  # frames
SILENCE = -99.9  # dB: hardly above the floor
KNEE = 0.9  # beyond it the output is bent, so that it never reaches full scale


def checked(log_mel, n_mels=None):
    """Log-mel frames as float32, or one sentence on what is wrong with them.

    Parameters
    ----------
    log_mel : array_like, shape (frames, n_mels), dB
    n_mels : int, optional
        Bands that there must be; without it any number, 2 or more.

    Returns
    -------
    np.ndarray, shape (frames, n_mels), float32

    Raises
    ------
    ValueError
        No frames, another number of bands, or values that are not finite.
    """
    log_mel = np.asarray(log_mel)
    if log_mel.ndim != 2 or log_mel.shape[1] < 2 or n_mels not in (None, log_mel.shape[1]):
        raise ValueError(
            f"A vocoder takes log-mel of shape (frames, {n_mels or 'bands'}), but this has {log_mel.shape}: "
            "audio_features.log_mel makes it."
        )
    if not len(log_mel):
        raise ValueError("There are no frames, so there is no sound: give the vocoder at least one frame.")
    if log_mel.dtype.kind not in "fiu" or not np.isfinite(log_mel).all():
        raise ValueError("The log-mel holds values that are not finite numbers (NaN or infinity): -100 dB is silence.")
    return log_mel.astype(np.float32, copy=False)


def blocks(log_mel):
    """Frames in blocks: a long piece goes through a stream piecemeal, so that memory stays flat."""
    log_mel = checked(log_mel)
    return (log_mel[start : start + AT_ONCE] for start in range(0, len(log_mel), AT_ONCE))


def silent(log_mel):
    """Which frames have nothing above silence, shape (frames,), bool."""
    return log_mel.max(axis=1, initial=-np.inf) < SILENCE


class Window:
    """Frames that come in blocks, seen with `before` frames before and `after` frames after each.

    `push` returns the frames from `before` ahead of the first that is ready up to the last one known. Beyond both ends
    there are zeros.
    """

    def __init__(self, before, after):
        self.before, self.after, self.kept = before, after, None

    def push(self, frames, last):
        if self.kept is None:
            self.kept = np.zeros((self.before, *frames.shape[1:]), frames.dtype)
        ends = [np.zeros((self.after, *frames.shape[1:]), frames.dtype)] if last else []
        seen = np.concatenate([self.kept, frames, *ends])
        self.kept = seen[max(0, len(seen) - self.before - self.after) :]
        return seen, max(0, len(seen) - self.before - self.after)


class Laid:
    """Complex spectra that come in blocks, laid over each other: the samples around each frame that is ready."""

    def __init__(self, before, after):
        self.frames, self.there = Window(before, after), Window(before, after)
        self.first, self.n_frames = -before, 0  # of the whole piece: where the window begins, how many there are

    def push(self, spectrum, last):
        """What is seen of the piece, and how many frames of it are ready.

        Returns
        -------
        seen : np.ndarray, shape (n + before + after, bins), complex64
        frames : np.ndarray, shape (n + before + after, N_FFT), float32
            The same as windowed samples.
        n : int
        samples : np.ndarray, shape (m,), float32
            From where the first frame seen begins.
        share : np.ndarray, shape (m,), float32
            What the sum of the windowed frames is multiplied by to give samples.
        """
        self.n_frames += len(spectrum)
        there, _ = self.there.push(np.ones(len(spectrum), int), last)
        seen, n = self.frames.push(spectrum, last)
        if not n:
            nothing = np.zeros(0, np.float32)
            return seen, np.zeros((0, N_FFT), np.float32), 0, nothing, nothing
        frames = fft.irfft(seen)
        frames *= HANN
        share = SHARES[np.convolve(there, PLACES)].ravel()  # hop by hop
        samples = overlap_add(frames, HOP_LENGTH) * share
        begin = self.first * HOP_LENGTH - N_FFT // 2  # sample of the piece that samples[0] is
        samples[: max(0, -begin)] = 0  # the piece begins in the middle of its first frame
        if last:
            samples[max(0, max(1, self.n_frames - 1) * HOP_LENGTH - begin) :] = 0  # and ends in that of its last
        self.first += n
        return seen, frames, n, samples, share


class Samples:
    """Spectra in, samples out: those between the middle of a frame and that of the next."""

    def __init__(self):
        self.laid = Laid(1, 2)

    def push(self, spectrum, last=False):
        _, _, n, samples, _ = self.laid.push(spectrum, last)
        if last and self.laid.n_frames > 1:
            n -= 1  # after the middle of the last frame the piece is over
        begin = N_FFT // 2 + HOP_LENGTH
        return below_full_scale(samples[begin : begin + n * HOP_LENGTH])


def below_full_scale(samples):
    """Samples as they are up to KNEE; beyond, bent so that no peak reaches full scale."""
    over = np.abs(samples) - np.float32(KNEE)
    bent = KNEE + (1 - KNEE) * np.tanh(np.maximum(over, 0) / (1 - KNEE))
    return np.where(over > 0, np.sign(samples) * bent * np.float32(0.9999), samples).astype(np.float32)
