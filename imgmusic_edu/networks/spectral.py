"""The spectral roads: from a picture to sound through networks alone, without a note being written.

    picture -> visual features -> mapping -> latent sequence -> decoder -> finish -> log-mel -> neural vocoder -> sound

Taught in chapter 08, "From picture to sound features".
"""

import copy
import functools
import math
from dataclasses import dataclass

import numpy as np

from .. import vocoders
from ..audio_features.transforms import N_MELS, hz_to_mel, mel_to_hz
from ..backbones.engine import tensorflow
from ..composer.plan import LOCKED_TEMPO, SECONDS, TEMPO, WALTZ, number, parse_key, whole_seed
from ..datasets import data_path
from ..sounds import SAMPLE_RATE, Sound
from ..synthesizer import limited
from ..visual_features import FEATURES
from . import conditional_gan, conditional_vae, mapping, shared_latent
from .codec import Codec, open_codec
from .finish import Finish, level, open_finish
from .mapping import ASKED, NOISE, STEP_SECONDS, Scales, conditions
from .pairs import numbers_of
from .training import load_networks

__all__ = ["KINDS", "Made", "SpectralRoad", "open_road"]

#: Road -> what builds its networks, those that composing needs, one after another.
KINDS = {
    "linear": (lambda: {"map": mapping.build_linear()}, ("map",)),
    "mlp": (lambda: {"map": mapping.build_mlp()}, ("map",)),
    "autoencoder": (shared_latent.build, ("picture_encoder", "sound_decoder")),
    "vae": (conditional_vae.build, ("prior", "generator")),
    "gan": (conditional_gan.build, ("prior", "generator")),
}
CALM = 0.55  # spread of chance, of what was learnt: a little nearer to the middle, where generators are surer


@dataclass(frozen=True)
class Made:
    """What a spectral road made of a picture's numbers.

    Attributes
    ----------
    tempo : float, BPM
    beats_per_bar, tonic : int
        The latter a pitch class, 0 is C.
    seconds : float
    seed : int
    told : np.ndarray, shape (steps, N_CONDITIONS), float32
        The conditions.
    chance : np.ndarray, shape (1, NOISE), float32
    log_mel : np.ndarray, shape (frames, N_MELS), dB, float32
    """

    tempo: float
    beats_per_bar: int
    tonic: int
    seconds: float
    seed: int
    told: np.ndarray
    chance: np.ndarray
    log_mel: np.ndarray


