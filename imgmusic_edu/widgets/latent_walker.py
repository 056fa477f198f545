"""A walk through the latent space of the codec: two sliders move a point, and the sound follows while it plays.

Either the point lies between four sounds, one at each corner, or it leaves the first of them along the two directions
in which latents differ most. What has been rendered is HTML with a short script: a sound that plays goes on playing
from the same place when the point moves, and starts nowhere by itself.

Taught in chapter 06.
"""

from html import escape

import ipywidgets
import numpy as np

from .. import vocoders
from ..audio_features.transforms import hz_to_mel, log_mel, mel_to_hz
from ..sounds import SAMPLE_RATE, Sound
from ..synthesizer import limited
from .controls import Answering, choice_list, number_slider, shipped_sound, sound_choice
from .markup import block, bundle, encode_shades, image, told

__all__ = ["LatentWalker", "compute", "directions", "latent_walker", "render", "summary"]

SECONDS = 2.5  # of each sound: what a slider can wait for
CORNERS = ("lower left", "lower right", "upper left", "upper right")
SHIPPED = ("scarborough_fair", "bethena", "black_mountain", "map_26")  # nothing was learnt from these pieces
KINDS = (("Between four sounds", "corners"), ("Away from the first sound", "directions"))
REACH = 3.0  # standard deviations from the middle to the edge of the field
RANGE = 70.0  # dB below the loudest that are drawn
FAINT = 60.0  # dB below the loudest: softer bands do not count in the spectrum's middle


def compute(parameters):
    """What there is at a point of the latent space.

    Parameters
    ----------
    parameters : dict
        "kind": "corners" or "directions"; "x", "y": -100 (left, down) to 100 (right, up), %; "latents": four arrays of
        one shape (steps, n), the corners'; "titles": four texts; "codec": what has `decode`, as
        `networks.codec.Codec`; "axes", optional: `directions` of the latents, where they are known already.

    Returns
    -------
    dict
        "weights": np.ndarray, shape (4,), how much of each corner; "moved": np.ndarray, shape (2,), standard deviations
        along both directions; "latent": shape (steps, n); "log_mel": shape (frames, bands), dB; "sound": Sound;
        "level" (dB, mean over bands that count), "centre" (Hz, the spectrum's middle), "flux" (dB, mean change from
        frame to frame); and the parameters.

    Raises
    ------
    ValueError
        A kind that there is not, a point outside of the field, or latents that differ in shape.

    Notes
    -----
    Taught in chapter 06, section "A walk by ear".
    """
    latents = [np.asarray(latent, np.float32) for latent in parameters["latents"]]
    shapes = {latent.shape for latent in latents}
    if len(latents) != 4 or len(shapes) != 1 or latents[0].ndim != 2:
        raise ValueError(f"Four latents of one shape (steps, n) are needed, but these have {sorted(shapes)}.")
    x, y = parameters["x"] / 100, parameters["y"] / 100
    if not (abs(x) <= 1 and abs(y) <= 1):
        raise ValueError(f"The field goes from -100 to 100 %, but the point lies at {100 * x:g}, {100 * y:g}.")
    weights, moved = np.array([1.0, 0, 0, 0]), np.zeros(2)
    if parameters["kind"] == "corners":
        right, up = (1 + x) / 2, (1 + y) / 2
        weights = np.array([(1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up])
        latent = sum(np.float32(weight) * row for weight, row in zip(weights, latents, strict=True))
    elif parameters["kind"] == "directions":
        axes = parameters.get("axes")
        moved = REACH * np.array([x, y])
        latent = latents[0] + moved.astype(np.float32) @ (directions(latents) if axes is None else axes)
    else:
        raise ValueError(f"A walk goes by 'corners' or 'directions', not by {parameters['kind']!r:.40}.")
    levels = parameters["codec"].decode(latent[None])[0]
    found = {"weights": weights, "moved": moved, "latent": latent, "log_mel": levels} | _measured(levels)
    samples = vocoders.get("neural")(np.concatenate([levels, levels[-1:]])).samples
    return parameters | found | {"sound": Sound(limited(samples), title="Where you are")}


def directions(latents):
    """The two directions in which rows of latents differ most, each as long as their standard deviation along it.

    Parameters
    ----------
    latents : sequence of np.ndarray, shape (steps, n)

    Returns
    -------
    np.ndarray, shape (2, n), float32
        Principal axes; the largest number of each is positive.
    """
    rows = np.concatenate([np.asarray(latent, float) for latent in latents])
    _, spread, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    axes = axes[:2] * (spread[:2] / np.sqrt(max(1, len(rows) - 1)))[:, None]
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1))
    return (axes * np.where(signs == 0, 1, signs)).astype(np.float32)


