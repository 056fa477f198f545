"""The course's own neural vocoder at work: NumPy alone, so that the first sound needs no TensorFlow.

Four stages, each of which takes frames as they come and hands on what it can already say, so that a live stream and a
whole piece go through the same code:

1. the network (`networks.vocoder` builds and trains it) tells, for each bin of each frame, what to add to the level
   that the mel bands give it, and two arrows: how the phase turns from frame to frame, and from bin to bin;
2. the phase is put together frame by frame: of all phases, the one that agrees best with both kinds of arrows, a long
   arrow counting for more than a short one. That is a least-squares problem in which each bin hangs on its two
   neighbours only, so it is solved in one sweep up and down (Golub & Van Loan, Matrix Computations, 4.3.6);
3. two rounds of fast Griffin-Lim make frames agree where they overlap. The first looks at three frames to either side;
   the second takes those before it as the first round left them and those ahead as they were, so that it need not
   wait (as Zhu, Beauregard & Wyse 2007, IEEE TASLP 15(5), do in real time);
4. frames are laid over each other and added.

Taught in chapter 09, "From features back to sound".
"""

import functools
from typing import Any

import numpy as np
from scipy import fft
from scipy.linalg import lapack
from threadpoolctl import ThreadpoolController

from ..audio_features.inverses import mel_to_magnitude
from ..audio_features.transforms import FLOOR, HOP_LENGTH, N_FFT, hann
from ..sounds import SAMPLE_RATE, Sound
from .streaming import OVERLAP, TINY, Laid, Samples, Window, blocks, checked, silent, unit

__all__ = ["N_BINS", "OUTPUTS", "SOFTEST", "NeuralVocoder", "normalised", "open_neural"]

N_BINS = N_FFT // 2 + 1
#: What the network says of each bin: nepers, and the ends of two arrows.
OUTPUTS = ("level", "advance_x", "advance_y", "difference_x", "difference_y")
SOFTEST = 1e-4  #: magnitude that counts as nothing, in logarithms
CENTRE, SPREAD = -40.0, 25.0  # dB: most of what music has in its bands lies within one SPREAD of CENTRE
MOMENTUM = 0.1, 0.4975  # of the two rounds: how much of where it came from is taken away from where it leads
UNSURE = np.float32(0.5)  # a phase that bins agree on by less hands less on: else rounding would grow to chaos in time
ANCHOR = np.float32(0.02)  # how much phase 0 counts beside the phase before: old errors are forgotten in half a second
SMOOTH = 1.5  # how much agreement between bins counts beside agreement in time


def normalised(log_mel):
    """Log-mel as the network takes it: float32, mostly within -1..1. Taught in chapter 09."""
    return ((log_mel - CENTRE) / SPREAD).astype(np.float32)


class NeuralVocoder:
    """From log-mel to sound, by a network that learnt it from music.

    Parameters
    ----------
    weights : mapping of str to np.ndarray
        As `networks.vocoder.weights_of` gives them.

    Attributes
    ----------
    name : str
    n_mels : int
        Bands it takes.
    latency : float
        Seconds from the middle of the newest frame that `stream` has been given to the end of what it has given back.
    receptive_field : float
        Seconds of log-mel that one sample depends on through the network (phase remembers all that came before).

    Notes
    -----
    Taught in chapter 09.
    """

    name = "neural"

    def __init__(self, weights):
        self._weights = {
            name: values.astype(np.float32) if values.dtype.kind == "f" else values for name, values in weights.items()
        }
        self._look = self._weights["look"]
        self.n_mels = self._weights["conv0/kernel"].shape[1]
        ahead = int(self._look[:, 1].sum()) + OVERLAP + 1
        self.latency = ahead * HOP_LENGTH / SAMPLE_RATE
        self.receptive_field = (int(self._look.sum()) + 1) * HOP_LENGTH / SAMPLE_RATE

    def __call__(self, log_mel):
        """The sound of a log-mel spectrogram.

        Parameters
        ----------
        log_mel : np.ndarray, shape (frames, n_mels), dB
            As `audio_features.log_mel` gives it.

        Returns
        -------
        Sound
            HOP_LENGTH x (frames - 1) samples; of a single frame, HOP_LENGTH.

        Raises
        ------
        ValueError
            No frames, another number of bands, or values that are not finite.
        """
        log_mel = checked(log_mel, self.n_mels)
        return Sound(np.concatenate(list(self.stream(blocks(log_mel)))), title="Neural vocoder")

    def magnitude(self, log_mel):
        """Magnitudes as the network tells them, without phase: shape (frames, N_FFT // 2 + 1), float32.

        Raises
        ------
        ValueError
            As for the vocoder itself.
        """
        return _Network(self._weights, self._look).push(checked(log_mel, self.n_mels), True)[0]

    def stream(self, chunks):
        """Samples as log-mel frames come in; `latency` behind them.

        Parameters
        ----------
        chunks : iterable of np.ndarray, shape (frames, n_mels), dB
            Of any lengths.

        Yields
        ------
        np.ndarray, shape (n,), float32 in -1..1
            A chunk for each chunk, perhaps empty at first, and one more at the end with what was held back.
        """
        network = _Network(self._weights, self._look)
        stages: tuple[Any, ...] = _Phase(), _Agreement(), Samples()
        for chunk in chunks:
            found = network.push(checked(chunk, self.n_mels))
            for stage in stages:
                found = stage.push(*found)
            yield found
        found = network.push(np.zeros((0, self.n_mels), np.float32), True)
        for stage in stages:
            found = stage.push(*found, True)
        yield found


