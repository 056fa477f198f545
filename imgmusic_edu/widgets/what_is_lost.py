"""A sound, what a representation gives back of it, and what it loses: three sounds side by side.

Taught in chapter 03.
"""

import ipywidgets
import numpy as np

from ..audio_features.inverses import round_trip
from ..audio_features.transforms import HOP_LENGTH, N_FFT, N_MELS, N_MFCC, log_mel
from ..sounds import Sound
from .controls import Answering, choice_list, number_slider, sound_choice
from .markup import block, encode_shades, image, row, sound_player, table, told

__all__ = ["WhatIsLost", "compute", "render", "summary", "what_is_lost"]

#: What each representation is called, and what it has let go.
KINDS = {
    "stft": ("STFT", "nothing but rounding is let go"),
    "magnitude": ("Magnitudes of the STFT", "the phase is let go"),
    "mel": ("Mel bands", "the phase and what happens within a band are let go"),
    "mfcc": ("MFCC", "the phase, what happens within a band and the fine structure of the spectrum are let go"),
}
SOUNDS = ("original", "back", "lost")
RANGE = 80.0  # dB below the original's loudest that are drawn
USED = {"n_iter": ("magnitude", "mel", "mfcc"), "n_mels": ("mel", "mfcc"), "n_mfcc": ("mfcc",)}


def compute(parameters):
    """A sound's way into a representation and back.

    Parameters
    ----------
    parameters : dict
        "sound": Sound; "kind": "stft", "magnitude", "mel" or "mfcc"; "n_mels"; "n_mfcc", at most `n_mels`; "n_iter":
        rounds of Griffin and Lim's search for a phase.

    Returns
    -------
    dict
        "original", "back", "lost": Sound; "turned_down": dB by which all three were turned down so that none goes
        beyond full scale; "kept": numbers a second; "spectral_convergence": ratio; "log_spectral_distance": dB; and
        the parameters.

    Raises
    ------
    ValueError
        As for `audio_features.inverses.round_trip`.

    Notes
    -----
    Taught in chapter 03.
    """
    sound = parameters["sound"]
    settings = {name: parameters[name] for name in ("kind", "n_mels", "n_mfcc", "n_iter")}
    trip = round_trip(sound.samples, sample_rate=sound.sample_rate, **settings)
    rows = {"original": sound.samples, "back": trip.samples, "lost": trip.lost}
    # One gain for all three: what is softer than something else stays so.
    peak = max(1.0, *(float(np.abs(samples).max()) for samples in rows.values()))
    titles = {"original": sound.title, "back": "What came back", "lost": "What was lost"}
    sounds = {
        name: Sound(np.clip(samples / peak, -1, 1), sample_rate=sound.sample_rate, title=titles[name])
        for name, samples in rows.items()
    }
    measured = {name: getattr(trip, name) for name in ("kept", "spectral_convergence", "log_spectral_distance")}
    return parameters | sounds | measured | {"turned_down": 20 * float(np.log10(peak))}