def _measured(levels):
    counted = levels > levels.max() - FAINT
    power = np.where(counted, 10 ** (levels / 10), 0).sum(axis=0)
    tops = mel_to_hz(np.linspace(0, hz_to_mel(SAMPLE_RATE / 2), levels.shape[1] + 2))[1:-1]  # Hz, of the bands
    middle = float(power @ tops / max(power.sum(), 1e-12))
    floored = np.maximum(levels, levels.max() - FAINT)
    flux = float(np.abs(np.diff(floored, axis=0)).mean()) if len(levels) > 1 else 0.0
    return {"level": float(levels[counted].mean()), "centre": middle, "flux": flux}


# ---- in words --------------------------------------------------------------------------------------------------------


def place(result):
    """Where the point is, in words."""
    if result["kind"] == "directions":
        along = " and ".join(f"{value:+.1f} along direction {n}" for n, value in enumerate(result["moved"], 1))
        return f"From {result['titles'][0]}: {along} (standard deviations)."
    shares = sorted(zip(result["weights"], result["titles"], strict=True), key=lambda pair: -pair[0])
    return "Here: " + ", ".join(f"{100 * share:.0f} % {title}" for share, title in shares if share >= 0.005) + "."


def summary(result):
    """Where the point is and what sounds there, in words."""
    return (
        f"{place(result)} What sounds there has its middle at {result['centre']:.0f} Hz, bands of "
        f"{result['level']:.0f} dB on average, and changes by {result['flux']:.1f} dB from frame to frame."
    )


# ---- drawn -----------------------------------------------------------------------------------------------------------

# Runs when the last style has been read: that also happens where an ipywidgets.HTML is filled, in which a <script>
# would stay dead. Whoever has pressed play hears on from the same place after a move; nothing starts by itself.
_SCRIPT = """\
const root = this.closest('.im-walk');
if (!root.dataset.ready) {
  root.dataset.ready = 'yes';
  const sound = root.querySelector('audio'), long = Number(root.dataset.seconds), key = root.dataset.key;
  const walks = (window.imWalks = window.imWalks || {});
  const walk = (walks[key] = walks[key] || { playing: false, at: 0, when: 0 });
  const note = () => { if (sound.isConnected) { walk.at = sound.currentTime; walk.when = performance.now(); } };
  if (walk.playing) {
    sound.currentTime = (walk.at + (performance.now() - walk.when) / 1000) % long;
    sound.play().catch(() => { walk.playing = false; });
  }
  sound.addEventListener('timeupdate', note);
  sound.addEventListener('play', () => { walk.playing = true; note(); });
  sound.addEventListener('pause', () => { if (sound.isConnected) walk.playing = false; });
}"""

_FIELD = """\
<svg viewBox="-112 -112 224 224" width="150" height="150" role="img" aria-label="{alt}" style="flex: none">
<rect x="-100" y="-100" width="200" height="200" fill="none" stroke="currentColor" stroke-width="2"/>
<path d="M-100 0H100M0-100V100" stroke="currentColor" stroke-width="0.5"/>
<circle cx="{x:.0f}" cy="{y:.0f}" r="9" fill="#b34700" stroke="#ffffff" stroke-width="2"/></svg>"""


def render(result, *, key="walk"):
    """The field with its point, the sound, looped, with its player, and its mel spectrogram.

    Parameters
    ----------
    result : dict
        From `compute`.
    key : str
        Sounds that follow one another under the same key go on from the same place.

    Returns
    -------
    str
        HTML, complete in itself.
    """
    x, y, sound = result["x"], -result["y"], result["sound"]
    field = _FIELD.format(alt=escape(field_in_words(result)), x=x, y=y)
    source = sound._repr_html_().partition('src="')[2].partition('"')[0]
    levels = result["log_mel"]
    shades = np.clip(1 + (levels.T[::-1] - levels.max()) / RANGE, 0, 1)  # (bands, frames), highest first
    alt = (
        f"Mel spectrogram of where you are, {sound.seconds:.1f} s to the right, {levels.shape[1]} bands upwards to "
        f"{SAMPLE_RATE // 2} Hz. {summary(result)}"
    )
    player = (
        f'<audio controls loop preload="auto" aria-label="{escape(place(result))}" src="{source}" '
        'style="width: 100%; max-width: 480px; height: 36px"></audio>'
    )
    drawn = image(encode_shades(shades), alt, style="height: 110px")
    return block(
        f'<div class="im-walk" role="group" aria-label="A place in the latent space" data-key="{escape(key)}" '
        f'data-seconds="{sound.seconds:.3f}"><div style="display: flex; flex-wrap: wrap; gap: 10px">{field}'
        f'<div style="flex: 1 1 220px; min-width: 0">{player}{drawn}</div></div>'
        f'<style onload="{escape(_SCRIPT)}">.im-walk audio {{ display: block; margin-bottom: 6px }}</style></div>'
    )


