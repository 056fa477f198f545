"""What every stream does: it hands out samples in portions of any size, below full scale, and can be steered.

Taught in chapter 11, section "Live".
"""

import numpy as np

from ..pictures import open_picture
from ..sounds import SAMPLE_RATE
from ..synthesizer import LOOK_AHEAD, true_peaks, turned_down
from ..visual_features import visual_features

__all__ = ["Limiter", "Stream"]

SIDE = 320  # px: features of a moving picture must be there before it has moved on
BEGINS = SAMPLE_RATE // 20  # samples over which the first sound comes in


class Stream:
    """Music without an end.

    A subclass has `_prepare`, which makes ready what was asked for and may take its time; and `_produce`, which gives
    the next samples, some tenths of a second, and must not.

    Parameters
    ----------
    picture : anything `open_picture` reads
    **settings
        As `steer` takes them.

    Attributes
    ----------
    settings : dict
        What was asked for, as `compose` takes it.
    seconds : float
        Handed out so far.
    """

    def __init__(self, picture, **settings):
        self.settings, self.seconds = {"seed": 0}, 0.0
        self._features = None
        self._ready = np.zeros(0, np.float32)
        self._limit = Limiter()
        self.steer(picture, **settings)

    @property
    def words(self) -> str:
        """What is being played, in a few words."""
        raise NotImplementedError

    def steer(self, picture=None, **settings) -> None:
        """Ask for something else from now on; what sounds goes on until it is made ready.

        Parameters
        ----------
        picture : anything `open_picture` reads, optional
            Another picture.
        **settings
            Other settings; None lets one follow the picture again. The rest stays.

        Raises
        ------
        PictureError, ValueError
            As `compose` raises them; the music then goes on as it was.

        Notes
        -----
        May be called from another thread than `read`. Taught in chapter 11, section "Live".
        """
        features = self._features
        if picture is not None:
            features = visual_features(open_picture(picture, max_side=SIDE))
        asked = self.settings | settings
        self._prepare(features, given(asked))
        self._features, self.settings = features, asked

    def read(self, n_samples: int) -> np.ndarray:
        """The next samples.

        Parameters
        ----------
        n_samples : int

        Returns
        -------
        np.ndarray, shape (n_samples,), float32, at 22 050 Hz, true peak under -1 dBTP

        Notes
        -----
        Taught in chapter 11, section "Live".
        """
        while len(self._ready) < n_samples:
            self._ready = np.concatenate([self._ready, self._limit.push(self._produce())])
        samples, self._ready = self._ready[:n_samples].copy(), self._ready[n_samples:].copy()
        begun = round(self.seconds * SAMPLE_RATE)
        if begun < BEGINS:
            samples *= np.minimum((begun + np.arange(n_samples)) / BEGINS, 1).astype(np.float32)
        self.seconds += n_samples / SAMPLE_RATE
        return samples

    def _prepare(self, features, settings):
        raise NotImplementedError

    def _produce(self):
        raise NotImplementedError


def given(settings: dict) -> dict:
    """Settings without those that follow the picture."""
    return {name: value for name, value in settings.items() if value is not None}


class Limiter:
    """The synthesizer's limiter for samples that come in blocks: what comes out is `WAIT` samples late, and the same.

    Notes
    -----
    Taught in chapter 11, section "Live".
    """

    WAIT = 2 * round(LOOK_AHEAD * SAMPLE_RATE) + 256  # what the gain at a sample depends on, and the true peak's filter

    def __init__(self):
        self._seen = np.zeros(self.WAIT, np.float32)

    def push(self, block: np.ndarray) -> np.ndarray:
        """Samples that are ready."""
        seen = np.concatenate([self._seen, block])
        self._seen = seen[-2 * self.WAIT :]
        samples = seen[self.WAIT : len(seen) - self.WAIT]
        if not len(samples):
            return samples
        gain = turned_down(true_peaks(seen, SAMPLE_RATE), SAMPLE_RATE)
        return samples * gain[self.WAIT : self.WAIT + len(samples)]
