"""The dashboard of a game: what it computes, says and draws; that it trains on, stops, and holds up no notebook."""

import asyncio
import re
from html import unescape

import numpy as np
import pytest
from browser import browser_page, jupyterlab, notebook, open_notebook, run_all

from imgmusic_edu.evaluation.diversity import rbf_kernel, vendi_score
from imgmusic_edu.widgets import gan_dashboard
from imgmusic_edu.widgets.gan_dashboard import GanDashboard


class Game:
    """A trainer without a network: points that spread out a little with every step."""

    def __init__(self, fail_at=None):
        self.step, self.history, self.closed, self.fail_at = 0, [], 0, fail_at

    def samples(self, n=16):
        return np.random.default_rng(0).standard_normal((n, 2)) * (0.01 + 0.05 * self.step)

    def train(self, steps, *, every):
        last = self.step + steps
        try:
            while self.step < last:
                self.step += min(every, last - self.step)
                if self.fail_at is not None and self.step >= self.fail_at:
                    raise FloatingPointError("A loss is not a number: take smaller learning rates.")
                self.history.append(report(self.step))
                yield self.history[-1]
        finally:
            self.closed += 1


def report(step, **other):
    found = {"step": step, "seconds": 0.1 * step, "discriminator": 1.2, "generator": 0.8}
    return found | {"real_score": 0.4, "fake_score": -0.3} | other


def parameters(samples, features=None, history=(), diversity=(), real=None):
    flat = np.asarray(samples).reshape(len(samples), -1) if features is None else features
    told = {"samples": samples, "features": flat, "history": list(history), "diversity": list(diversity)}
    return told | {"real_diversity": real}


def said(html):
    ((kind, text),) = re.findall(r'role="(status|alert)">(.*?)</div>', html, re.DOTALL)
    return kind, unescape(text)


# ---- what it computes ------------------------------------------------------------------------------------------------


def test_the_diversity_is_the_vendi_score():
    samples = np.random.default_rng(0).standard_normal((9, 2))
    result = gan_dashboard.compute(parameters(samples, history=[report(5)]))
    assert result["vendi"] == pytest.approx(vendi_score(rbf_kernel(samples)))
    assert not (result["collapsed"] or result["sure"] or result["fooled"])


@pytest.mark.parametrize(
    ("features", "losses", "flags", "words"),
    [
        (np.zeros((8, 2)), {}, "collapsed", "the generator has collapsed"),
        (9 * np.eye(8), {"discriminator": 0.01}, "sure", "little left to teach"),
        (9 * np.eye(8), {"discriminator": 2 * np.log(2)}, "fooled", "no better than a coin"),
        (9 * np.eye(8), {"real_score": -1.0, "fake_score": 1.0}, "", "real and made swapped"),
    ],
)
def test_what_is_wrong_is_told(features, losses, flags, words):
    result = gan_dashboard.compute(parameters(np.zeros((8, 2)), features, [report(10, **losses)], real=6.0))
    assert [name for name in ("collapsed", "sure", "fooled") if result[name]] == flags.split()
    assert words in gan_dashboard.summary(result)


def test_before_training_nothing_is_judged():
    result = gan_dashboard.compute(parameters(np.zeros((8, 2)), real=6.0))
    assert not (result["collapsed"] or result["sure"] or result["fooled"])
    assert gan_dashboard.summary(result).startswith("Not trained yet.")


@pytest.mark.parametrize(
    ("samples", "features"), [(np.zeros((4, 2)), np.zeros((3, 2))), (np.zeros((4, 3)), np.zeros((4, 3)))]
)
def test_what_does_not_fit_is_told(samples, features):
    with pytest.raises(ValueError, match="3"):
        gan_dashboard.compute(parameters(samples, features))


# ---- what it draws ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 2), (40, 2), (3, 32, 32, 3), (64, 32, 32, 3), (20, 64, 128, 1)])
@pytest.mark.parametrize("n", [0, 1, 4])
def test_every_kind_of_sample_is_drawn_with_its_words(shape, n):
    samples = np.random.default_rng(1).uniform(-1, 1, shape)
    history = [report(10 * k, generator=0.5 + k) for k in range(1, n + 1)]
    marks = [(one["step"], 1.0 + one["step"] / 10) for one in history]
    html = gan_dashboard.render(gan_dashboard.compute(parameters(samples, None, history, marks, real=7.0)))
    words = re.findall(r'<img alt="([^"]*)"|<svg role="img" aria-label="([^"]*)"', html)
    assert len(words) == (1 if n == 0 else 3)
    assert all(len(one or other) > 30 for one, other in words)
    assert "nan" not in html.split("base64")[0].lower()
    if n:
        assert "generator from 1.50" in unescape(html)
    assert 'scope="row"' in html and "<script" not in html


