"""A spectrogram whose window, hop, bands and range can be moved: what each of them shows, and what it hides.

Taught in chapter 03.
"""

import ipywidgets
import numpy as np
from scipy import sparse

from ..audio_features.transforms import hz_to_mel, mel_filters, mel_to_hz, stft
from .controls import Answering, number_slider, sound_choice, value_slider
from .markup import block, encode_shades, image, magma, sound_player, told

__all__ = ["SpectrogramMicroscope", "compute", "render", "spectrogram_microscope", "summary"]

WINDOWS = tuple(2**k for k in range(8, 14))  # samples, 256 .. 8192
HOPS = tuple(2**k for k in range(5, 13))  # samples, 32 .. 4096
BANDS = (0, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256)  # mel bands; 0: the bins themselves
COLUMNS, ROWS = 640, 320  # finer cannot be seen
HEIGHT = 260  # of the image, px
CLOSE = 8  # frames that share 7/8 of their samples look alike, so of closer ones not all are drawn
FAINTEST = 1e-12  # of the loudest power: -120 dB, the lowest a slider goes


def compute(parameters):
    """The spectrogram of a sound as there is room to show it.

    Where frames or bins are finer than pixels, a pixel shows the loudest of its own. Of frames that overlap by more
    than 7/8 only every second, third ... is computed: that keeps a long window with a small hop as fast as any other.

    Parameters
    ----------
    parameters : dict
        "sound": Sound; "n_fft", "hop_length": samples; "n_mels": mel bands, or 0 for the bins of the transform;
        "decibels": whether levels are logarithmic; "range": dB below the loudest that are dark.

    Returns
    -------
    dict
        "shades": np.ndarray, shape (rows, columns), 0 dark .. 1 loudest, highest frequency first; "frequencies":
        np.ndarray, shape (n_bands,), Hz, of the bins or bands, lowest first; "n_frames"; "n_drawn": frames computed,
        and "step": s from one to the next; "empty": mel bands without a bin; "loudest": (s, Hz), or None in silence;
        and the parameters.

    Notes
    -----
    Taught in chapter 03.
    """
    sound, n_fft, hop_length = (parameters[name] for name in ("sound", "n_fft", "hop_length"))
    rate, n_mels = sound.sample_rate, parameters["n_mels"]
    every = max(1, n_fft // (CLOSE * hop_length))
    spectrum = stft(sound.samples, n_fft=n_fft, hop_length=hop_length * every)
    power = spectrum.real**2 + spectrum.imag**2  # (frames, bins)
    frequencies, empty = np.arange(n_fft // 2 + 1) * rate / n_fft, 0
    if n_mels:
        filters = mel_filters(sample_rate=rate, n_fft=n_fft, n_mels=n_mels)  # (bins, mels)
        empty = int((~filters.any(axis=0)).sum())
        # Sparse, for a band holds few bins; and a dense product's threads wait for each other on a shared machine.
        power = power @ sparse.csr_array(filters)
        frequencies = mel_to_hz(np.linspace(0, hz_to_mel(rate / 2), n_mels + 2)[1:-1])
    loudest = float(power.max())
    frame, band = np.unravel_index(int(power.argmax()), power.shape)
    relative = _largest(_largest(power, COLUMNS, axis=0), ROWS, axis=1) / (loudest or 1.0)
    if parameters["decibels"]:
        shades = 1 + 10 * np.log10(np.maximum(relative, FAINTEST)) / parameters["range"]
    else:
        shades = np.sqrt(relative)
    return parameters | {
        "shades": np.clip(shades, 0.0, 1.0).T[::-1],
        "frequencies": frequencies,
        "n_frames": 1 + len(sound.samples) // hop_length,
        "n_drawn": len(power),
        "step": hop_length * every / rate,
        "empty": empty,
        "loudest": (frame * hop_length * every / rate, float(frequencies[band])) if loudest > 0 else None,
    }


def _largest(values, n, *, axis):
    """At most `n` values along an axis, each the largest of its share."""
    length = values.shape[axis]
    if length <= n:
        return values
    return np.maximum.reduceat(values, np.arange(n) * length // n, axis=axis)


# ---- in words --------------------------------------------------------------------------------------------------------


def summary(result):
    """What these settings can tell apart and what they cost, in words.

    Two tones of equal level part in a Hann window's spectrum from two bins on (6 dB bandwidth, Harris 1978).
    """
    rate, n_fft, hop_length = result["sound"].sample_rate, result["n_fft"], result["hop_length"]
    window, hop = 1000 * n_fft / rate, 1000 * hop_length / rate
    n_windows = n_fft // hop_length
    if n_windows:
        seen = f"so each moment is seen by {n_windows} window{'' if n_windows == 1 else 's'}"
    else:
        seen = f"so {100 * (1 - n_fft / hop_length):.0f} % of the samples are seen by no window"
    sentences = [
        f"A window of {n_fft} samples, {window:.0f} ms, has bins {rate / n_fft:.3g} Hz apart: it tells tones apart "
        f"from {2 * rate / n_fft:.3g} Hz on, and smears a click over {window:.0f} ms.",
        f"It moves on by {hop_length} samples, {hop:.3g} ms, {seen}.",
        f"{rate / hop_length:.3g} frames a second of {_bands(result)} are {_numbers(result):.0f} numbers, in place of "
        f"{rate} samples.",
    ]
    if result["empty"]:
        sentences.append(
            f"{result['empty']} of the bands lie between two bins and stay empty: the window is too short."
        )
    return " ".join([*sentences, _loudest(result)])


def _bands(result):
    return f"{len(result['frequencies'])} {'mel bands' if result['n_mels'] else 'bins'}"


def _numbers(result):
    return result["sound"].sample_rate / result["hop_length"] * len(result["frequencies"])


def _loudest(result):
    if result["loudest"] is None:
        return "The sound is silent."
    seconds, frequency = result["loudest"]
    return f"Loudest at {seconds:.2f} s, in the {'band' if result['n_mels'] else 'bin'} at {frequency:.0f} Hz."


def description(result):
    """What is drawn, in words: axes and range."""
    scale = "even steps of mel" if result["n_mels"] else "even steps of Hz"
    level = f"bright 0 dB, the loudest, to dark {-result['range']} dB" if result["decibels"] else "magnitude itself"
    few = "" if result["n_drawn"] >= result["n_frames"] else f"; {result['n_drawn']} of its frames are drawn"
    return (
        f"Spectrogram of {result['sound'].title}, {result['sound'].seconds:.1f} s to the right, frequency upwards to "
        f"{result['sound'].sample_rate / 2:.0f} Hz in {scale}, {level}{few}."
    )


# ---- drawn -----------------------------------------------------------------------------------------------------------

_FIGURE = """\
<div style="display: flex; font-size: 12px; line-height: 1.3">
<div aria-hidden="true" style="position: relative; flex: none; width: 48px">{frequencies}</div>
<div style="flex: 1; min-width: 0">{image}
<div aria-hidden="true" style="position: relative; height: 18px">{times}</div>
<div aria-hidden="true" style="display: flex; align-items: center; gap: 6px"><span>{softest}</span>\
<span style="flex: 1; max-width: 160px; height: 10px; background: {gradient}"></span><span>{loudest}</span></div>
</div></div>"""


def render(result):
    """The spectrogram as an image with its axes around it.

    Parameters
    ----------
    result : dict
        From `compute`.

    Returns
    -------
    str
        HTML.
    """
    colours = ", ".join("rgb({}, {}, {})".format(*colour) for colour in magma(9))
    figure = _FIGURE.format(
        image=image(encode_shades(result["shades"]), description(result), style=f"height: {HEIGHT}px"),
        frequencies=_frequency_axis(result),
        times=_time_axis(result),
        softest=f"{-result['range']} dB" if result["decibels"] else "0",
        loudest="0 dB (the loudest)" if result["decibels"] else "1 (the loudest)",
        gradient=f"linear-gradient(to right, {colours})",
    )
    return block(figure)


def _frequency_axis(result):
    """Marks at the height of their bin or band; a row of the image is as high as one of them."""
    frequencies = result["frequencies"]
    marks = (100, 500, 1000, 2000, 4000, 8000) if result["n_mels"] else (0, 2000, 4000, 6000, 8000, 10_000)
    places = np.interp(marks, frequencies, np.arange(len(frequencies)) + 0.5) / len(frequencies)
    return "".join(
        f'<span style="position: absolute; right: 4px; top: {HEIGHT * (1 - place) - 8:.0f}px">{_hertz(mark)}</span>'
        for mark, place in zip(marks, places, strict=True)
        if frequencies[0] <= mark <= frequencies[-1]
    )


def _hertz(mark):
    return f"{mark / 1000:g} kHz" if mark >= 1000 else f"{mark} Hz"


def _time_axis(result):
    """Marks in seconds; 0 s is the middle of the first column."""
    seconds = result["sound"].seconds
    apart = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if 8 * step >= seconds), 20)
    marks = np.arange(0, seconds, apart)
    places = (marks / result["step"] + 0.5) / result["n_drawn"]
    return "".join(
        f'<span style="position: absolute; left: {100 * place:.2f}%; transform: translateX(-50%)">{mark:.3g} s</span>'
        for mark, place in zip(marks, places, strict=True)
        if place <= 1
    )


class SpectrogramMicroscope(Answering):
    """A sound and its spectrogram under five controls; `spectrogram_microscope` is the way to one.

    Attributes
    ----------
    result : dict
        The last result of `compute`.
    error : Exception or None
        What went wrong in the last answer, also shown as a sentence; None if nothing did.
    """

    _compute = staticmethod(compute)

    def __init__(self, sound=None):
        self.sound = sound_choice(self._other_sound, sound)
        self.n_fft = value_slider("Window (samples)", [(str(n), n) for n in WINDOWS], 1024)
        self.hop_length = value_slider("Hop (samples)", [(str(n), n) for n in HOPS], 256)
        self.n_mels = value_slider("Mel bands", [(str(n) if n else "none: Hz", n) for n in BANDS], 0)
        self.decibels = ipywidgets.Checkbox(description="Levels in decibels (logarithmic)", value=True, indent=False)
        self.range = number_slider("Range (dB)", 80, 20, 120, step=5)
        self.player, self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML(), ipywidgets.HTML()
        controls = (self.n_fft, self.hop_length, self.n_mels, self.decibels, self.range)
        super().__init__([self.sound, self.player, *controls, self.drawing, self.words])
        self._watch(*controls)
        self.update()

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        names = ("n_fft", "hop_length", "n_mels", "decibels", "range")
        return {"sound": self.sound.chosen} | {name: getattr(self, name).value for name in names}

    def _other_sound(self):
        self.player.value = ""
        self.words.value = told("Playing the notes ...")
        self._moved()

    def _show(self, result):
        self.range.disabled = not result["decibels"]
        if not self.player.value:
            self.player.value = sound_player(result["sound"])
        self.drawing.value = render(result)
        self.words.value = told(summary(result))


def spectrogram_microscope(sound=None):
    """A spectrogram whose window, hop, bands and range follow sliders.

    Parameters
    ----------
    sound : Sound, optional
        Chosen at the start, cut to 15 s, at the head of the list of shipped scores.

    Returns
    -------
    SpectrogramMicroscope

    Examples
    --------
    >>> spectrogram_microscope(open_sound("my_song.mp3"))            # doctest: +SKIP

    Notes
    -----
    Taught in chapter 03.
    """
    return SpectrogramMicroscope(sound)
