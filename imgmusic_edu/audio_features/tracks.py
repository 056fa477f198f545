"""What a listener follows: the beat, and the pitch of a voice.

Taught in chapter 03, "What a sound holds".
"""

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from .clip import FRAME_RATE, TIME_HOP, WORKING_RATE, as_clip
from .timing import onset_strength, tempo

TIGHTNESS = 100  # how much a beat that comes early or late costs: Ellis's alpha

PITCH_FRAME = 2048  # samples, 93 ms: five periods of the lowest note
LOWEST, HIGHEST = 55.0, 2093.0  # Hz: A1 .. C7
SHORTEST, LONGEST = int(WORKING_RATE / HIGHEST) - 1, int(WORKING_RATE / LOWEST) + 2  # lags, in samples
COMPARED = PITCH_FRAME - LONGEST  # samples compared at every lag
PERIODIC = 0.3  # the most that a voiced frame may differ from itself one period later
MARGIN = 0.1  # how much deeper a later valley must be to be believed
QUIET = 1e-3  # of the loudest frame, -60 dB


def beats(samples, *, sample_rate=WORKING_RATE, bpm=None):
    """Times of the beats.

    Of all sequences of moments, the one whose onset strengths add up to most, less what each step that is not one
    beat long costs: `TIGHTNESS` x ln(step / beat)^2. Found by dynamic programming (Ellis 2007, "Beat tracking by
    dynamic programming", Journal of New Music Research 36(1)).

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
    sample_rate : int, Hz
    bpm : float, optional
        The tempo to follow; without it that of `tempo`. Twice or half of it gives the beats of another level.

    Returns
    -------
    np.ndarray, shape (k,), seconds, rising; empty where there is no pulse

    Raises
    ------
    ValueError
        As for `onsets`, and for a bpm outside 20..400.
    """
    clip = as_clip(samples, sample_rate)
    if bpm is not None and not 20 <= bpm <= 400:
        raise ValueError(f"The tempo to follow must be from 20 to 400 BPM, but is {bpm!r}.")
    bpm, strength = bpm or tempo(clip), onset_strength(clip)
    if not bpm or not strength.any():
        return np.zeros(0)
    period = 60 * FRAME_RATE / bpm
    strength = gaussian_filter1d(strength / max(strength.std(), 1e-9), period / 32)

    steps = np.arange(round(period / 2), round(2 * period) + 1)
    cost = TIGHTNESS * np.log(steps / period) ** 2
    total, before = strength.copy(), np.full(len(strength), -1)
    for frame in range(steps[0], len(strength)):
        reach = steps[: frame - steps[0] + 1]  # not further back than the first frame
        score = total[frame - reach] - cost[: len(reach)]
        best = np.argmax(score)
        if score[best] > 0:
            total[frame] += score[best]
            before[frame] = frame - reach[best]

    last_beat = max(0, len(total) - round(period))
    path = [last_beat + np.argmax(total[last_beat:])]
    while before[path[-1]] >= 0:
        path.append(before[path[-1]])
    found = np.array(path[::-1])
    clear = np.flatnonzero(strength[found] > 0.5 * np.sqrt(np.mean(strength[found] ** 2)))
    return found[clear[0] : clear[-1] + 1] / FRAME_RATE  # beats before the music and after it are only guessed


def pitch_track(samples, *, sample_rate=WORKING_RATE):
    """Pitch of one voice from moment to moment (YIN: de Cheveigne & Kawahara 2002, JASA 111(4)).

    d(lag) is the sum of (x[n] - x[n + lag])^2 over a frame, divided by its mean over all shorter lags: 0 where the wave
    repeats itself. The period is the first valley nearly as deep as the deepest (the wave repeats itself after two
    periods as well, but that would be an octave too low), set between the samples by a parabola.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float in [-1, 1]
        One voice or instrument: of a chord, the result is no more than a guess.
    sample_rate : int, Hz

    Returns
    -------
    times : np.ndarray, shape (frames,), seconds, 86 a second
    frequency : np.ndarray, shape (frames,), Hz from 55 to 2093; NaN where nothing repeats itself: noise, silence
    confidence : np.ndarray, shape (frames,), 0 .. 1: how exactly the wave repeats itself

    Raises
    ------
    ValueError
        As for `onsets`.
    """
    wave = as_clip(samples, sample_rate).wave.astype(np.float64)
    before = (COMPARED + LONGEST // 4) // 2  # the middle of what is compared, at the lag of 220 Hz
    padded = np.pad(wave, (before, PITCH_FRAME - before))
    frames = np.lib.stride_tricks.sliding_window_view(padded, PITCH_FRAME)[::TIME_HOP]
    lag, difference, level = np.empty((3, len(frames)))
    for start in range(0, len(frames), 256):  # a piece at a time: memory stays flat
        piece = slice(start, start + 256)
        still = frames[piece] - frames[piece].mean(axis=1, keepdims=True)
        level[piece] = np.sqrt(np.mean(still**2, axis=1))
        lag[piece], difference[piece] = _periods(still)
    audible = level > max(QUIET * level.max(), 1e-6)
    confidence = np.where(audible, np.clip(1 - difference, 0, 1), 0.0)
    frequency = np.where(audible & (difference < PERIODIC), WORKING_RATE / lag, np.nan)
    return np.arange(len(frames)) / FRAME_RATE, frequency, confidence


def _periods(frames):
    """Period in samples and YIN's difference there (0: repeats itself exactly), each of shape (frames,)."""
    size = fft.next_fast_len(PITCH_FRAME + COMPARED, real=True)
    product = fft.irfft(fft.rfft(frames, size) * np.conj(fft.rfft(frames[:, :COMPARED], size)), size)[:, : LONGEST + 1]
    energy = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = energy[:, COMPARED:] - energy[:, : LONGEST + 1]  # of the samples compared, from each lag on
    difference = np.maximum(energy[:, :1] + energy - 2 * product, 0)
    mean = np.cumsum(difference[:, 1:], axis=1) / np.arange(1, LONGEST + 1)
    difference[:, 1:] /= np.maximum(mean, 1e-12)
    difference[:, 0] = 1

    inside = difference[:, SHORTEST:]
    valley = np.pad((inside[:, 1:-1] <= inside[:, :-2]) & (inside[:, 1:-1] < inside[:, 2:]), ((0, 0), (1, 1)))
    depth = np.where(valley, inside, 9)
    first = np.argmax(depth <= depth.min(axis=1, keepdims=True) + MARGIN, axis=1)
    at = np.minimum(first + SHORTEST, LONGEST - 1)
    left, middle, right = (np.take_along_axis(difference, (at + k)[:, None], axis=1)[:, 0] for k in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(bend > 1e-12, 0.5 * (left - right) / np.maximum(bend, 1e-12), 0)
    return at + np.clip(shift, -0.5, 0.5), middle
