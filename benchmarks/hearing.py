"""Sounds: the transforms, what is measured of music, and the network that hears, one after the other."""

from . import hearing_music, hearing_networks, hearing_transforms


def run(*, out, quick=False):
    """The three sections as Markdown; the rows behind the keys and tempi go into `out` as CSV."""
    few = {"n_clips": 4, "rounds": 1, "runs": 1} if quick else {}
    sections = (
        hearing_transforms.transforms(**few),
        hearing_music.music_measures(out=out, quick=quick),
        hearing_networks.sound_networks(quick=quick),
    )
    return "\n".join(sections)
