"""Phase gradient heap integration (PGHI): phase from magnitude alone, in one pass, with nothing learnt.

For a Gaussian window, how the phase turns can be read off the logarithm of the magnitude: what it loses from bin to bin
says how fast the phase runs in time, what it loses in time says how it steps from bin to bin. With a window that is
nearly a Gaussian this is nearly so. What remains is to add the steps up, and each sum carries the errors of its path;
so the loudest bins come first, whose slopes are surest, and every bin gets its phase from its loudest neighbour.

Prusa, Balazs & Sondergaard 2017, "A noniterative method for reconstruction of phase from STFT magnitude", IEEE/ACM
TASLP 25(5); as frames come in: Prusa & Sondergaard 2016, "Real-time spectrogram inversion using phase gradient heap
integration", DAFx-16.

Taught in chapter 09, "From features back to sound".
"""

import heapq

import numpy as np
from numba import njit

from ..audio_features.inverses import istft
from ..audio_features.transforms import HOP_LENGTH, N_FFT, whole
from .streaming import Window

__all__ = ["GAMMA", "RealTimePhase", "gradients", "pghi", "phase"]

GAMMA = 0.25645  #: width of the Gaussian nearest to a Hann window of n samples, in n^2 (Prusa et al. 2017, table I)
TOLERANCE = 1e-6  # of the loudest bin: what is softer has no phase that could be heard, and gets one at random


def gradients(magnitude, *, hop_length=HOP_LENGTH):
    """How the phase turns from frame to frame and from bin to bin, told from the magnitude.

    With s = ln |S|, n = n_fft, a = hop_length, and g = GAMMA n^2 samples^2:

    advance[t, k]    = 2 pi a k / n  +  (a n / g) (s[t, k + 1] - s[t, k - 1]) / 2
    difference[t, k] = pi  -  (g / (a n)) (s[t + 1, k] - s[t - 1, k]) / 2

    pi, since a frame's phase counts from its first sample and the window's middle lies n / 2 later.

    Parameters
    ----------
    magnitude : np.ndarray, shape (frames, n_fft // 2 + 1), not negative
    hop_length : int
        Samples from frame to frame.

    Returns
    -------
    advance, difference : np.ndarray, shape (frames, n_fft // 2 + 1), radians
        Steps of the phase around each bin: to the next frame, to the next bin.

    Notes
    -----
    Prusa, Balazs & Sondergaard 2017, equations 17 and 18. Taught in chapter 09.
    """
    n_fft = 2 * (magnitude.shape[1] - 1)
    width = GAMMA * n_fft / hop_length  # g / (a n)
    level = np.log(np.maximum(magnitude, np.finfo(np.float32).tiny))
    level = np.pad(level, 1, mode="edge")
    advance = (level[1:-1, 2:] - level[1:-1, :-2]) / (2 * width)
    advance += 2 * np.pi * hop_length / n_fft * np.arange(magnitude.shape[1])
    difference = np.pi - width * (level[2:, 1:-1] - level[:-2, 1:-1]) / 2
    return advance, difference


def phase(magnitude, *, hop_length=HOP_LENGTH, seed=0):
    """Phase of every bin, added up from the loudest on.

    Parameters
    ----------
    magnitude : np.ndarray, shape (frames, n_fft // 2 + 1), not negative
    hop_length : int
        As in the `stft` that it came from; n_fft / 8 is good, n_fft / 4 fair.
    seed : int
        Of the phases of bins that are too soft to matter.

    Returns
    -------
    np.ndarray, shape as magnitude, radians

    Raises
    ------
    ValueError
        A shape that no spectrum has, negative or not finite magnitudes.

    Notes
    -----
    Prusa, Balazs & Sondergaard 2017, algorithm 1. Taught in chapter 09.
    """
    magnitude = _checked(magnitude)
    advance, difference = gradients(magnitude, hop_length=whole(hop_length, "hop_length"))
    found = _random_phase(magnitude.shape, seed)
    _integrate(magnitude, advance, difference, found, TOLERANCE * magnitude.max(), np.zeros(0, np.int64))
    return found


