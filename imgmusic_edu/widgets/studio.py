"""The studio: a picture becomes music, one turns what one likes, locks it, rolls the rest again, compares and keeps.

Taught in chapter 11.
"""

import os
from html import escape
from typing import Any, cast

import ipywidgets
import numpy as np

from ..datasets import paintings, photographs
from ..datasets import picture as shipped_picture
from ..files import printable
from ..pictures import open_picture
from ..studio import KINDS, Session, encoded, matched, only, what_changes
from ..studio.exports import file_name
from ..studio.keeping import Keeper, kept
from ..studio.session import same_sound
from .answers import Answers
from .controls import Answering, titled
from .jobs import Worker
from .knobs import ROAD_NAMES, Knobs, row
from .markup import bundle
from .page import player_html
from .stage import Stage
from .steps import Steps
from .upload import said

__all__ = ["StudioPanel", "studio_panel", "summary"]

START = "the_night_cafe"
OFFERED = 8  # sessions of before, to go on with
GREYED = ", part greyed out"
SHORT = {"wav": "WAV", "flac": "FLAC", "mid": "MIDI", "json": "Why (JSON)", "mp4": "Video", "html": "Page"}


def summary(version, piece):
    """What is heard, in a sentence or two.

    Parameters
    ----------
    version : studio.Version
    piece : Piece

    Returns
    -------
    str
    """
    settings = version.settings
    road = ROAD_NAMES.get(settings.road, settings.road)
    plan, made = getattr(piece, "plan", None), getattr(piece, "made", None)
    text = f"{version.title}: {piece.sound.seconds:g} s, {road}"
    if plan is not None:
        players = ", ".join(name.replace("_", " ") for name in plan.instruments.values())
        text += f", {plan.tempo:.0f} beats per minute in {plan.key_name}; {players}"
    elif made is not None:
        text += f", {made.tempo:.0f} beats per minute"
    bent = [f"{name} times {weight:g}" for name, weight in settings.weights.items()] if plan is not None else []
    locked = sorted(settings.locked) if plan is not None else sorted(settings.locked & {"tempo", "key"})
    text += f"; seed {settings.seed}."
    text += f" Locked: {', '.join(locked)}." if locked else ""
    return text + (f" Rules bent: {', '.join(bent)}." if bent else "")