@functools.cache
def open_neural():
    """The vocoder with the shipped weights, opened once."""
    from ..datasets import data_path

    with np.load(data_path("vocoder")) as stored:
        return NeuralVocoder(dict(stored))


@functools.cache
def _libraries():
    """The libraries of linear algebra that are loaded, looked up once."""
    return ThreadpoolController()


class _Network:
    """Log-mel frames in; levels and arrows out, as soon as they are known."""

    def __init__(self, weights, look):
        self.weights, self.look = weights, look
        self.windows = [Window(*reach) for reach in look.tolist()]
        self.mels = Window(0, int(look[:, 1].sum()))

    def push(self, log_mel, last=False):
        with _libraries().limit(limits=1, user_api="blas"):  # so little work is done before a second thread has begun
            return self._push(log_mel, last)

    def _push(self, log_mel, last):
        seen, n = self.windows[0].push(normalised(log_mel), last)
        width = self.weights["conv0/kernel"].shape[0]
        kernel = self.weights["conv0/kernel"].reshape(-1, self.weights["conv0/kernel"].shape[2])
        together = np.concatenate([seen[k : k + n] for k in range(width)], axis=1)  # (n, width * n_mels)
        x = self._norm(together @ kernel + self.weights["conv0/bias"], "norm0")
        for k, window in enumerate(self.windows[1:], 1):
            seen, n = window.push(x, last)
            taps = self.weights[f"depthwise{k}/kernel"][:, :, 0]  # (width, channels)
            y = self.weights[f"depthwise{k}/bias"] + sum(seen[i : i + n] * tap for i, tap in enumerate(taps))
            y = self._dense(self._norm(y, f"norm{k}"), f"wide{k}")
            y /= 1 + np.exp(-y)
            x = seen[window.before : window.before + n] + self._dense(y, f"narrow{k}")
        answers = self._dense(self._norm(x, "norm"), "answers").reshape(-1, len(OUTPUTS), N_BINS)
        seen, n = self.mels.push(log_mel, last)
        return (*_read(answers, seen[:n]),)

    def _dense(self, x, name):
        return x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    def _norm(self, x, name):
        x = x - x.mean(axis=1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=1, keepdims=True) + np.float32(1e-6))
        return x * self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]


def _read(answers, log_mel):
    """Magnitudes, shape (n, bins), and the arrows of advance and difference, complex, from the network's answers."""
    mel = np.maximum(np.exp(log_mel * np.float32(np.log(10) / 10)), np.float32(FLOOR))
    base = mel_to_magnitude(mel) if len(mel) else np.zeros((0, N_BINS), np.float32)
    magnitude = np.maximum(base, np.float32(SOFTEST)) * np.exp(np.minimum(answers[:, 0], 5))
    magnitude[silent(log_mel)] = 0
    turns = np.array([1, 1j, -1, -1j], np.complex64)[np.arange(N_BINS) % 4]  # the carrier's, k pi / 2 a hop
    advance = (answers[:, 1] + 1j * answers[:, 2]) * turns
    difference = -(answers[:, 3, 1:] + 1j * answers[:, 4, 1:])  # minus: phase counts from the frame's middle
    return magnitude, advance, difference


