"""The book: what its pages say, what its executed copies depend on, and the made pages in a real browser."""

import re
from importlib.resources import files

import courses
import nbformat
import pytest
from browser import browser_page

from imgmusic_edu import course_map, editions, exercises, traces
from imgmusic_edu.book import __main__ as book
from imgmusic_edu.book import execution, minutes, pages
from imgmusic_edu.book.docstrings import as_markup
from imgmusic_edu.book.mathml import mathml

COURSE = {name: chapter for name, chapter in courses.CHAPTERS.items() if name != "98_tiny_chapter"}

# A chapter with what the tiny one lacks: a piece in its player, and a page that names the tiny one's quiz.
SOUNDING = r"""# ---
# title: A sounding chapter
# minutes: 2
# prerequisites: None.
# objectives:
#   - hear a piece
#   - see a formula
# ---

# %% [markdown] minutes=2 objectives="1 2"
# ## What does a tower sound like?
#
# The zephyrous tempo is
#
# $$T = T_0 \left(\frac{T_1}{T_0}\right)^{s},$$
#
# and $\arg\max_x x^2$ stands in a line.

# %%
piece = im.compose(im.open_data("photographs/eiffel_tower"), seconds=8)
im.widgets.Player(piece)

# %%
im.exercises.quiz("ch98")
"""


def executed_copy(chapter, *, project=courses.PROJECT):
    """The solution edition as if it had been run: each code cell took 2 s of the clock and 1 s of the processor."""
    notebook = nbformat.reads(editions.editions(chapter, project)[f"solutions/{chapter.name}.ipynb"], 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata["seconds"] = [2.0, 1.0]
            data = {"text/html": f"<b>{cell.id}</b>", "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    notebook.metadata["record"] = {"key": "", "modules": [], "day": "2026-11-29"}
    return notebook


@pytest.fixture(scope="module")
def tiny():
    return courses.CHAPTERS["98_tiny_chapter"]


# --- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", courses.CHAPTERS)
def test_every_formula_of_the_course_can_be_drawn(name):
    text = "\n\n".join(cell.source for cell in courses.CHAPTERS[name].cells if cell.kind == "markdown")
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.M | re.S)
    formulas = re.findall(r"\$\$(.+?)\$\$|(?<!\\)\$([^$\n]+?)\$", text, flags=re.S)
    for block, inline in formulas:
        assert mathml(block or inline, block=bool(block)).endswith("</math>")


def test_formulas_are_mathml_that_browsers_draw():
    assert "<mfrac>" in mathml(r"\frac{a}{b}") and 'display="block"' in mathml("x", block=True)
    assert "𝔼" in mathml(r"\mathbb E_q") or "&#x1D53C;" in mathml(r"\mathbb E_q")
    assert ">arg<" in mathml(r"\arg\min_x f") and "‖" in mathml(r"\lVert x\rVert").replace("&#x02016;", "‖")


@pytest.mark.parametrize("wrong", [r"\nosuchcommand x", r"\begin{cases} a"])
def test_a_formula_that_cannot_be_read_is_named(wrong):
    with pytest.raises(ValueError, match=r"The formula .* (cannot be read|is unknown)"):
        mathml(wrong)


# --- docstrings -------------------------------------------------------------------------------------------------------


def test_bars_and_stars_of_a_docstring_are_no_markup():
    assert as_markup(["|S| and 2 * 3, `a|b`, x_", ">>> a * b"]) == [r"\|S\| and 2 \* 3, `a|b`, x\_", ">>> a * b"]
    told = ["So::", "", "    a * b", "    |c|", "", "then |d|"]
    assert as_markup(told) == ["So::", "", "    a * b", "    |c|", "", r"then \|d\|"]


# --- what an executed copy depends on ---------------------------------------------------------------------------------


def test_an_executed_copy_is_kept_until_what_it_used_changes(tmp_path):
    package = tmp_path / "imgmusic_edu"
    (tmp_path / "data").mkdir()
    package.mkdir()
    files = [tmp_path / "data" / "MANIFEST.csv", package / "used.py", package / "player.js"]
    for path in [*files, package / "unused.py"]:
        path.write_text("1")
    first = execution.key_of("notebook", tmp_path, ["used.py"])
    (package / "unused.py").write_text("2")
    assert execution.key_of("notebook", tmp_path, ["used.py"]) == first
    assert execution.key_of("another", tmp_path, ["used.py"]) != first
    for path in files:
        path.write_text("2")
        assert execution.key_of("notebook", tmp_path, ["used.py"]) != first, path
        path.write_text("1")
    assert execution.key_of("notebook", tmp_path, ["used.py"]) == first
    (package / "used.py").unlink()
    assert execution.key_of("notebook", tmp_path, ["used.py"]) != first


def test_what_has_been_run_is_not_run_again_and_a_fault_stops_the_book(tmp_path):
    good, bad = (
        nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="only")]))
        for source in ("import imgmusic_edu.crossmodal\nprint('ran')", "1 / 0")
    )
    told = []
    once = execution.executed({"good": good}, tmp_path, courses.ROOT, told=told.append)["good"]
    assert once.cells[0].outputs[0].text == "ran\n" and len(once.cells) == 1
    assert "crossmodal.py" in once.metadata["record"]["modules"]
    assert all(seconds >= 0 for seconds in once.cells[0].metadata["seconds"])
    again = execution.executed({"good": good}, tmp_path, courses.ROOT, told=told.append)["good"]
    assert again == once and len(told) == 1
    with pytest.raises(execution.ExecutionError, match=r"bad could not be run to its end.\n(.|\n)*ZeroDivisionError"):
        execution.executed({"good": good, "bad": bad}, tmp_path, courses.ROOT, told=told.append)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.ipynb"]


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_chapters_page_shows_the_stub_and_folds_the_solution(tiny):
    run = executed_copy(tiny)
    before = nbformat.writes(run)
    page = pages.chapter_page(tiny, run, [])
    assert nbformat.writes(run) == before
    cells = {cell.id: cell for cell in page.cells}
    order = [cell.id for cell in page.cells]
    assert order.index("ch98-snap") == order.index("ch98-snap-stub") + 1 and "ch98-snap-check" not in cells
    stub, solution = cells["ch98-snap-stub"], cells["ch98-snap"]
    assert "raise NotImplementedError()" in stub.source and not stub.outputs and "tags" not in stub.metadata
    assert "scale[distances" in solution.source and 'im.exercises.check("ch98.snap", snap)' in solution.source
    assert "###" not in solution.source and "snap(100" not in solution.source, "nbgrader's markers or hidden tests"
    assert solution.metadata["tags"] == cells["setup"].metadata["tags"] == ["hide-cell"]
    assert [output.data["text/html"] for output in solution.outputs] == ["<b>ch98-snap</b>", "<b>ch98-snap-check</b>"]
    assert "widget-view" not in nbformat.writes(page) and "data:image" not in cells["title"].source
    assert "[Open in Colab](https://colab" in cells["title"].source