class StudioPanel(Answering):
    """A session on a page; `studio_panel` is the way to one.

    Parameters
    ----------
    picture, settings, compose : optional
        As for `studio_panel`.

    Attributes
    ----------
    session : studio.Session
    error : Exception or None
        What went wrong last, also shown as a sentence; the session then stands where it stood.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, picture=None, *, settings=None, compose=None):
        shipped = [*((name, "painting") for name in paintings()), *((name, "photograph") for name in photographs())]
        self._shipped = [(f"{titled(name)} ({kind})", titled(name)) for name, kind in shipped]
        self._names = {titled(name): name for name, _ in shipped}
        self._pictures: dict = {}  # title -> picture, of those that are not shipped
        given = open_picture(shipped_picture(START) if picture is None else picture)
        title = titled(START) if picture is None else _title_of(picture)
        self.session = Session(given, title, settings, compose=compose)
        self._unkept = False
        self._keeper = Keeper(self.session)
        self._turned: dict = {}  # knobs that moved and wait
        self.stage = Stage(self._received, self._region)
        self.knobs = Knobs(self._turn, self._lock)
        self.steps = Steps(self.session, self._show, self._try, self._failed, self._stopped)
        self.filming = Worker()
        self.answers = Answers(self.session, self._failed)
        self.picture = ipywidgets.Dropdown(description="Picture", options=self._shipped, layout={"max_width": "98%"})
        self.words, self.why = ipywidgets.HTML(), ipywidgets.HTML()
        self.undo, self.redo = _button("Undo", "undo"), _button("Redo", "repeat")
        self.hold, self.compare = _button("Keep as A"), _button("Compare with A")
        self.back = _button("Back to A")
        self.resume, found = _button("Go on where I was", "history"), kept()[:OFFERED]
        self.earlier = ipywidgets.Dropdown(description="Session", options=[(one.sentence, one) for one in found])
        self.earlier.layout.display = "" if len(found) > 1 else "none"
        self.going_on = row(self.resume, self.earlier)
        self.going_on.layout.display = "" if found else "none"
        self.play = ipywidgets.Checkbox(value=True, description="Play every change", indent=False)
        self.play.layout.width = "max-content"
        self.exports = {kind: _button(SHORT[kind], tooltip=KINDS[kind].name) for kind in KINDS}
        super().__init__([self._columns()])
        self.stage.look_after(self)
        self.add_class("im-studio")
        self._listen()
        self._try(lambda: self._show(self.session.piece, play=False))

    def _columns(self):
        left = ipywidgets.VBox([self.picture, self.stage, self.why])
        steps = row(self.undo, self.redo, self.play)
        versions = row(self.hold, self.compare, self.back)
        files = row(ipywidgets.Label("Export", layout={"width": "60px"}), *self.exports.values())
        for part in (versions, files, self.answers):
            part.add_class("im-group")
        working, choices = [self.words, self.steps.worker, steps, self.going_on], [self.knobs, versions]
        right = ipywidgets.VBox([*working, *choices, files, self.filming, self.answers])
        columns = ipywidgets.HBox([left, right])
        for part, name in ((left, "im-left"), (right, "im-right"), (columns, "im-columns"), (self.why, "im-why")):
            part.add_class(name)
        self.knobs.add_class("im-group")
        return columns

    def _listen(self):
        self.picture.observe(self._picked, names="value")
        presses = {
            self.undo: self.steps.undo,
            self.redo: self.steps.redo,
            self.knobs.reroll: self.steps.reroll,
            self.hold: self._hold,
            self.compare: self._against_held,
            self.back: lambda: self.steps.go(self.session.held, self.session.back_to_held),
            self.resume: self._resume,
        }
        for button, act in presses.items():
            button.on_click(lambda _, act=act: self._try(lambda: self._pressed(act)))
        for kind, button in self.exports.items():
            button.on_click(lambda _, kind=kind: self._try(lambda: self._export(kind)))

    # ---- what people do

    def _turn(self, name, value):
        self._turned[name] = value
        self._moved()

    def update(self):
        """Make and show what the knobs that moved ask for."""
        turned, self._turned = self._turned, {}
        if turned:
            self.steps.turn(turned)

    def _lock(self, name, locked):
        def act():
            base = self.steps.base
            self.steps.take(base.locked(name, self._result) if locked else base.unlocked(name))

        self._try(lambda: self._pressed(act))

    def _pressed(self, act):
        """A press: what still waits comes first."""
        self._settle()
        self.steps.end_fold()
        act()

    def _picked(self, change):
        if self._watching:
            title, own = change.new, self._pictures.get(change.new)
            picture = shipped_picture(self._names[title], max_side=1024) if own is None else own
            self._try(lambda: self._pressed(lambda: self.steps.take(self.steps.base.shown(picture, title))))

    def _received(self, name, content):
        """A file from the browser."""

        def take():
            picture = open_picture([{"name": name, "content": content}], max_side=1024)
            title = self._titled(printable(name), picture)
            self.stage.say(f"{title}: {picture.shape[1]} by {picture.shape[0]} pixels.")
            self.stage.forget_region()
            self._pictures[title] = picture
            self.steps.take(self.steps.base.shown(picture, title))

        self._try(lambda: self._pressed(take))

    def _region(self, act, region):
        self._try(lambda: self._pressed(lambda: self._on_region(act, region)))

    def _on_region(self, act, region):
        piece, version = cast(Any, self._result), self.session.present
        if act == "hear":
            part = only(piece, region)
            self.stage.show(part, play=self.play.value)
            n, whole = len(part.score.notes), len(piece.score.notes)
            self.stage.say(f"Only the region: {n} of {whole} notes, as loud as the whole piece.")
        elif act == "grey":
            self.session.explained()
            settings = {name: value for name, value in version.settings.arguments().items() if name != "road"}
            changed = what_changes(piece, region, settings)
            title = self._titled(version.title.partition(GREYED)[0] + GREYED, changed.picture)
            self.steps.take(version.shown(changed.picture, title))
            self.stage.say(" ".join(changed.sentences))
        else:
            self.stage.show(piece)
            self.stage.say("The whole piece again.")

    def _hold(self):
        self.session.hold()
        self._refresh()
        self.stage.say("Kept as A. Change something, then compare.")

    def _titled(self, title, picture):
        """A title that stands for this picture alone in the list."""
        n, found = 1, title
        while found in self._names or not np.array_equal(self._pictures.get(found, picture), picture):
            n += 1
            found = f"{title} {n}"
        return found

    def _resume(self):
        """Take up a session that was kept, of an earlier kernel or an earlier run of the cell."""
        which = self.earlier.value
        versions, present, held = which.opened()

        def go_on():
            self.session.resume(versions, present, held)
            self.going_on.layout.display = "none"
            self._show(self.session.piece)
            self.stage.say(f"Here you were: {which.sentence}. Undo goes further back.")

        self.steps.once_made([versions[present]], go_on)

    def _against_held(self):
        held, present = self.session.held, self.session.present
        if held is None:
            raise ValueError("No version is kept as A yet: keep one first.")

        def play():
            pieces = [self.session.make(version) for version in (held, present)]
            match = matched(*(piece.sound for piece in pieces))
            one, other = (
                f"{name} at {round(gain, 1) + 0:+.1f} dB" for name, gain in zip("AB", match.gains, strict=True)
            )
            self.stage.compare(match, [one, other])
            self.stage.say(f"A and B both at {match.level:.1f} LUFS: {one}, {other}. A: {summary(held, pieces[0])}")

        self.steps.once_made([held, present], play)

    def _export(self, kind):
        self._settle()
        piece, title = self._result, self.session.present.title
        if piece is None:
            raise ValueError("There is no music to export yet: choose a picture and a road first.")
        name, media_type = file_name(title, kind), KINDS[kind].media_type

        def done(content):
            self.stage.offer(name, media_type, content)

        if kind == "mp4":
            self.filming.do(
                "Making the video",
                lambda watch: encoded(piece, kind, title=title, watch=watch),
                done,
                self._failed,
                lambda: self.stage.say("The video was stopped."),
            )
        else:
            done(encoded(piece, kind, title=title))

    # ---- what comes of it

    def _show(self, piece, *, play=True):
        last: Any = self._result
        self._result = piece
        same = last is not None and last.picture is piece.picture
        if not same or not same_sound(last, piece):  # a lock alone changes nothing
            self.stage.show(piece, play=play and self.play.value)
        self._refresh()

    def _refresh(self):
        """Everything but the stage, as the session stands."""
        present, piece = self.session.present, cast(Any, self._result)
        self.knobs.show(present.settings, piece)
        if present.title not in {**self._names, **self._pictures}:
            self._pictures = {present.title: present.picture, **self._pictures}
        with self._unwatched():
            self.picture.options = [*((title, title) for title in self._pictures), *self._shipped]
            self.picture.value = present.title
        self.undo.disabled, self.redo.disabled = not self.session.can_undo, not self.session.can_redo
        self.compare.disabled = self.back.disabled = self.session.held is None
        self.exports["mid"].disabled = getattr(piece, "score", None) is None
        self.words.value = said(summary(present, piece))
        lines = "".join(f"<p>{escape(sentence)}</p>" for sentence in piece.sentences)
        self.why.value = f"<b>Why it sounds like this</b>{lines}"
        self.answers.follow()
        if self.session.can_undo or self.session.held is not None:
            self._keep()

    def _keep(self):
        try:
            self._keeper.keep()
            self._unkept = False
        except OSError as problem:  # told once; the music goes on
            if not self._unkept:
                self.stage.say(f"This session cannot be kept for later: {problem}")
            self._unkept = True

    def _stopped(self):
        self._refresh()
        self.stage.say("Stopped: the last version stays.")

    def _say(self, error, sentence):
        """What went wrong, above the picture; the knobs go back to where the session stands."""
        self.error = error
        self.stage.say(sentence)
        if self._result is not None:
            self._refresh()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel a player of what was heard when the cell was run."""
        name = f"<StudioPanel of {self.session.present.title}>"
        return bundle(self, name, said(self.stage.said) if self._result is None else player_html(self._result))


def _title_of(picture):
    return printable(os.path.basename(picture)) if isinstance(picture, str | os.PathLike) else "Your picture"


def _button(description, icon="", tooltip=""):
    made = ipywidgets.Button(description=description, icon=icon, tooltip=tooltip)
    made.layout.width = "max-content"
    return made


def studio_panel(picture=None, *, settings=None, compose=None):
    """The studio: hear a picture, turn what you like, lock it, roll the rest again, compare two versions, export.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        A shipped painting by default.
    settings : studio.Settings, optional
        To begin with.
    compose : callable, optional
        In place of `imgmusic_edu.compose`, such as a chain with a part of one's own.

    Returns
    -------
    StudioPanel

    Raises
    ------
    PictureError
        The picture given cannot be read.

    Examples
    --------
    >>> studio_panel("photo.jpg")                                   # doctest: +SKIP

    Notes
    -----
    Taught in chapter 11.
    """
    return StudioPanel(picture, settings=settings, compose=compose)
