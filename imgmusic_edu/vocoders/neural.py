"""The course's own neural vocoder at work: NumPy and numba, so that the first sound needs no TensorFlow.

Four stages, each of which takes frames as they come and hands on what it can already say, so that a live stream and a
whole piece go through the same code:

1. the network (`networks.vocoder` builds and trains it) tells, for each bin of each frame, what to add to the level
   that the mel bands give it, and two arrows: how the phase turns from frame to frame, and from bin to bin;
2. the phase is put together frame by frame (`sweep`): of all phases, the one that agrees best with both kinds of
   arrows, a long arrow counting for more than a short one;
3. two rounds of fast Griffin-Lim make frames agree where they overlap. The first looks at three frames to either side;
   the second takes those before it as the first round left them and those ahead as they were, so that it need not
   wait (as Zhu, Beauregard & Wyse 2007, IEEE TASLP 15(5), do in real time). Where frames still contradict each other
   they cancel, most of all in noise: so each round also asks which bands came out too soft, and lifts them;
4. frames are laid over each other and added.

Taught in chapter 09, "From features back to sound".
"""

import functools
from typing import Any

import numpy as np
from scipy import fft
from threadpoolctl import ThreadpoolController

from ..audio_features.inverses import gather_and_spread, mel_to_magnitude
from ..audio_features.transforms import FLOOR, HOP_LENGTH, N_FFT, N_MELS
from ..sounds import SAMPLE_RATE, Sound
from .layers import depthwise, layer_norm
from .streaming import HANN, OVERLAP, Laid, Samples, Window, blocks, checked, silent
from .sweep import impose, put_together

__all__ = ["N_BINS", "OUTPUTS", "SOFTEST", "NeuralVocoder", "normalised", "open_neural"]

N_BINS = N_FFT // 2 + 1
#: What the network says of each bin: nepers, and the ends of two arrows.
OUTPUTS = ("level", "advance_x", "advance_y", "difference_x", "difference_y")
SOFTEST = 1e-4  #: magnitude that counts as nothing, in logarithms
CENTRE, SPREAD = -40.0, 25.0  # dB: most of what music has in its bands lies within one SPREAD of CENTRE
UPDATES = 2  # of the multiplicative inversion after the network, which leaves bands a little too soft
# Of the two rounds: how much of where it came from is taken away from where it leads.
MOMENTUM = np.float32(0), np.float32(0.4)
LIFT = 0.5, 0.75  # of the two rounds: how much of what a band lost, in dB, it is lifted by
FAINTEST = np.float32(1e-12)  # power: in silence nothing is lifted
MOST = 4.0  # power: no band is lifted or lowered further at once


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
        self._weights |= _arranged(self._weights.pop("answers/kernel"), self._weights.pop("answers/bias"))
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
            taps = np.ascontiguousarray(self.weights[f"depthwise{k}/kernel"][:, :, 0])  # (width, channels)
            y = depthwise(seen, taps, self.weights[f"depthwise{k}/bias"])
            y = self._dense(self._norm(y, f"norm{k}"), f"wide{k}")
            denominator = np.exp(-y)
            denominator += 1
            y /= denominator
            x = seen[window.before : window.before + n] + self._dense(y, f"narrow{k}")
        x = self._norm(x, "norm")
        seen, n = self.mels.push(log_mel, last)
        magnitude = _magnitudes(self._dense(x, "level"), seen[:n])
        return magnitude, *(self._dense(x, name).view(np.complex64) for name in ("advance", "difference"))

    def _dense(self, x, name):
        y = x @ self.weights[f"{name}/kernel"]
        y += self.weights[f"{name}/bias"]
        return y

    def _norm(self, x, name):
        return layer_norm(x, self.weights[f"{name}/kernel"], self.weights[f"{name}/bias"])


