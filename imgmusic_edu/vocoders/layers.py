"""Two layers of the neural vocoder that numpy would take through memory several times: numba does all to a row at once.

Taught in chapter 09, "From features back to sound".
"""

import numpy as np
from numba import njit

__all__ = ["depthwise", "layer_norm"]

# Sums may be taken in another order, so that the processor adds many numbers at a time.
_compiled = njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract"})


@_compiled
def depthwise(seen, taps, bias):
    """Each channel by itself, convolved over time.

    Parameters
    ----------
    seen : np.ndarray, shape (frames + width - 1, channels), float32
    taps : np.ndarray, shape (width, channels), float32
    bias : np.ndarray, shape (channels,), float32

    Returns
    -------
    np.ndarray, shape (frames, channels), float32
        No frames where fewer than `width` are seen.

    Notes
    -----
    Taught in chapter 09.
    """
    width, n_channels = taps.shape
    found = np.empty((max(0, len(seen) - width + 1), n_channels), np.float32)
    for t in range(len(found)):
        row = found[t]
        for c in range(n_channels):
            row[c] = bias[c] + seen[t, c] * taps[0, c]
        for i in range(1, width):
            for c in range(n_channels):
                row[c] += seen[t + i, c] * taps[i, c]
    return found


@_compiled
def layer_norm(x, scale, bias):
    """Each row with mean 0 and variance 1, then channel by channel times `scale` plus `bias` (Ba et al. 2016).

    Parameters
    ----------
    x : np.ndarray, shape (frames, channels), float32
    scale, bias : np.ndarray, shape (channels,), float32

    Returns
    -------
    np.ndarray, shape (frames, channels), float32

    Notes
    -----
    arXiv:1607.06450. Taught in chapter 09.
    """
    found = np.empty_like(x)
    n = np.float32(x.shape[1])
    for t in range(len(x)):
        mean = x[t].sum() / n
        power = np.float32(0)
        for c in range(x.shape[1]):
            power += (x[t, c] - mean) * (x[t, c] - mean)
        factor = np.float32(1) / np.sqrt(power / n + np.float32(1e-6))
        for c in range(x.shape[1]):
            found[t, c] = (x[t, c] - mean) * factor * scale[c] + bias[c]
    return found
