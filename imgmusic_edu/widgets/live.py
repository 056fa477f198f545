"""Live: music that plays on while a slider, another picture, a camera or a film steers it.

Taught in chapter 11, section "Live".
"""

import asyncio
import pathlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from html import escape

import ipywidgets

from .. import live
from ..roads import ROADS
from ..sounds import Sound
from . import line
from .controls import Answering, choice_list, picture_choice, value_slider
from .jobs import Worker
from .knobs import ROAD_NAMES
from .markup import bundle
from .upload import said

__all__ = ["LivePanel", "Speaker", "live_panel"]

_HERE = pathlib.Path(__file__).parent
START = "the_night_cafe"
ASKS = "as the picture asks"
TEMPOS = [(ASKS, 0.0), *((f"{tempo} BPM", float(tempo)) for tempo in range(60, 181, 10))]
KEYS = [(ASKS, ""), *((name, name) for name in ("C", "D", "E", "F", "G", "A", "B"))]
EXCERPT = 8.0  # s, for pages without a kernel


class Speaker(line.Lined):
    """What plays in the browser and looks through its camera.

    Parameters
    ----------
    read : callable (n)
        The next n samples, np.ndarray of float32.
    on_frame : callable (bytes, done)
        An encoded picture, of a camera or a film; `done` is to be called when the next one may come.
    on_picture : callable ()
        Nobody looks through the camera any more.

    Notes
    -----
    Where a widget is shown twice, the view that was started last plays. Taught in chapter 11, section "Live".
    """

    _esm = line._script("live.js")
    _css = (_HERE / "stage.css").read_text(encoding="utf-8")

    def __init__(self, read, on_frame, on_picture):
        self._read, self._on_frame, self._on_picture = read, on_frame, on_picture
        self._playing = None  # the view that plays
        super().__init__()

    def shut(self):
        """Look no longer through camera or film."""
        self.send({"do": "shut"})

    def _asked(self, content, buffers):
        want, token = content.get("want"), content.get("token")
        if want == "start":
            self._playing = token
        elif want == "more" and token != self._playing:
            self.send({"do": "stop", "token": token})
        elif want == "more":
            samples = self._read(max(1, min(int(content.get("n", 1)), 22050)))
            self.send({"do": "samples", "token": token}, [samples.tobytes()])
        elif want == "frame" and buffers:
            self._on_frame(bytes(buffers[0]), lambda: self.send({"do": "look", "token": token}))
        elif want == "picture":
            self._on_picture()


