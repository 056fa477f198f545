"""What the three meters hold a piece against: made from shipped pictures and scores alone.

    python -m imgmusic_edu.networks.reference --export data/models/judge.npz        (some minutes)

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
from .pairs import _FIRST_SEED, names, picture_of
from .vocoder_corpus import arrange, save_arrays

__all__ = ["make"]

SECONDS = 10.0
N = 240  # pieces by the score road for pictures of the part "train"
N_OWN = 60  # and of the part "validation"
N_EXCERPTS = 2  # of each shipped score


def make(*, n=N, n_own=N_OWN, n_excerpts=N_EXCERPTS, notice=print) -> Reference:
    """Compose, play, measure, listen: a `meters.Reference`; half a second a piece.

    Parameters
    ----------
    n, n_own, n_excerpts : int
        Training pictures, validation pictures, and excerpts of each shipped score.
    notice : callable
        Is told, in a sentence, what comes next.
    """
    notice(f"Composing for {n} pictures ...")
    wanted, measured, played = zip(*_composed("train", n), strict=True)
    learnt = embed(played)
    notice("Playing what people wrote ...")
    heard, groove, real = zip(*_by_people(n_excerpts), strict=True)
    found = Reference(
        asked=np.array(wanted),
        measured=np.array(measured),
        own=np.empty(0),
        heard=np.array(heard),
        groove=np.array(groove),
        real=embed(real),
        learnt=learnt,
    )
    notice(f"Composing for {n_own} more pictures ...")
    own = []
    for features, sound in _pieces("validation", n_own):
        own.append(faithful(features, audio_features.measure(sound), found).value)
    return Reference(**(vars(found) | {"own": np.array(own)}))


def _pieces(part, n):
    """(features, samples) of pieces by the score road for n pictures of a part, spread over it."""
    every = names(part)
    for row in range(0, len(every), max(1, len(every) // n))[:n]:
        features = visual_features(picture_of(every[row]))
        plan = composer.make_plan(features, seconds=SECONDS, seed=_FIRST_SEED[part] + row)
        yield features, synthesizer.render(composer.compose_score(plan, features))


def _composed(part, n):
    for features, samples in _pieces(part, n):
        found = audio_features.measure(samples)
        yield asked(features), [found[measure] for measure in MEASURES.values()], samples


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
