"""Long work beside the page: it says how far it is, can be stopped, and what fails is told where it was asked for.

Taught in chapter 11.
"""

import asyncio
import threading
from typing import Any

import ipywidgets

__all__ = ["Worker"]

ROUND = 0.1  # s from one look at the work to the next


class Worker(ipywidgets.HBox):
    """A bar and a button to stop, seen while something is being done; one thing at a time, the last one asked for.

    In a running notebook the work has a thread of its own, and waits there for what was asked for before it and cannot
    be stopped at once: a slider that is dragged starts no crowd of threads. Elsewhere it is done at once.

    Attributes
    ----------
    busy : bool
    """

    def __init__(self):
        self.bar = ipywidgets.FloatProgress(min=0, max=1, value=0, layout={"width": "160px"})
        self.label = ipywidgets.HTML()
        self.stop = ipywidgets.Button(description="Stop", icon="stop", layout={"width": "max-content"})
        super().__init__([self.label, self.bar, self.stop], layout={"display": "none", "flex_flow": "row wrap"})
        self._job: Any = None  # asked for last
        self._running: Any = None  # perhaps still the one before
        self.stop.on_click(lambda _: self.halt())

    @property
    def busy(self):
        return self._job is not None

    def do(self, what, work, then, on_error, on_stop=None):
        """Begin; what was being done is dropped.

        Parameters
        ----------
        what : str
            A few words on what is being done.
        work : callable (watch)
            `watch` is told the share that is done, and gives True once the work is to stop.
        then : callable (result)
        on_error : callable (exception)
        on_stop : callable (), optional
            Somebody pressed Stop; its result is never seen.
        """
        self.leave()
        job = self._job = _Job(work, then, on_error, on_stop)
        self.bar.value, self.bar.description = 0, ""
        self.label.value = f'<span role="status">{what} ...</span>'
        self.layout.display = ""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a script or a test
            job.run()
            self._finish(job)
            return
        self._look(loop, job)

    def leave(self):
        """Drop what is being done; a step that cannot be stopped ends unseen."""
        job, self._job = self._job, None
        self.layout.display = "none"
        if job:
            job.enough = True
        return job

    def halt(self):
        """What the button does: `leave`, and tell whoever asked."""
        job = self.leave()
        if job and job.on_stop:
            job.on_stop()

    def _look(self, loop, job):
        if job is not self._job:
            return
        if self._running is None or not self._running.is_alive():
            if job is self._running:
                self._finish(job)
                return
            self._running = job
            job.start()
        self.bar.value = job.share
        loop.call_later(ROUND, self._look, loop, job)

    def _finish(self, job):
        if job is not self._job:
            return
        self._job = self._running = None
        self.layout.display = "none"
        if job.error is not None:
            job.on_error(job.error)
        else:
            job.then(job.result)


class _Job(threading.Thread):
    def __init__(self, work, then, on_error, on_stop):
        super().__init__(daemon=True)  # a kernel that ends does not wait for it
        self._work, self.then, self.on_error, self.on_stop = work, then, on_error, on_stop
        self.share, self.enough, self.result, self.error = 0.0, False, None, None

    def watch(self, share):
        self.share = min(max(float(share), 0.0), 1.0)
        return self.enough

    def run(self):
        try:
            self.result = self._work(self.watch)
        except Exception as error:  # told where it was asked for
            self.error = error