def pghi(magnitude, *, hop_length=HOP_LENGTH, length=None, seed=0):
    """A sound whose STFT has nearly this magnitude: its phase by heap integration, then the inverse STFT.

    Parameters
    ----------
    magnitude : np.ndarray, shape (frames, n_fft // 2 + 1), not negative
    hop_length, seed
        As for `phase`.
    length : int, optional
        Samples wanted, as for `inverses.istft`.

    Returns
    -------
    np.ndarray, shape (length,), float32

    Raises
    ------
    ValueError
        As for `phase` and `istft`.

    Notes
    -----
    Taught in chapter 09.
    """
    turned = np.exp(1j * phase(magnitude, hop_length=hop_length, seed=seed))
    n_fft = 2 * (np.shape(magnitude)[1] - 1)
    return istft((magnitude * turned).astype(np.complex64), n_fft=n_fft, hop_length=hop_length, length=length)


class RealTimePhase:
    """The same as frames come in: a stage for `streaming` that looks one frame back and one ahead, at HOP_LENGTH.

    Loud bins of the frame before, whose phases are known, begin; the sums run on into this frame.
    """

    def __init__(self, seed=0):
        self.frames = Window(1, 1)
        self.before = np.zeros(N_FFT // 2 + 1)  # phase of the frame before
        self.known = np.arange(N_FFT // 2 + 1)
        self.random = np.random.default_rng(seed)

    def push(self, magnitude, last=False):
        """Magnitudes, shape (n, bins), in; complex spectra of the frames whose next one is known, out."""
        seen, n = self.frames.push(magnitude, last)
        spectrum = np.zeros((n, magnitude.shape[1]), np.complex64)
        for t in range(n):
            three = seen[t : t + 3].astype(np.float64)  # before, now, ahead; zeros before the first
            advance, difference = gradients(three)
            pair = self.random.uniform(0, 2 * np.pi, (2, len(self.known)))
            pair[0] = self.before
            _integrate(three[:2], advance[:2], difference[:2], pair, TOLERANCE * three.max(), self.known)
            self.before = pair[1] % (2 * np.pi)
            spectrum[t] = three[1] * np.exp(1j * self.before)
        return spectrum


def _checked(magnitude):
    magnitude = np.asarray(magnitude)
    n_fft = 2 * (magnitude.shape[-1] - 1) if magnitude.ndim else 0
    if magnitude.ndim != 2 or not len(magnitude) or n_fft < 4:
        raise ValueError(f"Heap integration takes magnitudes of shape (frames, bins), not {magnitude.shape}.")
    if not np.isfinite(magnitude).all() or magnitude.min() < 0:
        raise ValueError("Magnitudes are finite and not negative: take np.abs of an STFT, in no unit of level.")
    return magnitude.astype(np.float64)


def _random_phase(shape, seed):
    return np.random.default_rng(seed).uniform(0, 2 * np.pi, shape)


@njit(cache=True)
def _integrate(magnitude, advance, difference, phase, floor, known):
    """Add up the steps into `phase`, from loud to soft; the bins `known` of frame 0 have theirs already."""
    n_bins = magnitude.shape[1]
    waiting = magnitude > floor
    heap = [(0.0, 0)]  # of (-magnitude, place): numba learns the types from an entry
    heap.pop()
    for k in known:
        if waiting[0, k]:
            waiting[0, k] = False
            heapq.heappush(heap, (-magnitude[0, k], k))
    _spread(heap, magnitude, advance, difference, phase, waiting)
    for place in np.argsort(-magnitude.ravel()):  # where to begin again when all paths have come to their ends
        t, k = place // n_bins, place % n_bins
        if waiting[t, k]:
            waiting[t, k], phase[t, k] = False, 0.0
            heapq.heappush(heap, (-magnitude[t, k], place))
            _spread(heap, magnitude, advance, difference, phase, waiting)


@njit(cache=True)
def _spread(heap, magnitude, advance, difference, phase, waiting):
    """From the loudest bin that has a phase to its neighbours that have none, until none is left to go to."""
    n_frames, n_bins = magnitude.shape
    while len(heap) > 0:
        _, place = heapq.heappop(heap)
        t, k = place // n_bins, place % n_bins
        for dt, dk in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            u, m = t + dt, k + dk
            if 0 <= u < n_frames and 0 <= m < n_bins and waiting[u, m]:
                if dt != 0:
                    step = dt * (advance[t, k] + advance[u, m]) / 2
                else:
                    step = dk * (difference[t, k] + difference[u, m]) / 2
                phase[u, m], waiting[u, m] = phase[t, k] + step, False
                heapq.heappush(heap, (-magnitude[u, m], u * n_bins + m))
