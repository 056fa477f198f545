"""The studio's knobs: each shows what is heard, stays where it is put, and can be let go again.

Taught in chapter 11.
"""

import functools

import ipywidgets

from ..composer.plan import LOCKED_TEMPO, PARTS
from ..crossmodal import RULES
from ..instruments import INSTRUMENTS
from ..roads import names
from ..scores import MODES, PITCH_NAMES
from ..studio.session import LOCKS, heard

__all__ = ["Knobs"]

LENGTHS = (8, 10, 15, 20, 30, 45, 60)  # s
ROAD_NAMES = {
    "score": "by rules and notes",
    "linear": "network: linear",
    "mlp": "network: perceptron",
    "autoencoder": "network: autoencoder",
    "vae": "network: VAE",
    "gan": "network: GAN",
}
BOTH = {"C#": "C# / Db", "Eb": "D# / Eb", "F#": "F# / Gb", "Ab": "G# / Ab", "Bb": "A# / Bb"}
WEIGHTS = (0.0, 2.0, 0.25)  # of a rule: lowest, highest, step


class Knobs(ipywidgets.VBox):
    """All that can be turned, with a lock for each that the picture or a re-roll would move.

    Parameters
    ----------
    on_turn : callable (name, value)
        A setting was given another value; the names of parts stand for their instruments.
    on_lock : callable (name, whether)

    Attributes
    ----------
    controls : dict of str to widget
        By setting.
    locks : dict of str to ipywidgets.ToggleButton
    reroll : ipywidgets.Button
    rules : dict of str to ipywidgets.FloatSlider
    """

    def __init__(self, on_turn, on_lock):
        self._on_turn, self._on_lock, self._watching = on_turn, on_lock, True
        pick = functools.partial(_sized, ipywidgets.Dropdown)
        players = [(name.replace("_", " "), name) for name in sorted(INSTRUMENTS)]
        self.controls = {
            "road": pick("Road", options=_roads()),
            "seconds": pick("Length", options=_lengths()),
            "tempo": _sized(ipywidgets.IntSlider, "Tempo", min=int(LOCKED_TEMPO[0]), max=int(LOCKED_TEMPO[1])),
            "key": pick("Key", options=[(BOTH.get(name, name), name) for name in PITCH_NAMES]),
            "mode": pick("Mode", options=list(MODES)),
            **{part: pick(part.capitalize(), options=players) for part in PARTS},
            "seed": _sized(ipywidgets.BoundedIntText, "Seed", min=0, max=999_999),
        }
        self.locks = {name: _lock(name) for name in LOCKS}
        self.reroll = ipywidgets.Button(description="Re-roll", icon="random", button_style="primary")
        self.reroll.tooltip = "Another seed for all that is not locked"
        self.reroll.layout.width = "max-content"
        used = [rule for rule in RULES if any(rule.effects.values())]
        low, high, step = WEIGHTS
        self.rules = {
            rule.id: ipywidgets.FloatSlider(
                description=f"{rule.id}: {rule.claim}",
                min=low,
                max=high,
                step=step,
                value=1.0,
                readout_format=".2f",
                layout=ipywidgets.Layout(width="98%", height="auto", margin="2px 0"),
                style={"description_width": "190px"},
            )
            for rule in used
        }
        self.more = ipywidgets.ToggleButton(description="Weights of the rules", icon="sliders")
        self.more.layout.width = "max-content"
        self.even = ipywidgets.Button(description="All to 1", layout={"width": "max-content"})
        words = ipywidgets.HTML("0 switches a rule off, 1 is as measured, 2 doubles its pull.")
        self.sheet = ipywidgets.VBox([words, self.even, *self.rules.values()], layout={"display": "none"})
        self.sheet.add_class("im-rules")
        super().__init__([*self._rows(), self.more, self.sheet])
        self._listen()

    def _rows(self):
        free = [self.controls[name] for name in ("road", "seconds")]
        values = [row(self.controls[name], self.locks[name]) for name in ("tempo", "key", "mode", *PARTS)]
        kept = row(ipywidgets.Label("Keep", layout={"width": "112px"}), self.locks["chords"], self.locks["tune"])
        return [*free, *values, kept, row(self.controls["seed"], self.reroll)]

    def _listen(self):
        def tell(act, name, change):
            if self._watching:
                act(name, change.new)

        for name, control in self.controls.items():
            control.observe(functools.partial(tell, self._on_turn, name), names="value")
        for name, lock in self.locks.items():
            lock.observe(functools.partial(tell, self._on_lock, name), names="value")
        for slider in self.rules.values():
            slider.observe(lambda _: self._watching and self._on_turn("weights", self.weights), names="value")
        self.more.observe(self._open, names="value")
        self.even.on_click(self._all_even)

    @property
    def weights(self):
        """Rule -> weight, of those that are not 1."""
        return {name: slider.value for name, slider in self.rules.items() if slider.value != 1}

    def show(self, settings, piece):
        """Put every knob where the piece has it; nobody is told."""
        now = heard(piece)
        values = {"road": settings.road, "seconds": settings.seconds, "seed": settings.seed, **now}
        if "tempo" in values:
            values["tempo"] = round(values["tempo"])

        def put():
            for name, options in (("road", _roads(settings.road)), ("seconds", _lengths(settings.seconds))):
                if list(self.controls[name].options) != options:
                    self.controls[name].options = options
            for name, control in self.controls.items():
                control.disabled = name not in values or not (name == "road" or settings.turns(name))
                if name in values:
                    control.value = values[name]
            for name, lock in self.locks.items():
                lock.value = name in settings.locked
                lock.icon = "lock" if lock.value else "unlock"
                lock.disabled = not settings.can_lock(name, now)
            for name, slider in self.rules.items():
                slider.value = settings.weights.get(name, 1.0)
                slider.disabled = "mode" not in now or not settings.turns("weights")

        self._quietly(put)

    def _quietly(self, act):
        self._watching = False
        try:
            act()
        finally:
            self._watching = True

    def _open(self, change):
        self.sheet.layout.display = "" if change.new else "none"

    def _all_even(self, _):
        def put():
            for slider in self.rules.values():
                slider.value = 1.0

        self._quietly(put)
        self._on_turn("weights", {})


def row(*children):
    """Side by side, and below each other where there is no room."""
    made = ipywidgets.HBox(list(children), layout={"flex_flow": "row wrap", "align_items": "center"})
    made.add_class("im-row")
    return made


def _roads(*more):
    """Those there are now, and those that a session has."""
    return [(ROAD_NAMES.get(name, name), name) for name in dict.fromkeys((*names(), *more))]


def _lengths(*more):
    return [(f"{seconds:g} seconds", float(seconds)) for seconds in sorted({*LENGTHS, *more})]


def _sized(kind, description, **options):
    layout = ipywidgets.Layout(width="304px", max_width="84%")
    return kind(description=description, layout=layout, style={"description_width": "112px"}, **options)


def _lock(name):
    """A toggle that shows a padlock; chords and tune, which have no knob, are written on it."""
    words = name.capitalize() if name in ("chords", "tune") else ""
    made = ipywidgets.ToggleButton(description=words, icon="unlock", tooltip=f"Lock the {name}")
    made.layout.width = "100px" if words else "36px"
    return made
