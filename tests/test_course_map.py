"""The map of the course: from objectives to functions and back, nothing left out; and the teachers' page beside it."""

import itertools
import re
import subprocess
import sys

import courses
import pytest

from imgmusic_edu import chapters, course_map, editions, exercises, traces

COURSE = {name[:2]: chapter for name, chapter in courses.CHAPTERS.items() if name != "98_tiny_chapter"}
KNOWN = set(COURSE) | set(course_map.PLANNED)
EACH = pytest.mark.parametrize("number", COURSE)


@pytest.fixture(scope="module")
def package():
    return traces.Package(courses.ROOT / "imgmusic_edu")


@pytest.fixture(scope="module")
def places(package):
    return course_map.taught(list(COURSE.values()), package)


@pytest.fixture(scope="module")
def page(package):
    return course_map.page(list(COURSE.values()), package)


@pytest.fixture(scope="module")
def guide():
    return (courses.ROOT / "notebooks" / "TEACHING.md").read_text(encoding="utf-8")


def titles(chapter):
    """Headings that a docstring may quote after the chapter's number."""
    return {text for cell in chapter.cells for _, text in cell.headings}


def plumbing(function):
    return any(f"{function.module}.".startswith(f"{room}.") for room in traces.PLUMBING)


# --- functions --------------------------------------------------------------------------------------------------------


def test_every_public_function_names_a_chapter(package):
    assert len(package.functions) > 600
    silent = [one.path for one in package.functions if not one.mentions and not plumbing(one)]
    assert silent == [], 'write "Taught in chapter NN, section ..." into their docstrings, or into their module\'s'


def test_rooms_that_no_chapter_teaches_are_there_and_give_a_reason(package):
    silent = [one.module for one in package.functions if not one.mentions]
    for room, reason in traces.PLUMBING.items():
        assert any(f"{module}.".startswith(f"{room}.") for module in silent), f"{room} is taught: take it off the list"
        assert len(reason) > 10


def test_the_chapters_named_are_written_or_planned(package):
    named = {said.chapter: one.path for one in package.functions for said in one.mentions}
    assert {chapter: path for chapter, path in named.items() if chapter not in KNOWN} == {}
    assert KNOWN == {f"{number:02d}" for number in range(18)}


def test_the_sections_named_are_there(package):
    wrong = []
    for one in package.functions:
        for said in one.mentions:
            chapter = COURSE.get(said.chapter)
            if chapter:  # of one that is only planned, no section is fixed
                end = chapter.title.lower()
                unknown = [text for text in said.quoted if text not in titles(chapter)]
                wrong += [(one.path, said.chapter, text) for text in unknown if not end.endswith(text.lower())]
    assert wrong == []


@EACH
def test_what_a_chapter_uses_of_the_package_is_there(number, package):
    found = traces.uses(COURSE[number], package)
    assert len(found) > 20
    assert [(use.section, use.written) for use in found if use.defined is None] == []


@EACH
def test_every_chapter_teaches_functions(number, places):
    assert [function for function, chapter, sections in places if chapter == number and sections]


@EACH
def test_every_exercise_has_its_checker_and_wrong_answers(number):
    for name in COURSE[number].solutions:
        exercise = exercises.find(name)
        assert exercise.check.__module__ == f"imgmusic_edu.exercises.ch{number}", name
        assert len(exercise.wrong) >= chapters.FEWEST_WRONG_ANSWERS, name


def test_exercises_carry_their_chapters_title():
    """The progress view reads it there; one that is missing would stop the view of all chapters."""
    for chapter in courses.CHAPTERS.values():
        first = exercises.chapter_module(chapter.id).__doc__.splitlines()[0]
        assert f'"{chapter.title}"' in first, chapter.id


# --- how it is found --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("docstring", "said"),
    [
        (None, ()),
        ("Nothing of it.  See chapter 10.", ()),
        ('Taught in chapter 09, section "How good is it?".', (("09", ("How good is it?",)),)),
        ("Taught in chapters 00, 08 and 10.", (("00", ()), ("08", ()), ("10", ()))),
        ('Taught in chapters 06, "Nets", and 07,\n"More".', (("06", ("Nets",)), ("07", ("More",)))),
        ('Taught in chapter 10, sections "A. B" and "C".', (("10", ("A. B", "C")),)),
        ("Taught in chapter 00 (use), and chapter 02 (what a pixel is).", (("00", ()), ("02", ()))),
        ("Taught in chapter 02; chapter 17 does more.", (("02", ()),)),
        ("Taught in chapter 03. 12 bins.", (("03", ()),)),
    ],
)
def test_mentions(docstring, said):
    assert tuple(map(tuple, traces.mentions(docstring))) == said


