"""Phase put together frame by frame, from arrows that say how it turns: one least-squares sweep, then a second thought.

Of all phases of a frame, the one is wanted that agrees best with the arrows from the frame before (`advance`) and with
those from bin to bin (`difference`), loud pairs of bins and long arrows counting for more. Let x[k] be bin k as an
arrow, and minimise

    sum over k of  w[k] |x[k] - what the frame before says|^2  +  v[k] |x[k + 1] - what bin k says|^2

Each bin hangs on its two neighbours only, so the equations are tridiagonal and one sweep up and one down solve them
(Golub & Van Loan, Matrix Computations, 4.3.6). Where neighbours contradict each other, x comes out short, and says
little to those beyond it; but the phase that is played has length 1 everywhere. So each bin asks around again, with its
neighbours at full length (the generalised power method: Boumal 2016, SIAM J. Optim. 26(4)), or, where hardly anything
is known of them, shorter: nothing comes to full length by chance.

What a bin is depends on the bin before, which no array operation can do at once: numba compiles these loops.

Taught in chapter 09, "From features back to sound".
"""

import numpy as np
from numba import njit

__all__ = ["impose", "put_together"]

UNSURE = np.float32(0.7)  # a phase that is agreed on by less hands less on: else rounding would grow to chaos in time
ANCHOR = np.float32(0.04)  # how much phase 0 counts beside the phase before: old errors are forgotten in 0.3 s
ALWAYS = np.float32(0.3)  # share of the anchor that stays where the arrows in time are short
SMOOTH = np.float32(1.5)  # how much agreement between bins counts beside agreement in time
ROUNDS = 2  # of asking around: with three, rounding errors grow in white noise
ONE, TINY = np.float32(1), np.float32(1e-20)

# numpy: 0 / 0 is no exception, so that loops need no test and run several bins at a time.
_compiled = njit(cache=True, error_model="numpy")


@_compiled
def put_together(magnitude, before, advance, difference, turned):
    """Spectra with a phase that agrees with the arrows, frame after frame.

    Parameters
    ----------
    magnitude : np.ndarray, shape (frames, bins), float32
    before : np.ndarray, shape (bins,), float32
        Magnitude of the frame before the first.
    advance : np.ndarray, shape (frames, bins), complex64
        Arrows from the frame before to each frame, at most about 1 long.
    difference : np.ndarray, shape (frames, bins - 1), complex64
        Arrows from each bin to the next.
    turned : np.ndarray, shape (bins,), complex64
        Phase of the frame before as arrows; that of the last frame is left in it.

    Returns
    -------
    np.ndarray, shape (frames, bins), complex64

    Notes
    -----
    Taught in chapter 09.
    """
    spectrum = np.empty_like(advance)
    said, phase, around = np.empty_like(turned), np.empty_like(turned), np.empty_like(turned)
    below, diagonal, scale = np.empty_like(turned), np.empty_like(before), np.empty_like(before)
    for t in range(len(magnitude)):
        _weigh(magnitude[t], before, advance[t], difference[t], turned, said, below, diagonal)
        _solve(said, below, diagonal, scale, phase)
        for _ in range(ROUNDS):
            _ask_around(said, below, diagonal, around, phase)
        for k in range(len(turned)):
            length = _length(phase[k])
            spectrum[t, k] = phase[k] * (magnitude[t, k] / (length + TINY))
            turned[k] = phase[k] * (ONE / max(length, UNSURE))
        before = magnitude[t]
    return spectrum


@_compiled
def impose(magnitude, spectrum, before, momentum):
    """Spectra of this magnitude with the phase of `spectrum` - `momentum` * `before`, all of shape (frames, bins)."""
    imposed = np.empty_like(spectrum)
    for t in range(len(magnitude)):
        for k in range(magnitude.shape[1]):
            arrow = spectrum[t, k] - momentum * before[t, k]
            imposed[t, k] = arrow * (magnitude[t, k] / (_length(arrow) + TINY))
    return imposed


@_compiled
def _power(arrow):
    return arrow.real * arrow.real + arrow.imag * arrow.imag


@_compiled
def _length(arrow):
    return np.sqrt(_power(arrow))


@_compiled
def _weigh(magnitude, before, advance, difference, turned, said, below, diagonal):
    """The equations: what time says of each bin, what the bin below says, and how much is said in all."""
    for k in range(len(magnitude)):
        pair = magnitude[k] * before[k]
        weight = pair * np.sqrt(pair)
        sure = weight * _length(advance[k]) + TINY
        anchor = ANCHOR * (sure + ALWAYS * magnitude[k] * magnitude[k] * magnitude[k])
        said[k] = weight * advance[k] * turned[k] + anchor
        diagonal[k] = sure + anchor
    for k in range(len(difference)):
        pair = magnitude[k] * magnitude[k + 1]
        weight = SMOOTH * pair * np.sqrt(pair)
        below[k + 1] = weight * difference[k]
        sure = weight * _length(difference[k]) + TINY
        diagonal[k] += sure
        diagonal[k + 1] += sure


@_compiled
def _solve(said, below, diagonal, scale, phase):
    """Up: every bin in terms of the next; down: every bin itself."""
    scale[0], phase[0] = ONE / diagonal[0], said[0]
    for k in range(1, len(said)):
        phase[k] = said[k] + below[k] * scale[k - 1] * phase[k - 1]
        scale[k] = ONE / (diagonal[k] - _power(below[k]) * scale[k - 1])
    phase[-1] *= scale[-1]
    for k in range(len(said) - 2, -1, -1):
        phase[k] = phase[k] * scale[k] + below[k + 1].conjugate() * scale[k] * phase[k + 1]


@_compiled
def _ask_around(said, below, diagonal, around, phase):
    """Each bin anew from time and both neighbours, these at full length."""
    for k in range(len(phase)):
        around[k] = phase[k] * (ONE / max(_length(phase[k]), UNSURE))
    last = len(phase) - 1
    for k in range(1, last):
        both = below[k] * around[k - 1] + below[k + 1].conjugate() * around[k + 1]
        phase[k] = (said[k] + both) * (ONE / diagonal[k])
    phase[0] = (said[0] + below[1].conjugate() * around[1]) * (ONE / diagonal[0])
    phase[last] = (said[last] + below[last] * around[last - 1]) * (ONE / diagonal[last])
