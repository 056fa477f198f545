"""Three answers to a piece, as three plain meters, and its explanation put to the test.

Taught in chapter 11, section "Three meters".
"""

from html import escape
from math import isnan

import ipywidgets

from ..studio.verdict import put_to_the_test
from .jobs import Worker
from .upload import said

__all__ = ["Answers", "markup"]

TITLES = {
    "faithful": "Does it reflect the picture?",
    "usual": "Is it good? How usual it is",
    "new": "How new it is",
    "quick": "Was it quick?",
}


def markup(found):
    """The meters as HTML.

    Parameters
    ----------
    found : dict of str to evaluation.meters.Meter

    Returns
    -------
    str
    """
    rows = []
    for name, title in TITLES.items():
        meter = found[name]
        if isnan(meter.value):
            number, bar = "not known", ""
        else:
            number = f"{100 * meter.value:.0f} of 100"
            bar = f'<meter min="0" max="1" value="{meter.value:.3f}" aria-hidden="true"></meter>'
        rows.append(f"<p><b>{title}</b> {bar} {number}<br>{escape(meter.sentence)}</p>")
    return "".join(rows)


class Answers(ipywidgets.VBox):
    """A toggle; while it is on, the meters follow the session. And a button that tests the explanation.

    Parameters
    ----------
    session : studio.Session
    on_error : callable (exception)

    Attributes
    ----------
    toggle, test : ipywidgets.ToggleButton, ipywidgets.Button
    meters, verdict : ipywidgets.HTML
    """

    def __init__(self, session, on_error):
        self._session, self._on_error = session, on_error
        self._judged = None  # the version that the meters speak of
        self.toggle = ipywidgets.ToggleButton(description="Three answers", icon="tachometer")
        self.test = ipywidgets.Button(description="Test the explanation", icon="flask")
        self.test.tooltip = "Change what it names in the picture, and see whether the notes follow"
        for button in (self.toggle, self.test):
            button.layout.width = "max-content"
        self.meters, self.verdict = ipywidgets.HTML(), ipywidgets.HTML()
        self.listening, self.testing = Worker(), Worker()
        buttons = ipywidgets.HBox([self.toggle, self.test], layout={"flex_flow": "row wrap"})
        super().__init__([buttons, self.listening, self.testing, self.meters, self.verdict])
        self.add_class("im-why")
        self.toggle.observe(lambda _: self.follow(), names="value")
        self.test.on_click(lambda _: self._test())

    def follow(self):
        """The session has moved, or the meters were opened or closed."""
        present = self._session.present
        if present is not self._judged:
            self.verdict.value = ""
        if not self.toggle.value:
            self.listening.leave()
            self._unheard()
        elif present is not self._judged:
            self._judged, piece, took = present, self._session.piece, self._session.took
            self.listening.do(
                "Listening",
                lambda watch: _measured(piece, took),
                self._shown,
                self._failed,
                self._unheard,
            )

    def _shown(self, found):
        self.meters.value = f'<div role="status">{markup(found)}</div>'

    def _unheard(self):
        """What stands there speaks of another version."""
        self.meters.value, self._judged = "", None

    def _failed(self, error):
        self.meters.value = ""
        self._on_error(error)

    def _test(self):
        version = self._session.present

        def test(watch):
            self._session.explained()
            return put_to_the_test(version, watch=watch)

        def told(verdict):
            if verdict is not None and version is self._session.present:
                self.verdict.value = said(verdict.sentence)

        self.testing.do(
            "Changing the picture and composing again",
            test,
            told,
            self._on_error,
        )


def _measured(piece, took):
    from ..evaluation.meters import meters

    return meters(piece.features, piece.sound, took=took, score=getattr(piece, "score", None))