@pytest.fixture
def toy(tmp_path):
    """A package of three modules, one of which says nothing of a chapter."""
    folder = tmp_path / "toy"
    (folder / "room").mkdir(parents=True)
    (folder / "__init__.py").write_text(
        'import lazy_loader\na, b, c = lazy_loader.attach(__name__, submod_attrs={"room": ["rise"]})\n'
    )
    (folder / "room" / "__init__.py").write_text('"""Taught in chapter 98."""\nfrom .rise import rise, STEP as step\n')
    (folder / "room" / "rise.py").write_text(
        'STEP = 1\ndef rise():\n    """Up."""\nclass Fall:\n    """Taught in chapter 97."""\ndef _hidden(): ...\n'
    )
    (folder / "alone.py").write_text("import numpy as np\ndef silent(): ...\n")
    return traces.Package(folder)


def test_a_function_without_a_chapter_is_taught_where_its_module_or_package_is(toy):
    said = {one.path: [mention.chapter for mention in one.mentions] for one in toy.functions}
    assert said == {"toy.alone.silent": [], "toy.room.rise.rise": ["98"], "toy.room.rise.Fall": ["97"]}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("toy", "toy"),
        ("toy.rise", "toy.room.rise.rise"),
        ("toy.room.rise", "toy.room.rise.rise"),  # the function hides the module, as in Python
        ("toy.room.step", "toy.room.rise.STEP"),
        ("toy.alone.silent.__doc__", "toy.alone.silent"),
        ("toy.alone.np.abs", "numpy"),
        ("toy.room.gone", None),
        ("toy.gone.rise", None),
        ("numpy.abs", "numpy"),
    ],
)
def test_names_are_followed_to_where_they_are_defined(toy, name, place):
    assert toy.find(name) == place


def chapter_of(*cells):
    heading = chapters.Cell("markdown", "## One", {})
    code = [chapters.Cell("code", source, {}) for source in cells]
    return chapters.Chapter("98_toy", "Toy", 1, "None.", ("a", "b"), (heading, *code))


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        (["im.rise(im.room.step)"], []),
        (["im.sink()"], ["im.sink"]),
        (["from toy.room import rise, sink"], ["toy.room.sink"]),
        (["import toy.room as r", "def f(x):\n    return r.fall(x)"], ["r.fall"]),
        (["from toy import room", "room = 3", "room.anything"], []),  # no longer the package's
        (["from toy import room", "[room.anything for room in 'ab']"], []),
        (["import numpy as np\nnp.no_such_thing"], []),
    ],
)
def test_names_that_the_package_lacks_are_found_in_cells(toy, cells, missing):
    found = traces.uses(chapter_of(*cells), toy)
    assert [use.written for use in found if use.defined is None] == missing


@pytest.mark.parametrize(
    ("prerequisites", "wanted"),
    [
        ("None. You need not read music.", ()),
        ("Chapter 00. It takes 45 minutes.", ("00",)),
        ("Chapters 00 and 03 (mel bands; chapter 09 helps). What a gradient is.", ("00", "03")),
        ("Chapters 00, 03 (mel) and 06 (latents); the ELBO of chapters 06 and 07.", ("00", "03", "06", "07")),
    ],
)
def test_prerequisites(prerequisites, wanted):
    chapter = chapters.Chapter("10_toy", "Toy", 1, prerequisites, ("a", "b"), ())
    assert course_map.needs(chapter) == wanted


def test_a_chapter_cannot_need_a_later_one():
    with pytest.raises(chapters.ChapterError, match="needs chapter 08, which comes after it"):
        course_map.needs(chapters.Chapter("04_toy", "Toy", 1, "Chapter 08.", ("a", "b"), ()))


def test_prerequisites_of_the_course_are_chapters_of_it():
    for number, chapter in COURSE.items():
        assert set(course_map.needs(chapter)) <= KNOWN, number


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_leaves_nothing_out(page, package):
    for number, chapter in COURSE.items():
        part = page.split(f"## {number}. {chapter.title}\n")[1].split("\n## ")[0]
        assert all(f"{n}. {objective}\n   - Taught in: " in part for n, objective in enumerate(chapter.objectives, 1))
        assert all(f"`{name}`" in part and exercises.find(name).check.__name__ in part for name in chapter.solutions)
        assert all(f"- {section} (" in part for section, _ in chapter.sections if section not in chapters.ENDING)
    index = page.split("## From a function to its chapter")[1]
    assert all(f"| `{one.path.split('.', 1)[1]}` |" in index for one in package.functions if one.mentions)