# ---- the panel -------------------------------------------------------------------------------------------------------


def test_opening_it_trains_nothing_and_says_so():
    game = Game()
    panel = GanDashboard(game, lambda samples: samples, real=np.random.default_rng(2).standard_normal((30, 2)))
    assert game.step == 0 and not panel.training and panel.error is None
    assert said(panel.words.value)[1].startswith("Not trained yet.") and "as many real ones" in panel.words.value
    assert panel.stop.disabled and not panel.start.disabled


def test_the_button_trains_to_the_end_where_nothing_else_runs():
    game = Game()
    panel = GanDashboard(game, lambda samples: samples, steps=50, every=20)
    panel.start.click()
    assert game.step == 50 and game.closed == 1 and not panel.training and panel.error is None
    assert [step for step, _ in panel.diversity] == [20, 40, 50]
    assert panel.result["history"][-1]["step"] == 50 and "After 50 steps" in panel.words.value
    assert not panel.start.disabled and panel.stop.disabled and panel.progress.layout.display == "none"
    panel.steps.value = 10
    panel.start.click()
    assert game.step == 60 and panel.diversity[-1][0] == 60


def test_in_a_running_notebook_it_gives_way_and_stops_at_once():
    async def session():
        game = Game()
        panel = GanDashboard(game, lambda samples: samples, steps=1000, every=1)
        panel.start.click()
        assert game.step == 0 and panel.training  # the cell goes on at once
        for _ in range(200):
            await asyncio.sleep(0.02)
            if game.step >= 3:
                break
        assert 3 <= game.step < 1000 and panel.start.disabled and not panel.stop.disabled
        panel.start.click()  # a second press changes nothing
        panel.stop.click()
        stopped = game.step
        await asyncio.sleep(0.1)
        assert game.step == stopped == panel.diversity[-1][0] and game.closed == 1 and not panel.training
        panel.start.click()  # and it goes on from there
        await asyncio.sleep(0.2)
        assert game.step > stopped
        panel.stop.click()

    asyncio.run(session())


def test_what_fails_in_training_is_told_and_the_buttons_come_back():
    panel = GanDashboard(Game(fail_at=30), lambda samples: samples, steps=50, every=10)
    panel.start.click()
    kind, text = said(panel.words.value)
    assert kind == "alert" and "smaller learning rates" in text and isinstance(panel.error, FloatingPointError)
    assert not panel.training and not panel.start.disabled and panel.stop.disabled


def test_without_a_kernel_the_page_still_holds_what_was_shown():
    panel = GanDashboard(Game(), lambda samples: samples, steps=10, every=10)
    panel.start.click()
    shown = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown and "After 10 steps" in shown["text/html"]
    assert shown["text/html"].count("<svg") == 3 and shown["text/plain"] == "<GanDashboard after 10 steps>"


def test_every_control_has_a_name():
    panel = GanDashboard(Game(), lambda samples: samples)
    for control in (panel.steps, panel.start, panel.stop, panel.progress):
        assert control.description


IN_LAB = """
import time
import numpy as np
from imgmusic_edu.widgets.gan_dashboard import GanDashboard

class Game:
    step, history = 0, []
    def samples(self, n=16):
        return np.random.default_rng(0).standard_normal((n, 2)) * (0.01 + 0.05 * self.step)
    def train(self, steps, *, every):
        for _ in range(steps):
            time.sleep(0.02)
            self.step += 1
            self.history.append({"step": self.step, "seconds": 0.0, "discriminator": 1.2, "generator": 0.8,
                                 "real_score": 0.4, "fake_score": -0.3})
            yield self.history[-1]

game = Game()
GanDashboard(game, lambda samples: samples, steps=1000, every=1)
"""


def test_it_is_started_and_stopped_by_keys_in_jupyterlab(chromium, tmp_path):
    notebook(tmp_path / "game.ipynb", IN_LAB)
    with jupyterlab(tmp_path) as address, browser_page(chromium) as (page, _, problems):
        open_notebook(page, address, "game.ipynb")
        run_all(page)
        start = page.get_by_role("button", name="Train on")
        start.wait_for(timeout=60_000)
        start.press("Space")
        page.get_by_text(re.compile(r"After \d+ steps")).wait_for()
        stop = page.get_by_role("button", name="Stop, keep what was learnt", disabled=False)
        stop.wait_for()  # a key on a button that is still disabled is heard by nobody
        stop.press("Enter")
        page.wait_for_function(
            "() => [...document.querySelectorAll('button')].some((b) => "
            "b.textContent.includes('Train on') && !b.disabled)"
        )
        text = page.get_by_text(re.compile(r"After \d+ steps")).inner_text()
        page.wait_for_timeout(400)
        assert page.get_by_text(re.compile(r"After \d+ steps")).inner_text() == text
        assert not problems
