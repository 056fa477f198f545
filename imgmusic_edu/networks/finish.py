"""What blur takes away, given back: the edges between bands, and the level.

What a network is not sure of, it blurs. A blurred spectrogram is flatter from band to band, so that its tones rub, and
softer, because the mean of decibels lies under the mean of power. How much of both is missing is measured once, on
pairs that no network learnt from, and made good in everything that a road makes: the level whole, of the edges half.
Speech synthesis has a postfilter for it; kin to that is keeping the global variance of what is generated (Toda & Tokuda
2007, IEICE Trans. E90-D(5), 816-824), whose method is another one.

    python -m imgmusic_edu.networks.finish --export data/models/mapping_finish.npz       (a minute)

Taught in chapter 08, section "What are the ways out?".
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..datasets import data_path

__all__ = ["Finish", "edges", "level", "measured", "open_finish", "sharpened"]

NEAR = 2.0  # bands: what lies over or under its surroundings so wide is an edge
AUDIBLE = 60.0  # dB under the loudest; what is softer does not count
N_PIECES = 60
#: Of what the edges lack. With all of it the right signs after edits of validation pictures fell from .93 to .90 (mlp).
SHARE = 0.5


class Finish(NamedTuple):
    """What is given back to a road's log-mel; called with it, (..., frames, N_MELS) in dB, it gives it finished.

    Attributes
    ----------
    gain : float, dB
    amount : float
        Times which edges between bands are drawn: see `sharpened`.
    """

    gain: float = 0.0
    amount: float = 1.0

    def __call__(self, log_mel):
        return sharpened(log_mel, self.amount) + np.float32(self.gain)


def sharpened(log_mel, amount):
    """Edges between bands drawn `amount` times as far from their surroundings, the power of each frame kept.

    Parameters
    ----------
    log_mel : np.ndarray, shape (..., frames, N_MELS), dB
    amount : float
        1 changes nothing, less than 1 blurs.

    Returns
    -------
    np.ndarray, the same shape, float32

    Notes
    -----
    Taught in chapter 08, section "What are the ways out?".
    """
    around = ndimage.gaussian_filter1d(log_mel, NEAR, axis=-1)
    drawn = around + amount * (log_mel - around)
    return (drawn + _power(log_mel) - _power(drawn)).astype(np.float32)


def _power(log_mel):
    """Of each frame, dB."""
    return 10 * np.log10((10 ** (log_mel / 10)).sum(axis=-1, keepdims=True))


def edges(log_mel):
    """Mean |change from band to band| of what can be heard in spectrograms (n, frames, bands), dB."""
    floor = log_mel.max(axis=(1, 2), keepdims=True) - AUDIBLE
    return float(np.abs(np.diff(np.maximum(log_mel, floor), axis=2)).mean())


def level(log_mel):
    """Power of whole spectrograms (n, frames, bands), dB: shape (n,)."""
    return 10 * np.log10((10 ** (log_mel / 10)).sum(axis=2).mean(axis=1))


def measured(made, real):
    """The finish with which `made` is as loud as `real`, and lacks only half of the sharpness that it lacked.

    Parameters
    ----------
    made, real : np.ndarray, shape (n, frames, N_MELS), dB
        By a road, and the music of the same pairs.

    Returns
    -------
    Finish
    """
    amount, wanted = 1.0, edges(real)
    for _ in range(8):  # each step closes most of what is left
        amount *= wanted / edges(sharpened(made, amount))
    return Finish(float(np.mean(level(real) - level(made))), 1 + SHARE * (float(amount) - 1))


def open_finish(road):
    """The shipped finish of a spectral road.

    Raises
    ------
    ValueError
        The file is damaged, or the road is not in it.
    """
    path = data_path("mapping_finish")
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Finish(*stored[road].tolist())
    except Exception as problem:
        raise ValueError(f"The finish in {path} is damaged ({problem}): fetch or measure it again.") from problem


def measure(road, found):
    """The finish of an open spectral road (its own is left aside), on some `pairs.Pairs`."""
    from .mapping import NOISE, conditions_of, heard_in
    from .spectral import CALM

    told = conditions_of(found, heard_in(found), scales=road.scales)
    chance = CALM * np.random.default_rng(0).standard_normal((len(found), NOISE)).astype(np.float32)
    rows = [slice(k, k + 10) for k in range(0, len(found), 10)]
    made = np.concatenate([road.codec.decode(road.latent(told[row], chance[row])) for row in rows])
    return measured(made, found.log_mel[:, : made.shape[1]])


def main(arguments=None):
    """The command line."""
    from .pairs import pairs
    from .spectral import KINDS, open_road
    from .vocoder_corpus import save_arrays

    parser = argparse.ArgumentParser(prog="python -m imgmusic_edu.networks.finish", description=__doc__.splitlines()[0])
    parser.add_argument("--export", type=Path, required=True, metavar="FILE", help="where to write it (.npz)")
    told = parser.parse_args(arguments)
    found = pairs("validation")[:N_PIECES]
    finishes = {name: measure(open_road(name), found) for name in KINDS}
    for name, (gain, amount) in finishes.items():
        print(f"{name:<12} {gain:+.2f} dB, edges drawn {amount:.2f} times as far")
    save_arrays(told.export, **{name: np.array(finish, np.float32) for name, finish in finishes.items()})


if __name__ == "__main__":
    main()
