"""What the three meters hold a piece against: made from shipped pictures and scores alone.

    python -m imgmusic_edu.networks.reference --export data/models/judge.npz        (half an hour)

Taught in chapter 11, section "Three meters".
"""

import argparse
from pathlib import Path

import numpy as np

from .. import audio_features, composer, datasets, synthesizer
from ..evaluation.embedding_distance import embed
from ..evaluation.faithfulness import MEASURES
from ..evaluation.meters import HEARD, Reference, asked, faithful
from ..evaluation.music import groove_consistency
from ..scores import Score, ScoreError
from ..visual_features import visual_features
from .pairs import names, picture_of, shipped
from .vocoder_corpus import arrange, save_arrays

__all__ = ["make"]

SECONDS = 10.0
N_SEEDS = 2  # pieces by the score road for each shipped picture of the part "train"
N_OWN = 3  # and of the part "validation"
BATCH = 100  # pieces that are kept as samples at a time
N_EXCERPTS = 2  # of each shipped score


def make(*, notice=print) -> Reference:
    """Compose, play, measure, listen: a `meters.Reference`; half a second a piece.

    What a piece is held against was made for pictures as they are, like those that people bring: among music for
    synthetic scenes, which are more extreme, any ordinary piece would seem to suit an ordinary picture.

    Parameters
    ----------
    notice : callable
        Is told, in a sentence, what comes next.
    """
    own = [(name, 1000 + k) for k, name in enumerate(shipped("train") * N_SEEDS)]
    notice(f"Composing for {len(own)} pictures ...")
    wanted, measured = zip(*_composed(own), strict=True)
    notice("Playing what people wrote ...")
    heard, groove, real = zip(*_by_people(N_EXCERPTS), strict=True)
    every = names("train")
    notice(f"Composing the {len(every)} pieces that networks learnt from ...")
    jobs = [(name, row) for row, name in enumerate(every)]  # all: a copy of one that was left out would seem new
    learnt = np.concatenate(
        [embed([samples for _, samples in _pieces(jobs[k : k + BATCH])]) for k in range(0, len(jobs), BATCH)]
    )
    found = Reference(
        asked=np.array(wanted),
        measured=np.array(measured),
        own=np.empty(0),
        heard=np.array(heard),
        groove=np.array(groove),
        real=embed(real),
        learnt=learnt,
    )
    others = [(name, 2000 + k) for k, name in enumerate(shipped("validation") * N_OWN)]
    notice(f"Composing for {len(others)} more pictures ...")
    shares = [faithful(features, audio_features.measure(samples), found).value for features, samples in _pieces(others)]
    return Reference(**(vars(found) | {"own": np.array(shares)}))


def _pieces(jobs):
    """(features, samples) of pieces by the score road for (name of a picture, seed)."""
    for name, seed in jobs:
        features = visual_features(picture_of(name))
        plan = composer.make_plan(features, seconds=SECONDS, seed=seed)
        yield features, synthesizer.render(composer.compose_score(plan, features))


def _composed(jobs):
    for features, samples in _pieces(jobs):
        found = audio_features.measure(samples)
        yield asked(features), [found[measure] for measure in MEASURES.values()]


def _by_people(n_excerpts):
    """(measures, groove, samples) of excerpts of the shipped scores, as they are written."""
    for k, name in enumerate(datasets.scores()):
        whole = Score.from_midi(datasets.data_path(name))
        for number in range(n_excerpts):
            try:
                score = arrange(whole, np.random.default_rng([17, k, number]), as_written=True, seconds=SECONDS)
                samples = synthesizer.render(score)
                found = audio_features.measure(samples)
            except (ScoreError, ValueError):  # a rest as long as the excerpt
                continue
            numbers = [found[measure] for measure in HEARD]
            if np.isfinite(numbers).all():
                yield numbers, groove_consistency(score), samples


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m imgmusic_edu.networks.reference", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--export", type=Path, required=True, metavar="FILE", help="where to write it (.npz)")
    told = parser.parse_args(arguments)
    found = make()
    save_arrays(told.export, **{name: np.asarray(values, np.float16) for name, values in vars(found).items()})
    print(f"own pieces, median: {np.median(found.own):.2f}; written to {told.export}")


if __name__ == "__main__":
    main()