def test_the_page_reads_well_aloud(page):
    levels = [len(marks) for marks in re.findall(r"^(#+) ", page, flags=re.M)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert not re.search(r"<\w|!\[", page), "no HTML and no pictures"
    for table in re.findall(r"(?:^\|.*\|\n)+", page, flags=re.M):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table[:200]


def links(text):
    return re.findall(r"\]\(([^)#]+?)\)", text)


def test_links_lead_somewhere(page, guide):
    folder = courses.ROOT / "notebooks"
    broken = [link for link in links(page) + links(guide) if not (folder / link).exists()]
    assert broken == []
    assert len(links(page)) >= 3 * len(COURSE)


def test_the_page_of_a_course_without_functions(tmp_path):
    tiny = courses.CHAPTERS["98_tiny_chapter"]
    text = course_map.page([tiny], traces.Package(tmp_path / "nowhere"))
    assert "   - Taught in: How does a line look? (4 min)\n   - Done in: exercise" in text
    assert "(`ch98.slope`)" in text
    assert "Chapter 98 needs none." in text
    assert "From a function" not in text


def test_the_map_loads_nothing_heavy():
    code = "import sys; from imgmusic_edu import course_map; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=courses.ROOT)
    assert not {"tensorflow", "keras", "librosa", "matplotlib"} & set(run.stdout.split())


# --- for teachers -----------------------------------------------------------------------------------------------------


def timetables(guide):
    """Rows of each timetable: lists of cells, the head and its rule left out."""
    tables = re.findall(r"^\| (?:Week|Begins) .*\n\|[-| ]+\|\n((?:\|.*\|\n?)+)", guide, flags=re.M)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()] for table in tables]


def minutes_of(chapter, sections):
    """Minutes of "all", of one section in quotation marks, or of those from one to another."""
    if sections == "all":
        return chapter.minutes
    names = [title for title, _ in chapter.sections]
    first, last = (re.findall(r'"([^"]+)"', sections) * 2)[:2]
    chosen = chapter.sections[names.index(first) : names.index(last) + 1]
    return sum(minutes for _, minutes in chosen)


def test_minutes_on_the_teachers_page_are_those_of_the_chapters(guide):
    for table in timetables(guide):
        for _, title, sections, minutes in table:
            number = title[:2]
            if number in COURSE:
                assert title == f"{number}. {COURSE[number].title}"
                assert int(minutes) == minutes_of(COURSE[number], sections), (title, sections)
            elif number.isdigit():
                assert title == f"{number}. {course_map.PLANNED[number]}", "neither written nor planned"
        assert int(table[-1][3]) == sum(int(row[3] or 0) for row in table[:-1])


def test_twelve_weeks_hold_every_chapter_once_and_in_an_order_that_works(guide):
    weeks, day = timetables(guide)
    assert [row[0] for row in weeks[:-1]] == [str(week) for week in range(1, 13)]
    order = list(dict.fromkeys(row[1][:2] for row in weeks if row[1][:2].isdigit()))
    assert set(order) >= set(COURSE)
    for number, chapter in COURSE.items():
        assert sum(int(row[3]) for row in weeks if row[1].startswith(number)) == chapter.minutes, number
        assert all(order.index(before) < order.index(number) for before in course_map.needs(chapter) if before in order)
    clock = [60 * int(row[0].split(":")[0]) + int(row[0].split(":")[1]) for row in day[:-1]]
    for begin, after, row in zip(clock, clock[1:], day, strict=False):
        assert begin + int(row[3]) <= after, row


def test_chapters_that_are_not_written_are_called_planned(guide):
    told = " ".join(guide.split()).split("Planned, and not written: ")[1].split(". Until")[0]
    weeks = {row[1][:2] for row in timetables(guide)[0]}
    for number, title in course_map.PLANNED.items():
        if number not in weeks:
            assert f"{number} {title}" in told
    assert not any(re.search(rf"\b{number}\b", told) for number in COURSE)


def test_the_teachers_commands_are_nbgraders(guide):
    from nbgrader.apps import NbGraderApp
    from nbgrader.preprocessors import Execute
    from traitlets.config import Config

    commands = re.findall(r"^(?:\w+=\S+ )?nbgrader (\w+)", guide, flags=re.M)
    assert commands == ["generate_assignment", "autograde", "generate_feedback", "export"]
    assert set(commands) <= set(NbGraderApp().subcommands)
    (settings,) = re.findall(r"```python\n(.*?)```", guide, flags=re.S)
    config = Config()
    exec(settings, {"get_config": lambda: config})
    assert Execute(config=config).timeout >= 180 > Execute().timeout
    assert config.CourseDirectory.course_id


def test_the_course_folder_of_the_teachers_page_is_that_of_a_chapter(guide):
    layout = re.search(r"```\nmy_class/\n(.*?)```", guide, flags=re.S)[1]
    names = {path.name for path in editions.sources(courses.ROOT)}
    for line in layout.splitlines()[1:]:
        assert f"{line.split()[0].rsplit('/', 1)[1].rsplit('.', 1)[0]}.py" in names
    assert [line.split("/")[0].strip() for line in layout.splitlines()[1:]] == [
        "source",
        "release",
        "submitted",
        "autograded",
        "feedback",
    ]
