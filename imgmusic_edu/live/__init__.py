"""Music without an end, steered while it sounds: by a slider, by another picture, by a camera.

    stream = live.open_stream(picture)
    samples = stream.read(4410)          # the next fifth of a second, and so on for as long as one likes
    stream.steer(other_picture)          # takes effect at the next half beat; nothing breaks off

The score road plays notes and changes them at the next half beat (`sequencer`); the spectral roads tell their network
something else from the next step of the latent sequence on (`spectral`).

Taught in chapter 11, section "Live".
"""

from ..roads import ROADS
from .streams import Stream

__all__ = ["Stream", "open_stream"]


def open_stream(picture, *, road: str = "score", **settings) -> Stream:
    """Begin music that goes on until nobody reads it any more.

    Parameters
    ----------
    picture : anything `open_picture` reads
    road : str
        One of `roads.ROADS`; the roads by networks need TensorFlow.
    **settings
        seed, tempo and key; on the score road also mode, instruments, weights and seeds, as `compose` takes them.

    Returns
    -------
    Stream

    Raises
    ------
    PictureError
        The picture cannot be read.
    ValueError
        There is no such road, or a setting is out of range.
    ImportError
        The road needs TensorFlow, and it is not installed.

    Examples
    --------
    >>> from imgmusic_edu import datasets, live
    >>> stream = live.open_stream(datasets.picture("koala"))
    >>> stream.read(22050).shape
    (22050,)

    Notes
    -----
    Taught in chapter 11, section "Live".
    """
    if road not in ROADS:
        raise ValueError(f"Live there are the roads {', '.join(ROADS)}, but {road!r:.40} was asked for.")
    if road == "score":
        from .sequencer import Sequencer

        return Sequencer(picture, **settings)
    from .spectral import SpectralStream

    return SpectralStream(picture, road=road, **settings)