class SpectralRoad:
    """A trained mapping with all that is needed before and after it.

    Parameters
    ----------
    name : str
        One of `KINDS`.
    networks : mapping of str to keras.Model
        The mapping's.
    conductor : keras.Model
        As `mapping.build_conductor` gives it.
    scales : Scales
    codec : Codec
    finish : Finish
        What is given back of what the networks blur; nothing by default.
    """

    def __init__(self, name, networks, conductor, scales: Scales, codec: Codec, finish: Finish | None = None):
        tf, _ = tensorflow()
        self.name, self.scales, self.codec, self.conductor = name, scales, codec, conductor
        self.finish = finish or Finish()
        self.decode, self.vocode = self._finished, _by_our_vocoder
        first, *rest = (networks[which] for which in KINDS[name][1])

        def run(told, chance):
            if name in ("vae", "gan"):
                return rest[0]([told, chance])
            x = first(told)
            for network in rest:
                x = network(x)
            return x

        signature = [tf.TensorSpec([None, None, None]), tf.TensorSpec([None, None])]
        self._run = tf.function(run, input_signature=signature)
        self._draw = None
        if name in ("vae", "gan"):
            self._draw = tf.function(
                lambda told, chance: conditional_vae.drawn(first, told, chance), input_signature=signature
            )

    def with_parts(self, *, mapping=None, decoder=None, vocoder=None):
        """The same road with parts of one's own where given, as `own_roads.spectral_road` describes them."""
        road = copy.copy(self)
        for what, own in (("latent", mapping), ("decode", decoder), ("vocode", vocoder)):
            if own is not None:
                setattr(road, what, own)
        return road

    def _finished(self, latent):
        return self.finish(self.codec.decode(latent))

    def asked_by(self, features):
        """What features, shape (n, 18), ask for, shape (n, 4), as `mapping.heard` counts it; tempi as in training."""
        asked = self.conductor(features).numpy() * self.scales.asked[1] + self.scales.asked[0]
        asked[:, 0] = np.clip(asked[:, 0], *np.log(TEMPO))
        return asked

    def drawn(self, told, chance):
        """What `chance` comes to for pieces told `told`, by the prior, where the mapping has one: (batch, NOISE)."""
        return chance if self._draw is None else self._draw(told, chance).numpy()

    def latent(self, told, chance, *, drawn=False):
        """Latent sequences of conditions (batch, steps, N_CONDITIONS) and chance (batch, NOISE), drawn or not."""
        chance = chance if drawn else self.drawn(told, chance)
        return self._run(told, chance).numpy() * self.scales.latent[1] + self.scales.latent[0]

    def make(self, features, *, seconds=10.0, seed=0, tempo=None, key=None):
        """Log-mel for a picture.

        Parameters
        ----------
        features : visual_features.VisualFeatures
            Or the two arrays that `pairs.seen` makes of a picture.
        seconds : float
        seed : int
            Of what the picture leaves open: key, metre and, for "vae" and "gan", everything else.
        tempo : float, optional
            BPM; the picture's own by default.
        key : str, optional
            Such as "D" or "F#"; whether it is major or minor is the picture's own affair.

        Returns
        -------
        Made

        Raises
        ------
        ValueError
            A setting out of range, or a mode in the key.
        """
        features, columns = features if isinstance(features, tuple) else numbers_of(features)
        seconds = number("length", seconds, SECONDS, "seconds")
        asked, settings, chance = self.settled(features, seed=seed, tempo=tempo, key=key)
        n_steps = math.ceil(seconds / STEP_SECONDS)
        told = conditions(features, columns, asked=asked, **settings, n_steps=n_steps, scales=self.scales)
        log_mel = self.decode(self.latent(told[None], chance))[0]
        return Made(
            float(np.exp(asked[0])),
            **settings,
            seconds=seconds,
            seed=int(seed),
            told=told,
            chance=chance,
            log_mel=log_mel,
        )

    def sound(self, made, *, title=""):
        """What was made, heard: the vocoder, the limiter, and an end where it was asked for."""
        frames = np.concatenate([made.log_mel, made.log_mel[-1:]])  # a sound is one hop short of its frames
        samples = self.vocode(frames)[: round(made.seconds * SAMPLE_RATE)]
        return Sound(limited(samples), title=title or f"By the road {self.name}")

    def settled(self, features, *, seed=0, tempo=None, key=None):
        """What holds for a whole piece.

        Parameters
        ----------
        features : np.ndarray, shape (18,)
        seed, tempo, key
            As `make` takes them.

        Returns
        -------
        asked : np.ndarray, shape (4,)
            As `mapping.heard` counts it.
        settings : dict
            "beats_per_bar" and "tonic".
        chance : np.ndarray, shape (1, NOISE), float32

        Raises
        ------
        ValueError
            A setting out of range, or a mode in the key.
        """
        seed = whole_seed(seed)
        asked = self.asked_by(features[None])[0]
        if tempo is not None:
            asked[0] = math.log(number("tempo", tempo, LOCKED_TEMPO, "BPM"))
        random = np.random.default_rng(seed)
        tonic, chance = int(random.integers(12)), CALM * random.standard_normal((1, NOISE)).astype(np.float32)
        if key is not None:
            tonic, mode = parse_key(key)
            if mode:
                raise ValueError(
                    f"The road {self.name!r} takes the mode from the picture: give only the tonic of {key!r}."
                )
        return asked, {"beats_per_bar": 3 if seed % 4 == WALTZ else 4, "tonic": tonic}, chance

    def causes(self, made, *, n_steps=96):
        """What each feature of the picture moves in the sound: made again as if it were in the middle of natural ones.

        The first `n_steps` (4.5 s) are compared, as log-mel; the conductor is asked for the tempo.

        Returns
        -------
        dict of str to dict
            Feature -> {"tempo": BPM, "level": dB, "brightness": octaves, "activity": dB}: how much more of it the sound
            has because the feature is what it is.
        """
        told = np.repeat(made.told[None, :n_steps], len(FEATURES) + 1, axis=0)
        for k in range(len(FEATURES)):
            told[k + 1, :, k] = 0
        asked = self.asked_by(told[:, 0, : len(FEATURES)])
        busy = slice(len(FEATURES) + 1, len(FEATURES) + len(ASKED))  # the clock goes on as it did
        told[:, :, busy] = ((asked - self.scales.asked[0]) / self.scales.asked[1])[:, None, 1:]
        chance = np.repeat(made.chance, len(told), axis=0)
        found = summaries(self.decode(self.latent(told, chance)))
        found["tempo"] = np.exp(asked[:, 0])
        return {
            name: {quality: float(values[0] - values[k + 1]) for quality, values in found.items()}
            for k, name in enumerate(FEATURES)
        }


def _by_our_vocoder(frames):
    return vocoders.get("neural")(frames).samples


def summaries(log_mel):
    """How loud, bright and busy spectrograms are.

    Parameters
    ----------
    log_mel : np.ndarray, shape (batch, frames, N_MELS), dB

    Returns
    -------
    dict of str to np.ndarray, shape (batch,)
        "level": dB; "brightness": mean of the bands by their magnitude, octaves above 1 kHz; "activity": mean rise
        from frame to frame, dB.
    """
    magnitude = 10 ** (log_mel / 20)
    octaves = np.log2(mel_to_hz(np.linspace(0, hz_to_mel(SAMPLE_RATE / 2), N_MELS + 2)[1:-1]) / 1000)
    audible = np.maximum(log_mel, log_mel.max(axis=(1, 2), keepdims=True) - 60)
    return {
        "level": level(log_mel),
        "brightness": (magnitude * octaves).sum(axis=(1, 2)) / magnitude.sum(axis=(1, 2)),
        "activity": np.maximum(np.diff(audible, axis=1), 0).mean(axis=(1, 2)),
    }


@functools.cache
def open_road(name):
    """A spectral road with the shipped weights, opened once.

    Raises
    ------
    ValueError
        There is no such road, or its weights are missing or damaged.
    ImportError
        TensorFlow is missing.
    """
    if name not in KINDS:
        raise ValueError(f"The spectral roads are {', '.join(KINDS)}, but {name!r:.40} was asked for.")
    networks, conductor = KINDS[name][0](), {"conductor": mapping.build_conductor()}
    load_networks(data_path(f"mapping_{name}"), networks)
    load_networks(data_path("mapping_conductor"), conductor)
    scales = Scales.load(data_path("mapping_scales"))
    return SpectralRoad(name, networks, conductor["conductor"], scales, open_codec(), open_finish(name))