def _arranged(kernel, bias):
    """The last layer as three, so that each pair of x and y is one complex number that needs no more arithmetic.

    The carrier's turn, k pi / 2 a hop, is put into the advance, and the difference turned about: phase counts from the
    frame's middle.
    """
    turns = np.array([1, 1j, -1, -1j], np.complex64)[np.arange(N_BINS) % 4]
    layers = {}
    for part, values in (("kernel", kernel), ("bias", bias)):
        level, *arrows = np.moveaxis(values.reshape(*values.shape[:-1], len(OUTPUTS), N_BINS), -2, 0)
        advance, difference = ((x + 1j * y).astype(np.complex64) for x, y in (arrows[:2], arrows[2:]))
        layers[f"level/{part}"] = np.ascontiguousarray(level)
        layers[f"advance/{part}"] = (advance * turns).view(np.float32)
        layers[f"difference/{part}"] = np.ascontiguousarray(-difference[..., 1:]).view(np.float32)
    return layers


def _magnitudes(level, log_mel):
    """Magnitudes, shape (n, bins), from what the network adds to the level that the mel bands give."""
    mel = np.maximum(np.exp(log_mel * np.float32(np.log(10) / 10)), np.float32(FLOOR))
    base = mel_to_magnitude(mel) if len(mel) else np.zeros((0, N_BINS), np.float32)
    magnitude = np.maximum(base, np.float32(SOFTEST)) * np.exp(np.minimum(level, 5))
    if len(mel):
        magnitude = mel_to_magnitude(mel, begin=magnitude, n_updates=UPDATES)
    magnitude[silent(log_mel)] = 0
    return magnitude


def _bands(spectrum):
    """Mel power of spectra, shape (n, bins), as columns: (N_MELS, n)."""
    gather, _ = gather_and_spread(sample_rate=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    return gather @ (spectrum.real**2 + spectrum.imag**2).T


def _lifted(magnitude, found, wanted, share):
    """Magnitudes, bin by bin louder where their bands should be: from `found` towards `wanted`, (N_MELS, n), power."""
    _, spread = gather_and_spread(sample_rate=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    gain = np.clip((wanted + FAINTEST) / (found + FAINTEST), 1 / MOST, MOST) ** np.float32(share / 2)
    return magnitude * (spread @ gain).T


class _Phase:
    """Puts the phase together (see `sweep`): magnitudes and arrows in, complex spectra out."""

    def __init__(self):
        self.before, self.turned = np.zeros(N_BINS, np.float32), np.ones(N_BINS, np.complex64)

    def push(self, magnitude, advance, difference, last=False):
        spectrum = put_together(magnitude, self.before, advance, difference, self.turned)
        self.before = magnitude[-1] if len(magnitude) else self.before
        return (spectrum,)


class _Agreement:
    """Two rounds of fast Griffin-Lim: spectra in, and three frames later spectra out that agree better."""

    def __init__(self):
        self.laid = Laid(OVERLAP, OVERLAP)
        self.done = np.zeros((OVERLAP, N_FFT), np.float32)  # frames before, as samples, after the first round

    def push(self, spectrum, last=False):
        seen, frames, n, samples, share = self.laid.push(spectrum, last)
        given = seen[OVERLAP : OVERLAP + n]
        if not n:
            return (given,)
        magnitude, wanted = np.abs(given), _bands(given)
        first = fft.rfft(_cut(samples)[:n] * HANN)
        lifted = _lifted(magnitude, _bands(first), wanted, LIFT[0])
        done = fft.irfft(impose(lifted, first, given, MOMENTUM[0]))
        self.done = np.concatenate([self.done[-OVERLAP:], done * HANN])
        second = fft.rfft(_between(self.done, frames[OVERLAP + 1 :]) * (_cut(share)[:n] * HANN))
        lifted = _lifted(magnitude, _bands(second), wanted, LIFT[1])
        return (impose(lifted, second, first, MOMENTUM[1]),)


def _cut(samples):
    """Frames of samples, from the first that has all its neighbours on, shape (frames, N_FFT)."""
    return np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP_LENGTH][OVERLAP:]


def _between(done, ahead):
    """Samples of n frames with their neighbours laid over them: those before are done, those ahead are not."""
    n = len(done) - OVERLAP
    total = done[OVERLAP:].copy()
    for k in range(1, OVERLAP + 1):
        at = k * HOP_LENGTH
        total[:, : N_FFT - at] += done[OVERLAP - k : OVERLAP - k + n, at:]
        total[:, at:] += ahead[k - 1 : k - 1 + n, : N_FFT - at]
    return total
