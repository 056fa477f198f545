"""The vocoder beside Griffin-Lim and beside what is possible, on pieces that it was not trained on.

All start from the same log-mel. Times are of one processor core: set OMP_NUM_THREADS=1.

Taught in chapter 09, "From features back to sound".
"""

import time

import numpy as np

from ..audio_features.inverses import griffin_lim, istft, log_spectral_distance, mel_to_magnitude, spectral_convergence
from ..audio_features.transforms import HOP_LENGTH, db_to_power, log_mel, stft
from ..sounds import SAMPLE_RATE
from .vocoder_corpus import corpus

__all__ = ["MEASURES", "evaluate", "measures"]

MEASURES = ("LSD 1024", "SC 1024", "LSD 2048", "SC 2048", "mel dB", "RTF")
DYNAMICS = 80  # dB below the loudest band: softer is not compared


def measures(sound, made, *, n_mels):
    """The first five `MEASURES` of a sound and its copy, samples of any two lengths: dB, ratio, dB, ratio, dB."""
    n = min(len(sound), len(made))
    found = []
    for n_fft in (1024, 2048):
        there, here = (np.abs(stft(row[:n], n_fft=n_fft, hop_length=n_fft // 4)) for row in (sound, made))
        found += [log_spectral_distance(there, here), spectral_convergence(there, here)]
    there, here = (log_mel(row[:n], n_mels=n_mels) for row in (sound, made))
    floor = there.max() - DYNAMICS
    return [*found, float(np.abs(np.maximum(there, floor) - np.maximum(here, floor)).mean())]


def evaluate(vocoder, *, notice=print):
    """Mean `MEASURES` over the held-out excerpts.

    Parameters
    ----------
    vocoder : vocoders.neural.NeuralVocoder

    Returns
    -------
    dict of str to list of float
        For each way back to sound, a number a measure.
    """

    def iterated(n_iter, method):
        return lambda levels, sound: griffin_lim(mel_to_magnitude(db_to_power(levels), method=method), n_iter=n_iter)

    def with_true_phase(levels, sound):
        magnitude = mel_to_magnitude(db_to_power(levels))
        return istft((magnitude * np.exp(1j * np.angle(stft(sound)))).astype(np.complex64))

    ways = {
        "neural": lambda levels, sound: vocoder(levels).samples,
        "pseudo-inverse, Griffin-Lim 32": iterated(32, "pinv"),
        "pseudo-inverse, Griffin-Lim 64": iterated(64, "pinv"),
        "multiplicative, Griffin-Lim 32": iterated(32, "multiplicative"),
        "multiplicative, Griffin-Lim 64": iterated(64, "multiplicative"),
        "bound: multiplicative, true phase": with_true_phase,
    }
    stored, _ = corpus("held_out", notice=notice)
    n = stored.shape[1] // HOP_LENGTH * HOP_LENGTH
    sounds = [row[:n].astype(np.float32) / 32768 for row in stored]
    table = {}
    for name, way in ways.items():
        rows, spent = [], 0.0
        for sound in sounds:
            levels = log_mel(sound, n_mels=vocoder.n_mels)
            began = time.process_time()
            made = way(levels, sound)
            spent += time.process_time() - began
            rows.append(measures(sound, made, n_mels=vocoder.n_mels))
        seconds = n * len(sounds) / SAMPLE_RATE
        table[name] = [*np.mean(rows, axis=0).tolist(), spent / seconds]
        notice(f"| {name} | " + " | ".join(f"{value:.3f}" for value in table[name]) + " |")
    return table
