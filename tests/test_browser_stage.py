"""The stage of the studio and the speaker of live music, alone on a page without a kernel: cameras, regions, files."""

import base64

import pytest
from browser import browser_page, stand_in_piece
from test_browser_live import film
from test_browser_studio import CAMERA

from imgmusic_edu.widgets.live import Speaker
from imgmusic_edu.widgets.stage import Stage

# A widget on the page: `sent` is what it said to Python, which answers at once; `tell` says something to it, and `end`
# takes it away.
SHOW = """async ([script, answers]) => {
    window.end?.();
    const { default: widget } = await import(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
    const el = document.createElement('div');
    document.body.replaceChildren(el);
    window.sent = [];
    const model = {
        get: () => [],
        send: (content) => { sent.push(content); if (answers) tell({ do: 'heard', number: content.number }); },
        on: (_, hear) => (window.tell = (message, packed = []) =>
            hear(message, packed.map((text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0))))),
        off: () => {},
    };
    window.end = widget.render({ model, el });
}"""
# A camera that looks only once it is allowed to: each of `allow` lets one request through.
ASKING = """() => {
    const open = navigator.mediaDevices.getUserMedia;
    [window.allow, window.streams] = [[], []];
    navigator.mediaDevices.getUserMedia = async () => {
        await new Promise((done) => allow.push(done));
        streams.push(await open());
        return streams.at(-1);
    };
}"""
PIECE = stand_in_piece(seconds=3)


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    blank = tmp_path_factory.mktemp("stage") / "blank.html"  # a page of a disk may use a camera, an empty one may not
    blank.write_text("<!doctype html><title>A stage</title>")
    with browser_page(chromium) as (page, _, problems):
        page.goto(blank.as_uri())
        yield page
        assert not problems


def show(page, kind, *, answers=True):
    page.evaluate(SHOW, [kind._esm, answers])


def tell(page, message, buffers=()):
    page.evaluate("told => tell(...told)", [message, [base64.b64encode(one).decode() for one in buffers]])


def python(page, act):
    """What Python's half of a stage sends while it does something reaches the page."""
    stage, sent = Stage(None, None), []
    stage.send = lambda *message: sent.append(message)
    act(stage)
    for message in list(sent):
        tell(page, *message)


def played(page):
    """A stage with a piece on it."""
    show(page, Stage)
    python(page, lambda stage: stage.show(PIECE))
    page.locator(".im-player:not([hidden])").wait_for()


def said(page):
    return page.locator(".im-said").inner_text()


# ---- the camera ------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[Stage, Speaker], ids=lambda kind: kind.__name__)
def looking(browser, request):
    """A page whose camera waits to be allowed, and the name of the button that closes it."""
    for script in (CAMERA, ASKING):
        browser.evaluate(script)
    show(browser, request.param)
    return browser, "Close the camera" if request.param is Stage else "Stop looking"


def asked(page, times):
    """Press Camera; the browser asks whether it may look."""
    for _ in range(times):
        page.get_by_role("button", name="Camera", exact=True).click()
    page.wait_for_function("n => allow.length === n", arg=times)


def allowed(page, n, k=-1):
    """Until the n-th stream has come, by allowing one request."""
    page.evaluate("k => allow.splice(k, 1)[0]()", k)
    page.wait_for_function("n => streams.length === n", arg=n)
    page.evaluate("() => new Promise((done) => setTimeout(done, 100))")  # whatever comes of it has come
    return page.evaluate("streams.map((one) => one.active)")


def test_one_camera_looks_however_often_it_is_asked_for(looking):
    page, name = looking
    asked(page, 2)
    assert allowed(page, 1) == [True] and allowed(page, 2) == [True, False]  # the later request came first
    close = page.get_by_role("button", name=name)
    close.wait_for()
    page.wait_for_function("() => !document.querySelector('video').paused")
    asked(page, 1)
    assert allowed(page, 3) == [False, False, True]
    close.click()
    assert page.evaluate("streams.map((one) => one.active)") == [False] * 3 and not close.is_visible()
    assert page.locator(".im-camera").evaluate("one => one === document.activeElement"), "the focus is lost"
    assert "gave no camera" not in said(page)


