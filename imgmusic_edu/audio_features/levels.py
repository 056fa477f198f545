"""How loud: BS.1770 loudness and true peak.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np
from scipy import signal

from .clip import SILENCE, WORKING_RATE, as_clip

HIGH_PASS_GAIN = 1.00499  # the standard writes its 48 kHz high-pass as 1, -2, 1, which passes this much
NO_PEAK = -120.0  # dBTP, what `true_peak` says of digital silence


def loudness(samples, *, sample_rate=WORKING_RATE):
    """Integrated loudness of a mono clip by ITU-R BS.1770-4 (EBU R 128).

    K-weighting (a shelf for the head, a high-pass), mean square of 400 ms blocks every 100 ms, blocks under -70 LUFS
    left out, then those more than 10 LU under the mean of the rest.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz

    Returns
    -------
    float, LUFS; -70 for silence

    Raises
    ------
    ValueError
        As for `onsets`.
    """
    clip = as_clip(samples, sample_rate)
    weighted = signal.sosfilt(_k_weighting(clip.sample_rate), clip.samples.astype(np.float64))
    edges = np.round(np.arange(0, clip.seconds - 0.4 + 1e-9, 0.1) * clip.sample_rate).astype(int)
    sums = np.concatenate([[0], np.cumsum(weighted**2)])
    length = round(0.4 * clip.sample_rate)
    power = (sums[edges + length] - sums[edges]) / length
    power = power[power > 10 ** ((SILENCE + 0.691) / 10)]
    if not len(power):
        return SILENCE
    gated = power[power > 0.1 * power.mean()]
    return float(-0.691 + 10 * np.log10(gated.mean()))


def _k_weighting(sample_rate):
    """The two filters of BS.1770 for any rate, as second-order sections.

    The standard gives coefficients for 48 kHz only; these are the analogue prototypes behind them (De Man 2014,
    "Evaluation of implementations of the EBU R128 loudness measurement"), put through the bilinear transform.
    """
    k = np.tan(np.pi * 1681.974450955533 / sample_rate)  # a shelf: 1 low down, 4 dB above it
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle, a0 = high**0.4996667741545416, 1 + k / q + k * k
    b = np.array([high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k]) / a0
    shelf = [*b, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]

    k = np.tan(np.pi * 38.13547087602444 / sample_rate)  # a high-pass
    q = 0.5003270373238773
    a0 = 1 + k / q + k * k
    b = HIGH_PASS_GAIN / a0 * np.array([1, -2, 1])
    return np.array([shelf, [*b, 1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]])


def true_peak(samples, *, sample_rate=WORKING_RATE):
    """Highest point of the wave between the samples, by fourfold oversampling (BS.1770-4, annex 2), in dBTP.

    Raises
    ------
    ValueError
        As for `onsets`. Digital silence is -120.
    """
    clip = as_clip(samples, sample_rate)
    peak = max(np.abs(signal.resample_poly(clip.samples, 4, 1)).max(), np.abs(clip.samples).max())
    return max(float(20 * np.log10(max(peak, 1e-12))), NO_PEAK)