def numbers_kept(parameters):
    """Numbers a second that a representation holds, a float: of the STFT's bins all but two are two numbers."""
    a_frame = {"stft": N_FFT, "magnitude": N_FFT // 2 + 1, "mel": parameters["n_mels"], "mfcc": parameters["n_mfcc"]}
    return a_frame[parameters["kind"]] * parameters["sound"].sample_rate / HOP_LENGTH


# ---- in words --------------------------------------------------------------------------------------------------------


def plan(parameters):
    """What the settings mean, before anything is computed, in words."""
    kind, rate = parameters["kind"], parameters["sound"].sample_rate
    name, lets_go = KINDS[kind]
    count = {"mel": f", {parameters['n_mels']} of them", "mfcc": f", {parameters['n_mfcc']} of them"}.get(kind, "")
    return f"{name}{count}: {numbers_kept(parameters):.0f} numbers a second in place of {rate} samples; {lets_go}."


def summary(result):
    """What came back and what it cost, in words."""
    lost = 100 * result["spectral_convergence"]
    quieter = f" All three are turned down by {result['turned_down']:.1f} dB." if result["turned_down"] else ""
    return (
        f"{plan(result)} What came back differs from the original by {lost:.3g} % of its spectrum (spectral "
        f"convergence) and by {result['log_spectral_distance']:.3g} dB in a typical bin (log-spectral distance)."
        f"{quieter}"
    )


# ---- drawn -----------------------------------------------------------------------------------------------------------


def render(result):
    """The three sounds side by side, each with its player and its spectrogram, and the numbers below.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML.
    """
    return _side_by_side(result, [_card(result, name) for name in SOUNDS])


def _side_by_side(result, cards):
    rows = (
        ("Numbers a second", f"{result['kept']:.0f}", f"{result['sound'].sample_rate}"),
        ("Spectral convergence", f"{result['spectral_convergence']:.3g}", "0"),
        ("Log-spectral distance (dB)", f"{result['log_spectral_distance']:.3g}", "0"),
    )
    return block(row(*cards) + table("What it cost", ("here", "the sound itself"), rows))


def _card(result, name):
    """A player and a spectrogram, whose shades mean the same levels in all three."""
    sound = result[name]
    levels, loudest = _levels(sound), float(_levels(result["original"]).max())
    below = loudest - float(levels.max())
    alt = (
        f"Spectrogram of {sound.title}, {sound.seconds:.1f} s to the right, {N_MELS} mel bands to "
        f"{sound.sample_rate / 2:.0f} Hz upwards; its loudest place is {abs(below):.0f} dB "
        f"{'below' if below >= 0 else 'above'} the original's."
    )
    shades = np.clip(1 + (levels.T[::-1] - loudest) / RANGE, 0, 1)  # (mels, frames), highest first
    drawn = image(encode_shades(shades), alt, style="height: 110px")
    return f'<div style="flex: 1 1 200px; min-width: 0">{sound_player(sound)}{drawn}</div>'


def _levels(sound):
    return log_mel(sound.samples, sample_rate=sound.sample_rate)  # (frames, mels), dB


# ---- the panel -------------------------------------------------------------------------------------------------------


class WhatIsLost(Answering):
    """A sound, a representation and its settings, and a button; `what_is_lost` is the way to one.

    Attributes
    ----------
    result : dict or None
        From `compute`; None until the button has been pressed for the settings as they stand.
    error : Exception or None
        What went wrong last, also shown as a sentence; None if nothing did.
    """

    def __init__(self, sound=None):
        self.sound = sound_choice(self._moved, sound)
        kinds = [(name, kind) for kind, (name, _) in KINDS.items()]
        self.kind = choice_list("Representation", kinds, value="mel", name_width=110)
        self.n_mels = number_slider("Mel bands", N_MELS, 8, 256, step=4)
        self.n_mfcc = number_slider("Coefficients (MFCC)", N_MFCC, 1, 128)
        self.n_iter = number_slider("Rounds for the phase", 32, 0, 128, step=4)
        self.button = ipywidgets.Button(description="Hear what is lost", button_style="primary", icon="music")
        self.progress = ipywidgets.IntProgress(min=0, max=1 + len(SOUNDS), layout=ipywidgets.Layout(display="none"))
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        controls = (self.kind, self.n_mels, self.n_mfcc, self.n_iter)
        going = ipywidgets.HBox([self.button, self.progress])
        super().__init__([self.sound, *controls, self.words, going, self.drawing])
        self._watch(*controls)
        self.button.on_click(lambda _: self._try(self.hear))
        self.update()

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        names = ("kind", "n_mels", "n_mfcc", "n_iter")
        return {"sound": self.sound.chosen} | {name: getattr(self, name).value for name in names}

    def update(self):
        """Say what the settings mean; what could be heard belongs to others, and goes."""
        for name, kinds in USED.items():
            getattr(self, name).disabled = self.kind.value not in kinds
        self._result, self.drawing.value = None, ""
        self.words.value = told(plan(self.parameters))

    def hear(self):
        """Go there and back, and show the three sounds; what goes wrong is raised."""
        self._settle()
        self.button.disabled, self.progress.value, self.progress.layout.display = True, 0, ""
        self.words.value = told(f"There and back, in a few seconds. {plan(self.parameters)}")
        try:
            result, cards = compute(self.parameters), []
            for name in SOUNDS:
                self.progress.value += 1
                cards.append(_card(result, name))
            self._result, self.drawing.value = result, _side_by_side(result, cards)
            self.words.value = told(summary(result))
        finally:
            self.button.disabled, self.progress.layout.display = False, "none"


def what_is_lost(sound=None):
    """A sound turned into numbers and made again from them alone: hear what came back, and what did not.

    Parameters
    ----------
    sound : Sound, optional
        Chosen at the start, cut to 15 s, at the head of the list of shipped scores.

    Returns
    -------
    WhatIsLost

    Notes
    -----
    Taught in chapter 03.
    """
    return WhatIsLost(sound)