def field_in_words(result):
    """What the drawing of the field shows."""
    at = f"The point is {abs(result['x'])} % {'right' if result['x'] >= 0 else 'left'} of and "
    at += f"{abs(result['y'])} % {'above' if result['y'] >= 0 else 'below'} the middle of a square field. "
    if result["kind"] == "directions":
        return f"{at}In the middle is {result['titles'][0]}; the edges are {REACH:g} standard deviations away."
    return at + "; ".join(f"{corner}: {title}" for corner, title in zip(CORNERS, result["titles"], strict=True)) + "."


# ---- the panel -------------------------------------------------------------------------------------------------------


class LatentWalker(Answering):
    """Two sliders over a field between four sounds; `latent_walker` is the way to one.

    Parameters
    ----------
    sounds : sequence of Sound, optional
        One to four, for the corners from the lower left on; shipped pieces take the others.
    codec : optional
        What has `encode` and `decode`, such as one's own `networks.codec.Codec`; the shipped one by default.

    Attributes
    ----------
    result : dict or None
        From `compute`, for the controls as they stand.
    error : Exception or None
        What went wrong last, also shown as a sentence; None if nothing did.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, sounds=None, *, codec=None):
        given = list(sounds or ())
        if len(given) > 4:
            raise ValueError(f"The field has four corners, but {len(given)} sounds were given.")
        self._codec, self._seen = codec, {}
        self._others = [*given[1:], *(shipped_sound(name) for name in SHIPPED[len(given[1:]) + 1 :])]
        self.sound = sound_choice(self._moved, given[0] if given else None)
        self.kind = choice_list("Walk", KINDS, value="corners")
        self.x = number_slider("Left to right (%)", 0, -100, 100, step=5)
        self.y = number_slider("Down to up (%)", 0, -100, 100, step=5)
        self.drawing, self.words = ipywidgets.HTML(), ipywidgets.HTML()
        super().__init__([self.sound, self.kind, self.x, self.y, self.words, self.drawing])
        if not given:
            with self._unwatched():
                self.sound.list.value = SHIPPED[0]
        self._watch(self.kind, self.x, self.y)
        self._try(self.update)

    @property
    def parameters(self):
        """What the controls say, for `compute`."""
        sounds = [self.sound.chosen, *self._others]
        # Each is encoded once, as long as it has a corner.
        self._seen = {id(sound): self._seen.get(id(sound)) or (sound, self._encoded(sound)) for sound in sounds}
        latents = [self._seen[id(sound)][1] for sound in sounds]
        steps = min(map(len, latents))
        return {
            "kind": self.kind.value,
            "x": self.x.value,
            "y": self.y.value,
            "latents": tuple(latent[:steps] for latent in latents),
            "titles": (self.sound.list.label, *(sound.title for sound in self._others)),
            "codec": self._codec,
        }

    def _encoded(self, sound):
        """The latent of a sound's first seconds that can be heard."""
        if self._codec is None:
            from ..networks.codec import open_codec

            self._codec = open_codec()
        return self._codec.encode(log_mel(excerpt(sound))[None])[0]

    def _compute(self, parameters):
        return compute(parameters)

    def _show(self, result):
        self.words.value = told(summary(result))
        self.drawing.value = render(result, key=self.model_id)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return bundle(self, f"<LatentWalker from {self.sound.list.label}>", f"{self.words.value}{self.drawing.value}")


def excerpt(sound):
    """The first `SECONDS` of a sound, from where it can be heard on; silence follows what is shorter.

    Raises
    ------
    ValueError
        Another sample rate.
    """
    if sound.sample_rate != SAMPLE_RATE:
        raise ValueError(f"The codec works at {SAMPLE_RATE} Hz, but this sound has {sound.sample_rate}: open it again.")
    samples, n = sound.samples, round(SECONDS * SAMPLE_RATE)
    first = int(np.argmax(np.abs(samples) > 0.1 * np.abs(samples).max())) if samples.any() else 0
    part = samples[max(0, first - SAMPLE_RATE // 50) :][:n]
    return np.pad(part, (0, n - len(part)))


def latent_walker(sounds=None, *, codec=None):
    """A field between four sounds, to be walked by two sliders: hear what the codec makes of every point.

    Parameters
    ----------
    sounds : sequence of Sound, optional
        One to four, for the corners from the lower left on; shipped pieces take the others.
    codec : optional
        A codec of one's own; the shipped one by default.

    Returns
    -------
    LatentWalker

    Notes
    -----
    Taught in chapter 06.
    """
    return LatentWalker(sounds, codec=codec)