def test_a_camera_that_comes_when_its_page_has_gone_is_closed(looking):
    page, _ = looking
    asked(page, 1)
    page.evaluate("end()")
    assert allowed(page, 1) == [False]


def test_a_film_chosen_while_the_browser_asks_for_the_camera_goes_on(browser, tmp_path):
    page = browser
    for script in (CAMERA, ASKING):
        page.evaluate(script)
    show(page, Speaker)
    asked(page, 1)
    path = film(page, tmp_path)
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_text(f"{path.name} steers the music").wait_for()
    assert allowed(page, 1) == [False]
    assert page.locator("video").evaluate("one => [one.paused, one.videoWidth]") == [False, 160]
    tell(page, {"do": "shut"})  # another picture is chosen
    assert page.locator("video").evaluate("one => [one.hidden, one.hasAttribute('src')]") == [True, False]


# ---- a region --------------------------------------------------------------------------------------------------------


def typed(page, *edges):
    for field, edge in zip(page.locator(".im-brush input").all(), edges, strict=True):
        field.fill(str(edge))
        field.press("Tab")


def edges(page):
    return page.locator(".im-brush input").evaluate_all("all => all.map((one) => one.value)")


def heard(page):
    """The regions that Python was asked for, once more for what is chosen now."""
    page.get_by_role("button", name="Hear only this").click()
    return page.evaluate("sent.filter((one) => one.want === 'region').map((one) => one.region)")


def test_a_region_that_cannot_be_is_told_and_none_is_chosen(browser):
    played(browser)
    typed(browser, 20, 10, 60, 80)
    assert said(browser) == "" and browser.locator(".im-brushed").count() == 1
    right = [0.2, 0.1, 0.6, 0.8]
    assert heard(browser) == [right]
    for wrong in ((70, 10, 60, 80), (20, 80, 60, 80), (20, 10, 120, 80), (20, 10, 60, "")):
        typed(browser, *wrong)
        assert said(browser).startswith("No region now: its edges are 0 to 100"), wrong
        assert browser.locator(".im-brushed").count() == 0
        assert heard(browser) == [right] and said(browser).startswith("Choose a region first"), wrong
        typed(browser, 20, 10, 60, 80)
    typed(browser, 70, 10, 90, 80)  # on its way left is not before right
    assert said(browser) == "" and heard(browser)[1:] == [[0.7, 0.1, 0.9, 0.8]]


def test_a_finger_that_scrolls_leaves_the_region_as_it_was(browser):
    played(browser)
    typed(browser, 20, 10, 60, 80)
    browser.locator(".im-picture").scroll_into_view_if_needed()
    box = browser.locator(".im-picture").bounding_box()
    browser.mouse.move(box["x"] + 10, box["y"] + 10)
    browser.mouse.down()
    browser.mouse.move(box["x"] + 60, box["y"] + 40, steps=3)
    assert edges(browser) != ["20", "10", "60", "80"]
    browser.evaluate("window.dispatchEvent(new PointerEvent('pointercancel'))")
    browser.mouse.up()
    assert edges(browser) == ["20", "10", "60", "80"] and heard(browser) == [[0.2, 0.1, 0.6, 0.8]]


# ---- files, and answers ----------------------------------------------------------------------------------------------


def test_a_file_made_again_takes_the_place_of_the_old_one(browser):
    show(browser, Stage)
    addresses = []
    for content in (b"old", b"new"):
        tell(browser, {"do": "file", "name": "koala.json", "type": "application/json"}, [content])
        [link] = browser.locator(".im-files a").all()
        addresses.append(link.get_attribute("href"))
    there = "address => fetch(address).then((file) => file.text()).catch(() => 'gone')"
    assert [browser.evaluate(there, address) for address in addresses] == ["gone", "new"]


def test_a_start_that_failed_is_told_and_not_that_python_is_gone(browser):
    page = browser.context.browser.new_page()
    page.clock.install()
    show(page, Stage, answers=False)
    [question] = page.evaluate("sent")

    def answer(stage):
        stage.said = "The road is not here."  # before there was a page
        stage._hear(None, question, [])

    python(page, answer)
    page.clock.fast_forward(20_000)
    assert said(page) == "The road is not here."
    page.close()
