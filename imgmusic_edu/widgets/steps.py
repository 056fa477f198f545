"""How the studio's session moves: at once where its music is quickly made, else beside the page, one step at a time.

Taught in chapter 11, section "The studio".
"""

import time
from html import escape
from typing import Any

from .jobs import Worker
from .knobs import ROAD_NAMES

__all__ = ["Steps"]

FOLD = 1.0  # s within which moves of one knob are one step of the history
QUICK = ("score",)  # roads that answer while one waits; the others open networks first


class Steps:
    """Takes a session from version to version.

    What is asked for while a road is still being opened builds on what was asked for before, and is one step with it:
    only what has been heard is a step.

    Parameters
    ----------
    session : studio.Session
    show : callable (piece)
        The session stands elsewhere.
    attempt : callable (act)
        Acts, and tells what goes wrong.
    failed : callable (exception)
        Tells what went wrong beside the page.
    stopped : callable ()
        What was being made is dropped: the session stands where it stood.

    Attributes
    ----------
    worker : Worker
    """

    def __init__(self, session, show, attempt, failed, stopped):
        self._session, self._show = session, show
        self._attempt, self._failed, self._stopped = attempt, failed, stopped
        self.worker = Worker()
        self._coming: Any = None  # the version whose music is being made beside the page, and whether it will fold
        self._last = "", 0.0  # the knob answered last, and when

    @property
    def base(self):
        """The version that the next change builds on: what is being made, else what stands there."""
        return self._coming[0] if self._coming else self._session.present

    def end_fold(self):
        """What comes next is a step of its own."""
        self._last = "", 0.0

    def turn(self, turned):
        """Other settings, by name; moves of one knob in a short time are one step."""
        name, *others = turned
        again = not others and name == self._last[0] and time.monotonic() - self._last[1] < FOLD
        self.take(self.base.changed(**turned), turned="" if others else name, fold=again)

    def reroll(self):
        """Another seed for all that is free."""
        self.take(self.base.rerolled() if self._coming else self._session.rerolled())

    def take(self, version, *, turned="", fold=False):
        """Go on to a version."""
        fold = fold and (self._coming is None or self._coming[1])

        def act():
            self._show(self._session.take(version, fold=fold))
            self._last = turned, time.monotonic()

        self.once_made([version], act)
        if self.worker.busy:
            self._coming = version, fold

    def undo(self):
        """What is being made is dropped; if nothing is, one step back."""
        if self._coming:
            self.worker.halt()
        else:
            self.go(self._session.before, self._session.undo)

    def redo(self):
        """One step forward again."""
        self.go(self._session.after, self._session.redo)

    def go(self, version, act):
        """`act` takes the session to a version that it has already, or has none."""
        if version is not None:
            self.once_made([version], lambda: self._show(act()))

    def once_made(self, versions, act):
        """Act as soon as there is music for some versions; what was being made is dropped."""
        self.worker.leave()
        self._coming = None
        slow = [v for v in versions if v.settings.road not in QUICK and not self._session.has(v)]
        if not slow:
            act()
            return

        def ended(act):
            self._coming = None
            act()

        road = slow[-1].settings.road
        self.worker.do(
            f"Opening and playing the road {escape(ROAD_NAMES.get(road, road))}",
            lambda watch: [self._session.make(version) for version in slow],
            lambda _: ended(lambda: self._attempt(act)),
            lambda error: ended(lambda: self._failed(error)),
            lambda: ended(self._stopped),
        )