class _Phase:
    """Puts the phase together: magnitudes and arrows in, complex spectra out."""

    def __init__(self):
        self.before, self.turned = np.zeros(N_BINS, np.float32), np.ones(N_BINS, np.complex64)

    def push(self, magnitude, advance, difference, last=False):
        earlier = np.concatenate([self.before[None], magnitude])[:-1]
        in_time, in_bins = magnitude * earlier, magnitude[:, 1:] * magnitude[:, :-1]
        # Loud pairs of bins decide, and among equals those whose arrows are long.
        in_time, in_bins = in_time * np.sqrt(in_time), SMOOTH * in_bins * np.sqrt(in_bins)
        ahead, below = in_time * advance, -in_bins * difference
        in_time, in_bins = in_time * np.abs(advance) + TINY, in_bins * np.abs(difference) + TINY
        anchor = ANCHOR * (in_time + np.float32(0.3) * magnitude**2 * magnitude)
        diagonal = in_time + anchor
        diagonal[:, 1:] += in_bins
        diagonal[:, :-1] += in_bins
        agreed = np.empty(magnitude.shape, np.complex64)
        for t in range(len(magnitude)):
            *_, agreed[t], _ = lapack.cptsv(diagonal[t], below[t], ahead[t] * self.turned + anchor[t])
            self.turned = agreed[t] / np.maximum(np.abs(agreed[t]), UNSURE)
        self.before = magnitude[-1] if len(magnitude) else self.before
        return (magnitude * unit(agreed),)


class _Agreement:
    """Two rounds of fast Griffin-Lim: spectra in, and three frames later spectra out that agree better."""

    def __init__(self):
        self.laid = Laid(OVERLAP, OVERLAP)
        self.done = np.zeros((OVERLAP, N_FFT), np.float32)  # frames before, as samples, after the first round
        self.there = np.zeros((OVERLAP, 1), np.float32)

    def push(self, spectrum, last=False):
        seen, there, n, samples = self.laid.push(spectrum, last)
        given = seen[OVERLAP : OVERLAP + n]
        if not n:
            return (given,)
        window, magnitude = hann(N_FFT).astype(np.float32), np.abs(given)
        frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP_LENGTH][OVERLAP : OVERLAP + n]
        first = fft.rfft(frames * window)
        turned = unit(first - np.float32(MOMENTUM[0]) * given)
        self.done = np.concatenate([self.done[-OVERLAP:], fft.irfft(magnitude * turned) * window])
        self.there = np.concatenate([self.there[-OVERLAP:], there[OVERLAP : OVERLAP + n]])
        ahead = fft.irfft(seen[OVERLAP + 1 :]) * window
        second = self._second(n, ahead, there[OVERLAP + 1 :], window)
        return (magnitude * unit(second - np.float32(MOMENTUM[1]) * first),)

    def _second(self, n, ahead, there_ahead, window):
        """Spectra of n frames with their neighbours laid over them: those before are done, those ahead are not."""
        total, weight = np.zeros((n, N_FFT), np.float32), np.zeros((n, N_FFT), np.float32)
        for k in range(OVERLAP + 1):
            here, at = slice(OVERLAP - k, OVERLAP - k + n), N_FFT - k * HOP_LENGTH
            total[:, :at] += self.done[here, N_FFT - at :]
            weight[:, :at] += self.there[here] * window[N_FFT - at :] ** 2
        for k in range(1, OVERLAP + 1):
            here, at = slice(k - 1, k - 1 + n), k * HOP_LENGTH
            total[:, at:] += ahead[here, : N_FFT - at]
            weight[:, at:] += there_ahead[here] * window[: N_FFT - at] ** 2
        return fft.rfft(total / np.maximum(weight, np.float32(1e-3)) * window)