def test_chapters_and_functions_point_at_each_other():
    package = traces.Package(courses.ROOT / "imgmusic_edu")
    taught = {chapter.name[:2]: chapter for chapter in COURSE.values()}
    places = course_map.taught(list(COURSE.values()), package)
    made = pages.reference_pages(package, places, taught)
    text = "\n".join(made.values())
    documented = re.findall(r"auto(?:class|function):: (\S+)$", text, flags=re.M)
    assert sorted(documented) == sorted(function.path for function in package.functions)
    here = [(function, sections) for function, number, sections in places if number == "10"]
    chapter = taught["10"]
    page = pages.chapter_page(chapter, executed_copy(chapter), here)
    written = "\n".join(cell.source for cell in page.cells)
    for function, sections in here:
        assert f"<{function.path}>`" in written
        for title in sections:
            name = pages.label(chapter, title)
            assert f"({name})=\n## {title}" in written and f"](#{name})" in written and f"<{name}>`" in text


def test_links_lead_to_pages_or_to_the_projects_files():
    text = "[a](MAP.md), [b](../README.md#start), [c](https://x.org/y), [d](#here), [e](plain/00_a.py)"
    linked = pages.relinked(text, "notebooks/TEACHING.md", {"notebooks/MAP.md"}, courses.PROJECT)
    upstream = "https://github.com/someone/somewhere/blob/main"
    assert linked == (
        f"[a](MAP.md), [b]({upstream}/README.md#start), [c](https://x.org/y), [d](#here), "
        f"[e]({upstream}/notebooks/plain/00_a.py)"
    )


def test_every_file_of_the_ledger_is_credited():
    ledger = (courses.ROOT / "data" / "MANIFEST.csv").read_text(encoding="utf-8")
    page = pages.data_page(ledger, courses.PROJECT)
    assert page.count("\n| `") == len(ledger.splitlines()) - 1
    assert (
        "`big_buck_bunny.mp4`" in page
        and "data/licences/big_buck_bunny.txt" in page
        and "## paintings/van gogh" in page
    )


# --- measured minutes -------------------------------------------------------------------------------------------------


def test_times_are_summed_by_section(tiny):
    run = executed_copy(tiny)
    found = {title: rest for title, *rest in minutes.sections(run)}
    assert found[minutes.BEFORE] == [1, 2.0, 1.0] and found["Exercises"] == [4, 8.0, 4.0]
    assert "Summary" not in found
    page = minutes.page({tiny.name: run}, cores=2)
    assert "| [98. A tiny chapter](98_tiny_chapter.ipynb) | 7 | 14 | 7 | 2026-11-29 |" in page
    assert "| Exercises | 4 | 8.0 | 4.0 |" in page and "| Together | 7 | 14 | 7 |  |" in page