class LivePanel(Answering):
    """Music that plays on while it is steered; `live_panel` is the way to one.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional

    Attributes
    ----------
    stream : live.Stream
    speaker : Speaker
    steered : float
        Seconds that the last change took to be made ready.
    error : Exception or None
        What went wrong last, also shown as a sentence; the music then goes on as it was.
    """

    _ipython_display_ = None  # ipywidgets 7 has one, and it would come before _repr_mimebundle_

    def __init__(self, picture=None):
        self._reading = threading.Lock()
        self._hand = ThreadPoolExecutor(1)  # what steers, so that what plays need not wait for it
        self.choice = picture_choice(self._moved, picture)
        self.road = choice_list("Road", [(ROAD_NAMES[name], name) for name in ROADS])
        self.tempo = value_slider("Tempo", TEMPOS, 0.0)
        self.tempo.style.description_width, self.tempo.layout.width = "70px", "460px"
        self.key = choice_list("Key", KEYS)
        self.tune = ipywidgets.Button(description="Another tune", icon="random", layout={"width": "max-content"})
        self.words, self.worker = ipywidgets.HTML(), Worker()
        self.speaker = Speaker(self._read, self._frame, self._picture)
        self.steered, self._seed = 0.0, 0
        super().__init__(
            [self.choice, self.road, self.tempo, self.key, self.tune, self.worker, self.words, self.speaker]
        )
        if picture is None:
            with self._unwatched():
                self.choice.list.value = START
        self.speaker.look_after(self)
        self._asked = self.parameters  # what is steered by
        self._played = self._opening = "score"  # roads: what plays, and what will as soon as it is open
        self.stream = live.open_stream(self._asked["picture"])
        self.add_class("im-studio")
        self._watch(self.road, self.tempo, self.key)
        self.tune.on_click(lambda _: self._aside(self._another))
        self._tell()

    @property
    def parameters(self):
        """What the controls say: picture, tempo, key."""
        return {
            "picture": self.choice.chosen,
            "tempo": self.tempo.value or None,
            "key": self.key.value or None,
        }

    def update(self):
        """Steer to what the controls say, as far as it has changed."""
        asked, before = self.parameters, self._asked
        self._asked = asked
        if changes := _changes(asked, before):
            if "picture" in changes:
                self.speaker.shut()
            self._steer(**changes)

    def _answer(self):
        self._waiting = None
        if self.road.value != self._opening:
            self._try(self._change_road)
        self._aside(self.update)

    def _aside(self, act):
        """Do something beside the music in a running notebook, one after another; elsewhere at once."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._try(act)
        else:
            self._hand.submit(self._try, act)

    def _steer(self, picture=None, *, aloud=True, **settings):
        start = time.perf_counter()
        self.stream.steer(picture, **settings)
        self.steered = time.perf_counter() - start
        self._tell(aloud=aloud)

    def _another(self):
        self._seed += 1
        self._steer(seed=self._seed)

    def _change_road(self):
        """Open the other road beside the page; the music goes on by the old one until then."""
        self._opening, told = self.road.value, self.parameters
        road, seed = self._opening, self._seed
        if road == self._played:
            self.worker.leave()
            return

        def opened(watch):
            settings = {name: told[name] for name in ("tempo", "key") if told[name] is not None}
            stream = live.open_stream(told["picture"], road=road, seed=seed, **settings)
            stream.read(1)  # what is compiled at the first sound is compiled now
            return stream

        def take(stream):
            with self._reading:
                self.stream, self._played = stream, road
            self._tell()
            changes = _changes(self._asked, told) | ({} if self._seed == seed else {"seed": self._seed})
            if changes:  # steered meanwhile
                self._aside(lambda: self._steer(**changes))

        def failed(error):
            self._stay()
            self._failed(error)

        self.worker.do(f"Opening the road {escape(ROAD_NAMES[road])}", opened, take, failed, self._stay)

    def _stay(self):
        """The other road is not to be had: the list says what plays."""
        self._opening = self._played
        with self._unwatched():
            self.road.value = self._played

    def _read(self, n):
        with self._reading:
            return self.stream.read(n)

    def _frame(self, content, done):
        """What the camera or the film shows now."""

        def see():
            try:
                self._steer([{"name": "the camera", "content": content}], aloud=False)
            finally:
                done()

        self._aside(see)

    def _picture(self):
        self._aside(lambda: self._steer(self.choice.chosen))

    def _tell(self, *, aloud=True):
        text = f"Now: {self.stream.words}. Made ready in {1000 * self.steered:.0f} ms."
        # Twice a second, as a camera looks, is too often to be read out.
        self.words.value = said(text) if aloud else f"<div>{escape(text)}</div>"

    def _say(self, error, sentence):
        self.error = error
        self.words.value = said(sentence, kind="alert")

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The panel, and for pages without a kernel the beginning of what it plays."""
        excerpt = live.open_stream(self._asked["picture"])
        sound = Sound(excerpt.read(round(EXCERPT * 22050)), title=f"Live, the first {EXCERPT:.0f} seconds")
        return bundle(self, "<LivePanel>", sound._repr_html_())


def _changes(asked, before):
    """Of what controls say, what is another than before."""
    found = {name: asked[name] for name in ("tempo", "key") if asked[name] != before[name]}
    return found | ({} if asked["picture"] is before["picture"] else {"picture": asked["picture"]})


def live_panel(picture=None):
    """Music that plays on while a slider, another picture, a camera or a film steers it.

    Parameters
    ----------
    picture : anything `open_picture` reads, optional
        At the head of the list of shipped pictures, and chosen.

    Returns
    -------
    LivePanel

    Raises
    ------
    PictureError
        The picture given cannot be read.

    Examples
    --------
    >>> live_panel("photo.jpg")                                     # doctest: +SKIP

    Notes
    -----
    Taught in chapter 11, section "Live".
    """
    return LivePanel(picture)
