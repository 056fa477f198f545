"""Two versions side by side, as loud as each other: whoever is louder sounds better, whatever it is.

Taught in chapter 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..audio_features import loudness, true_peak
from ..sounds import Sound

__all__ = ["CEILING", "Match", "matched"]

CEILING = -1.0  # dBTP that nothing exceeds
SILENCE = -70.0  # LUFS


@dataclass(frozen=True)
class Match:
    """Sounds brought to one loudness.

    Attributes
    ----------
    level : float
        Of all of them, LUFS.
    gains : tuple of float
        What was done to each, dB; never above 0, so that nothing is made to clip.
    sounds : tuple of Sound
    """

    level: float
    gains: tuple[float, ...]
    sounds: tuple[Sound, ...]


def matched(*sounds: Sound) -> Match:
    """Bring sounds to one loudness, each by one gain: down to the softest, and down until no peak exceeds -1 dBTP.

    Parameters
    ----------
    sounds : Sound
        Two or more.

    Returns
    -------
    Match

    Raises
    ------
    ValueError
        One of them is silent, so that no gain would do.

    Notes
    -----
    Loudness is measured in the sounds themselves (ITU-R BS.1770-4), as is the true peak. Taught in chapter 11.
    """
    levels = [loudness(sound.samples, sample_rate=sound.sample_rate) for sound in sounds]
    for sound, level in zip(sounds, levels, strict=True):
        if level <= SILENCE:
            raise ValueError(f"{sound.title} is silent, so it cannot be made as loud as another.")
    rooms = [min(0.0, CEILING - true_peak(sound.samples, sample_rate=sound.sample_rate)) for sound in sounds]
    common = min(level + room for level, room in zip(levels, rooms, strict=True))
    gains = tuple(common - level for level in levels)
    turned = tuple(
        Sound(sound.samples * np.float32(10 ** (gain / 20)), sample_rate=sound.sample_rate, title=sound.title)
        for sound, gain in zip(sounds, gains, strict=True)
    )
    return Match(common, gains, turned)
