"""What the microscopes share: named sliders, a choice of pictures or sounds, and a panel that answers its controls.

Taught in chapters 02 and 03, where the microscopes are.
"""

import asyncio
import contextlib
import threading
from dataclasses import replace

import ipywidgets

from ..datasets import data_path, paintings, photographs, scores
from ..datasets import picture as shipped_picture
from ..files import FileWriteError, printable
from ..instruments import INSTRUMENTS
from ..pictures import open_picture
from ..scores import Score
from ..sounds import Sound, SoundError, open_sound
from ..synthesizer import render as render_score
from .names import Names
from .upload import PictureUpload, said, uploaded_files

__all__ = [
    "Answering",
    "Choice",
    "SoundUpload",
    "choice_list",
    "number_slider",
    "picture_choice",
    "shipped_sound",
    "sound_choice",
    "titled",
    "value_slider",
]

PICTURE_SIDE = 512  # px, the longest side of a learner's own picture: what a slider can wait for
SCORE_SECONDS = 10.0  # of a shipped score that are played
SOUND_SECONDS = 15.0  # of a learner's own sound that are taken: more would make the page heavy
SCORES = ("folk", "piano", "ragtime")  # categories to choose from; the others are for instruments we do not have
OWN = "(your own)"  # the value of a list's first entry once there is something of the learner's own
PAUSE = 0.005  # s in which moves gather before they are answered


def titled(name):
    """ "eiffel_tower" as people write it."""
    return name.replace("_", " ").capitalize()


# ---- a panel that answers --------------------------------------------------------------------------------------------


class Answering(ipywidgets.VBox):
    """A panel that answers its controls; each microscope is one.

    In a running notebook moves gather for 20 ms, and moves made while an answer is being computed wait: they all end
    in one answer, to the last of them. Elsewhere each move is answered at once.

    A subclass has `parameters`, what the controls say; `_compute`, the module's pure function of them; and `_show`.

    Attributes
    ----------
    drawing, words : ipywidgets.HTML
        What there is to see, and what screen readers announce.
    error : Exception or None
        What went wrong in the last answer, also shown as a sentence; None if nothing did.
    """

    def __init__(self, children):
        self.error = self._result = self._waiting = None
        self._watching = True
        self._one_at_a_time = threading.RLock()
        super().__init__([*children, Names()])

    @property
    def result(self):
        """What came of the controls as they stand: a move that still waits is answered first."""
        self._settle()
        return self._result

    def update(self):
        """Compute and show what the controls ask for; what goes wrong is raised."""
        self._result = None
        self._result = self._compute(self.parameters)
        self._show(self._result)

    def _watch(self, *controls):
        for control in controls:
            control.observe(self._moved, names="value")

    @contextlib.contextmanager
    def _unwatched(self):
        """What the panel itself moves in here needs no answer."""
        self._watching = False
        try:
            yield
        finally:
            self._watching = True

    def _moved(self, _=None):
        if not self._watching:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel: a script or a test
            self._answer()
            return
        self._waiting = self._waiting or loop.call_later(PAUSE, self._answer)

    def _settle(self):
        """Answer a move that still waits, before its answer could undo what comes now."""
        if self._waiting:
            self._waiting.cancel()
            self._answer()

    def _answer(self):
        self._waiting = None
        self._try(self.update)

    def _try(self, act):
        """JupyterLab hands each control's messages to a thread of their own: no press may overtake another."""
        with self._one_at_a_time:
            self.error = None
            try:
                act()
            except (ValueError, ImportError, FileWriteError) as error:  # written for people
                self._say(error, str(error))
            except Exception as error:  # a callback's traceback would be seen by nobody, so it is told here
                self._say(error, f"The program failed ({type(error).__name__}: {error}).")

    def _failed(self, error):
        """What went wrong in work beside the page is told as what goes wrong here."""

        def again():
            raise error

        self._try(again)

    def _say(self, error, sentence):
        self.error = error
        self.drawing.value = ""  # what could still be seen would be the answer to something else
        self.words.value = said(sentence, kind="alert")


# ---- controls --------------------------------------------------------------------------------------------------------


def value_slider(description, options, value):
    """A slider over a few (text, value) pairs."""
    return ipywidgets.SelectionSlider(description=description, options=options, value=value, **_looks())


def number_slider(description, value, lowest, highest, *, step=1):
    """A slider over whole numbers."""
    return ipywidgets.IntSlider(description=description, value=value, min=lowest, max=highest, step=step, **_looks())


def choice_list(description, options, *, value=None, name_width=70):
    """A list to choose from, of texts or of (text, value) pairs; the first one without a `value`."""
    made = ipywidgets.Dropdown(
        description=description,
        options=options,
        layout=ipywidgets.Layout(width="320px", max_width="98%"),
        style={"description_width": f"{name_width}px"},
    )
    if value is not None:
        made.value = value
    return made


def _looks():
    # Where name and slider do not fit beside each other (a telephone), the name goes above.
    layout = ipywidgets.Layout(width="520px", max_width="98%", height="auto", flex_flow="row wrap")
    return {"layout": layout, "style": {"description_width": "190px"}}