def test_the_written_minutes_know_every_chapter_and_section():
    text = (courses.ROOT / "notebooks" / minutes.NAME).read_text(encoding="utf-8")
    parts = dict(re.findall(r"^## (.+)\n\n((?:\|.*\n?)+)", text, flags=re.M))
    assert parts.pop("The chapters").count("ipynb)") == len(COURSE)
    for chapter in COURSE.values():
        rows = re.findall(
            r"^\| (.+?) \| \d+ \| ([\d.]+) \| ([\d.]+) \|", parts[f"{chapter.name[:2]}. {chapter.title}"], re.M
        )
        coded = [section.title for section in chapter.outline if any(cell.kind == "code" for cell in section.cells)]
        assert [title for title, *_ in rows] == [minutes.BEFORE, *coded], f"{chapter.name}: make book OPTIONS=--minutes"
        assert sum(float(processor) for *_, processor in rows) > 1


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_it_does_not_know(capsys):
    for arguments, words in ((["77"], "there is no chapter 77"), (["00", "--minutes"], "a page of all chapters")):
        with pytest.raises(SystemExit):
            book.main(arguments)
        assert words in capsys.readouterr().err


# --- the made book ----------------------------------------------------------------------------------------------------

# Faults of the theme in what it puts around a chapter are not looked for: only the article is ours.
ARTICLE = "article.bd-article"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small book: the tiny chapter and one with a player, both run here."""
    folder = tmp_path_factory.mktemp("book")
    sounding = folder / "97_a_sounding_chapter.py"
    sounding.write_text(SOUNDING, encoding="utf-8")
    (folder / "ch97.py").write_text("EXERCISES = QUIZ = ()\n", encoding="utf-8")
    exercises.__path__.append(str(folder))
    first = book.build([sounding, courses.TINY_SOURCE], folder / "out", exercises=[courses.TINY, folder])
    exercises.__path__.remove(str(folder))
    return first.parent


def violations(page):
    """What axe-core calls serious or critical in the article: a line each."""
    page.add_script_tag(path=files("axe_playwright_python") / "axe.min.js")
    found = page.evaluate("scope => axe.run(scope, { resultTypes: ['violations'] })", ARTICLE)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def try_chapter(page, address):
    """What a reader does with a chapter: plays, opens a solution by keyboard, reads a formula, goes dark."""
    page.goto(address)
    audio = page.locator("audio").first
    audio.evaluate("a => a.play()")
    page.wait_for_function("a => a.readyState >= 2 && a.currentTime > 0.2", arg=audio.element_handle())
    audio.evaluate("a => a.pause()")
    player = page.locator(".im-player").first
    player.focus()
    page.keyboard.press("n")
    assert re.search(r" at \d+\.\d s", player.locator(".im-note").inner_text())
    formula = page.locator("math[display=block]").first.bounding_box()
    assert formula["height"] > 25, "a fraction is higher than a line"


def try_solution(page, address):
    page.goto(address)
    fold = page.locator("details.hide", has=page.get_by_text("Solution, and what its check says")).first
    inside = fold.get_by_text("Passed:")
    assert not inside.is_visible() and page.get_by_text("raise NotImplementedError()").first.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert inside.is_visible()


def try_theme(page):
    seen = set()
    for mode in ("light", "dark"):
        page.locator("button.theme-switch-button").first.focus()
        page.keyboard.press("Enter")
        page.locator(f"button.theme-change-button[data-mode={mode}]").first.press("Enter")
        seen.add(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


@pytest.mark.slow
def test_the_book_opens_from_disk_sounds_and_asks_nobody(chromium, made):
    with browser_page(chromium, viewport={"width": 1200, "height": 900}) as (page, requests, problems):
        try_chapter(page, (made / "notebooks" / "97_a_sounding_chapter.html").as_uri())
        try_solution(page, (made / "notebooks" / "98_tiny_chapter.html").as_uri())
        try_theme(page)
        for path in sorted(made.rglob("*.html")):
            page.goto(path.as_uri())
        page.goto((made / "search.html").as_uri() + "?q=zephyrous")
        page.locator("#search-results a", has_text="A sounding chapter").first.wait_for()
        assert not problems
        assert [one for one in requests if not one.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_ours_in_the_book_is_accessible(chromium, made, scheme):
    with browser_page(chromium, viewport={"width": 1200, "height": 900}, color_scheme=scheme) as (page, _, _):
        for name in ("index", "notebooks/97_a_sounding_chapter", "notebooks/98_tiny_chapter", "reference/scenes"):
            page.goto((made / f"{name}.html").as_uri())
            assert violations(page) == [], name


@pytest.mark.slow
def test_the_book_fits_a_telephone_and_links_both_ways(chromium, made):
    with browser_page(chromium, viewport={"width": 360, "height": 700}) as (page, _, _):
        page.goto((made / "notebooks" / "97_a_sounding_chapter.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        colab = page.locator("a[href*='colab.research.google.com']").first.get_attribute("href")
        assert colab.endswith("/blob/main/notebooks/97_a_sounding_chapter.ipynb")
    for path in sorted(made.rglob("*.html")):
        for target, anchor in re.findall(
            r'href="((?:\.\./)?[\w./]+\.html)?(?:#([^"]+))?"', path.read_text(encoding="utf-8")
        ):
            if target:
                assert (path.parent / target).resolve().exists(), f"{path.name}: {target}#{anchor}"
