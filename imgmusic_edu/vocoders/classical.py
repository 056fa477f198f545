"""Vocoders that nobody trained: mel bands to magnitudes, then a phase by iteration or by heap integration.

Taught in chapter 09, "From features back to sound".
"""

import numpy as np

from ..audio_features.inverses import INVERSIONS, MOMENTUM, griffin_lim, mel_to_magnitude
from ..audio_features.transforms import N_FFT, db_to_power, whole
from ..sounds import SAMPLE_RATE, Sound
from .heap import RealTimePhase, pghi
from .neural import open_neural
from .streaming import Samples, below_full_scale, blocks, checked, silent

__all__ = ["PGHI", "FastGriffinLim", "GriffinLim", "to_magnitude"]

WAYS = (*INVERSIONS, "learned")  # from mel bands to magnitudes


def to_magnitude(log_mel, *, inversion="multiplicative"):
    """Magnitudes of all bins from log-mel frames.

    Parameters
    ----------
    log_mel : np.ndarray, shape (frames, n_mels), dB
        As `audio_features.log_mel` gives it.
    inversion : {"multiplicative", "pinv", "nnls", "learned"}
        As for `inverses.mel_to_magnitude`; "learned": as the neural vocoder says.

    Returns
    -------
    np.ndarray, shape (frames, N_FFT // 2 + 1), float32
        Silent frames are 0 throughout.

    Raises
    ------
    ValueError
        No such inversion; no frames, wrong bands, values that are not finite.

    Notes
    -----
    Taught in chapter 09.
    """
    if inversion not in WAYS:
        raise ValueError(f"Mel bands become magnitudes by {', '.join(WAYS)}, but {inversion!r:.40} was asked for.")
    if inversion == "learned":
        return open_neural().magnitude(log_mel)
    log_mel = checked(log_mel)
    magnitude = mel_to_magnitude(db_to_power(log_mel), method=inversion).astype(np.float32)
    magnitude[silent(log_mel)] = 0
    return magnitude


class GriffinLim:
    """Phases at random, made to agree by going there and back (Griffin & Lim 1984; see `inverses.griffin_lim`).

    Parameters
    ----------
    n_iter : int
        Rounds.
    inversion : str
        As for `to_magnitude`.
    """

    name, momentum = "griffin_lim", 0.0
    n_mels = None  # any number of bands
    latency = None  # it needs the whole before it begins

    def __init__(self, *, n_iter=32, inversion="pinv"):
        self.n_iter, self.inversion = whole(n_iter, "n_iter", 0), inversion

    def __call__(self, log_mel):
        """The sound of log-mel frames, shape (frames, n_mels), dB (see `vocoders.get`)."""
        magnitude = _two_or_more(to_magnitude(log_mel, inversion=self.inversion))
        samples = griffin_lim(magnitude, n_iter=self.n_iter, momentum=self.momentum)
        return Sound(below_full_scale(samples), title=self.name.replace("_", " ").capitalize())

    def stream(self, chunks):
        """Not to be had: every round goes over the whole sound."""
        raise ValueError(
            f"{self.name} goes over the whole sound again and again, so it cannot stream: neural and pghi can."
        )


class FastGriffinLim(GriffinLim):
    """Griffin-Lim that takes each step a little too far, and arrives sooner (Perraudin, Balazs & Sondergaard 2013)."""

    name, momentum = "fast_griffin_lim", MOMENTUM

    def __init__(self, *, n_iter=32, inversion="multiplicative"):
        super().__init__(n_iter=n_iter, inversion=inversion)


class PGHI:
    """Phase gradient heap integration (Prusa, Balazs & Sondergaard 2017; see `heap`).

    Parameters
    ----------
    inversion : str
        As for `to_magnitude`; "learned" sees the whole, so it goes with `real_time=False` only.
    real_time : bool
        Look only at frames before and the next one, as `stream` does.
    """

    name = "pghi"
    n_mels = None

    def __init__(self, *, inversion="multiplicative", real_time=False):
        if real_time and inversion == "learned":
            raise ValueError("The learned magnitude looks at the whole: stream the neural vocoder itself.")
        self.inversion, self.real_time = inversion, real_time
        # The next frame, and as much of this one as the next will be laid over.
        self.latency = N_FFT // 2 / SAMPLE_RATE if real_time else None

    def __call__(self, log_mel):
        """The sound of log-mel frames, shape (frames, n_mels), dB (see `vocoders.get`)."""
        if self.real_time:
            return Sound(np.concatenate(list(self.stream(blocks(log_mel)))), title="PGHI in real time")
        magnitude = _two_or_more(to_magnitude(log_mel, inversion=self.inversion))
        return Sound(below_full_scale(pghi(magnitude)), title="PGHI")

    def stream(self, chunks):
        """Samples as log-mel frames come in; `latency` behind them.

        Parameters
        ----------
        chunks : iterable of np.ndarray, shape (frames, n_mels), dB

        Yields
        ------
        np.ndarray, shape (n,), float32 in -1..1
            A chunk for each chunk, and one more at the end with what was held back.

        Raises
        ------
        ValueError
            Made without `real_time`; otherwise as for `to_magnitude`.
        """
        if not self.real_time:
            raise ValueError("This PGHI sees the whole sound: vocoders.get('pghi', real_time=True) can stream.")
        phases, sums = RealTimePhase(), Samples()
        for chunk in chunks:
            yield sums.push(phases.push(to_magnitude(chunk, inversion=self.inversion)))
        nothing = np.zeros((0, N_FFT // 2 + 1), np.float32)
        yield sums.push(phases.push(nothing, True), True)


def _two_or_more(magnitude):
    """A single frame is HOP_LENGTH samples of sound: it is held for one frame more."""
    return np.repeat(magnitude, 2, axis=0) if len(magnitude) == 1 else magnitude