# ---- pictures and sounds to choose from ------------------------------------------------------------------------------


class Choice(ipywidgets.HBox):
    """A list of what is shipped, and a button for something of the learner's own, which goes to the list's head.

    Parameters
    ----------
    description : str
    shipped : list of (str, str)
        Texts and names.
    open_shipped : callable (name)
    upload : callable (callback (title, thing))
        Makes the button.
    on_change : callable ()
        Called when something else has been chosen.
    own : tuple (title, thing), optional
        At the head from the start.

    Attributes
    ----------
    list : ipywidgets.Dropdown
    upload : PictureUpload or SoundUpload
    """

    def __init__(self, description, shipped, open_shipped, upload, on_change, own=None):
        self._shipped, self._open, self._on_change = shipped, open_shipped, on_change
        self._opened = {OWN: own[1]} if own else {}  # the learner's own, and what was opened last
        self.list = choice_list(description, [*([(own[0], OWN)] if own else []), *shipped])
        self.upload = upload(self.take)
        super().__init__([self.list, self.upload], layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.list.observe(self._picked, names="value")

    @property
    def chosen(self):
        """The picture or sound that is chosen; the same one until another is."""
        name = self.list.value
        if name not in self._opened:
            own = {OWN: self._opened[OWN]} if OWN in self._opened else {}
            self._opened = own | {name: self._open(name)}
        return self._opened[name]

    def take(self, title, thing):
        """Put something of the learner's own at the head of the list, and choose it."""
        self._opened[OWN] = thing
        self.list.unobserve(self._picked, names="value")  # one change, however many steps it takes
        self.list.options = [(title, OWN), *self._shipped]
        self.list.value = OWN
        self.list.observe(self._picked, names="value")
        self._on_change()

    def _picked(self, _):
        self._on_change()


def picture_choice(on_change, picture=None):
    """A choice of pictures, led by the one given (anything `open_picture` reads) if one is."""
    names = [*((name, "painting") for name in paintings()), *((name, "photograph") for name in photographs())]
    own = None if picture is None else ("Your picture", open_picture(picture, max_side=PICTURE_SIDE))
    return Choice(
        "Picture",
        [(f"{titled(name)} ({kind})", name) for name, kind in names],
        shipped_picture,
        lambda take: PictureUpload(take, max_side=PICTURE_SIDE),
        on_change,
        own,
    )


def sound_choice(on_change, sound=None):
    """A choice of sounds: shipped scores, played, led by the `Sound` given if one is."""
    names = [name for category in SCORES for name in scores(category)]
    own = None if sound is None else (sound.title, _cut(sound))
    return Choice("Sound", [(titled(name), name) for name in names], shipped_sound, SoundUpload, on_change, own)


def shipped_sound(name):
    """The first ten seconds of a shipped score, played; an instrument that the SoundFont lacks becomes a piano.

    Parameters
    ----------
    name : str
        One of `datasets.scores`.

    Returns
    -------
    Sound
    """
    score = Score.from_midi(data_path(name))
    notes = tuple(note for note in score.notes if score.seconds_of(note.beat) < SCORE_SECONDS)
    known = INSTRUMENTS.values()
    parts = tuple(
        part if part.is_drum or part.program in known else replace(part, program=INSTRUMENTS["piano"])
        for part in score.parts
    )
    return Sound(render_score(replace(score, notes=notes, parts=parts, seconds=SCORE_SECONDS)), title=titled(name))


class SoundUpload(ipywidgets.VBox):
    """A button to choose a sound file, and a line that says what came of it.

    Parameters
    ----------
    on_sound : callable (name, Sound)
        Called with the file's name and its sound, cut to 15 s, when a file could be read.

    Attributes
    ----------
    message : ipywidgets.HTML
        What people read: the name and length, or one sentence that says what is wrong with the file.
    """

    def __init__(self, on_sound):
        self._on_sound = on_sound
        self.button = ipywidgets.FileUpload(
            accept="audio/*",
            multiple=False,
            description="Your own sound",
            layout=ipywidgets.Layout(width="max-content"),
        )
        self.message = ipywidgets.HTML()
        super().__init__([self.button, self.message])
        self.button.observe(self._chosen, names="value")

    def receive(self, name, content):
        """Take a file's name and bytes, as the button does; True if it is a sound."""
        try:
            sound = open_sound([{"name": name, "content": content}])
        except SoundError as error:
            self.message.value = said(str(error), kind="alert")
            return False
        name = printable(name)
        longer = f", of which the first {SOUND_SECONDS:.0f} are taken" if sound.seconds > SOUND_SECONDS else ""
        self.message.value = said(f"{name}: {sound.seconds:.1f} s{longer}.")
        self._on_sound(name, _cut(sound))
        return True

    def _chosen(self, change):
        for name, content in uploaded_files(change.new):
            self.receive(name, content)


def _cut(sound):
    n_samples = int(SOUND_SECONDS * sound.sample_rate)
    return Sound(sound.samples[:n_samples], sample_rate=sound.sample_rate, title=sound.title)
