"""The project's own files agree: pyproject, the tested set, environment.yml, and the rooms of the package."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import imgmusic_edu

PACKAGE = ROOT / "imgmusic_edu"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Where the tested set must install: the marker environments of the promise in the README.
PLATFORMS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": system,
        "platform_machine": machine,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in ("3.11", "3.12", "3.13")
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]
# The floors of the package: a room imports only from rooms on lower floors, and from within itself.
FLOORS = {
    "files": 0,
    "command_lines": 0,
    "pictures": 1,
    "sounds": 1,
    "datasets": 1.5,
    "scenes": 1,
    "visual_features": 2,
    "audio_features": 2,
    "backbones": 2.5,
    "crossmodal": 2,
    "instruments": 2,
    "scores": 2,
    "composer": 3,
    "synthesizer": 3,
    "style": 3.1,
    "vocoders": 3.2,
    "explanations": 3.5,
    "networks": 4.6,
    "roads": 4.7,
    "live": 4.8,
    "studio": 4.9,
    "evaluation": 4.5,
    "drawn": 4.7,
    "plots": 4.8,
    "listening": 4.8,
    "widgets": 5,
    "exercises": 5,
    "editions": 5.5,  # reads the exercises it puts into the notebooks
    "book": 5.8,
    "__main__": 6,
}
# Rooms that take more than one file.
ROOM_OF = {
    "access": "plots",
    "midi_files": "scores",
    "tables": "plots",
    "soundfonts": "synthesizer",
    "tones": "synthesizer",
    "chapters": "editions",
    "claims": "editions",
    "course_map": "editions",
    "traces": "editions",
    "options": "__main__",
    "studio_command": "__main__",
    "own_roads": "roads",
}
# A piece opens the player when it is shown, and when it is written as a page: inside that function only.
SHOWS_ITSELF = {("roads", "widgets"), ("studio", "widgets")}


def requirements(lines):
    """Name -> Requirement of a list of requirement strings; an extra of the project itself is opened."""
    found = {}
    for requirement in map(Requirement, lines):
        if canonicalize_name(requirement.name) == "imgmusic-edu":
            for extra in requirement.extras:
                found.update(requirements(EXTRAS[extra]))
        else:
            found[canonicalize_name(requirement.name)] = requirement
    return found


def lock():
    """The tested set: a list of (Requirement, number of hashes)."""
    text = (ROOT / "requirements-lock.txt").read_text(encoding="utf-8").replace("\\\n", "")
    entries = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return [(Requirement(entry.split("--hash")[0]), entry.count("--hash=sha256:")) for entry in entries]


CORE = requirements(PROJECT["dependencies"])
WANTED = requirements(PROJECT["dependencies"] + EXTRAS["course"] + EXTRAS["book"] + EXTRAS["test"])


def test_bounds_are_lower_bounds_only():
    everything = requirements(chain(PROJECT["dependencies"], *EXTRAS.values()))
    for requirement in everything.values():
        assert [s.operator for s in requirement.specifier] == [">="], f"{requirement}: one lower bound, no upper pin"


def test_tensorflow_is_never_a_dependency_of_the_package_itself():
    assert not [name for name in CORE if name.startswith(("tensorflow", "keras"))]
    assert set(EXTRAS) >= {"tf", "tf-cpu", "lab", "test"}


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: f"{p['python_version']}-{p['platform_machine']}")
def test_the_tested_set_fulfils_pyproject_on_every_promised_platform(platform):
    pinned = {}
    for requirement, _ in lock():
        if requirement.marker is None or requirement.marker.evaluate(platform):
            name = canonicalize_name(requirement.name)
            assert name not in pinned, f"{name} is pinned twice on one platform"
            pinned[name] = str(requirement.specifier).removeprefix("==")
    for name, requirement in WANTED.items():
        if requirement.marker is None or requirement.marker.evaluate(platform):
            assert name in pinned, f"{name} is in pyproject.toml but not in the tested set: make lock"
            fits = requirement.specifier.contains(pinned[name], prereleases=True)  # a workflow tries them
            assert fits, f"{name} {pinned[name]} is not {requirement}"
    tensorflows = {"tensorflow", "tensorflow-cpu"} & set(pinned)
    linux_pc = platform["sys_platform"] == "linux" and platform["platform_machine"] == "x86_64"
    assert tensorflows == ({"tensorflow-cpu"} if linux_pc else {"tensorflow"})


def test_the_tested_set_is_pinned_by_version_and_hash_and_names_no_address():
    text = (ROOT / "requirements-lock.txt").read_text(encoding="utf-8")
    assert not re.findall(r"\w+://\S*|\s--(?:index|extra|find)\S*|file:\S*", text)
    for requirement, n_hashes in lock():
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert n_hashes > 0, f"{requirement.name} has no hash"


def test_environment_yml_has_the_bounds_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-e .[course]"]}
    assert "conda-forge" in environment["channels"]

    conda_names = {"pysoundfile": "soundfile", "soxr-python": "soxr"}  # conda-forge's own name of the same thing
    listed = {}
    for line in conda:
        name, bound = re.fullmatch(r"([a-z_\d-]+)((?:>=|=)[\d.]+)?", line).groups()
        listed[canonicalize_name(conda_names.get(name, name))] = bound
    python = Version(listed.pop("python").removeprefix("="))
    assert python in Requirement(f"python{PROJECT['requires-python']}").specifier
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    assert listed.pop("pip") is None

    wanted = {**CORE, **requirements(EXTRAS["lab"] + EXTRAS["studio"])}
    assert listed == {name: str(wanted[name].specifier) for name in listed}
    assert set(wanted) - set(listed) == {"mido"}, "what conda does not bring, pip does"


def test_setup_cell_knows_what_colab_lacks():
    missing = PYPROJECT["tool"]["imgmusic_edu"]["missing-on-colab"]
    assert set(missing) <= set(CORE)
    assert PROJECT["urls"]["Repository"].startswith("https://")


def test_the_readme_names_the_projects_address_and_its_first_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    owner = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    assert set(re.findall(r"github(?:\.com)?/([\w-]+/[\w-]+?)(?:\.git|/blob|[)\s\"]|$)", readme)) == {owner}
    assert readme.index("make lab") < readme.index("make test") < readme.index("conda env create")


def test_continuous_integration_runs_the_readmes_test_command():
    commands = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines() if line.strip()]
    assert commands[-1] == "make test"


@pytest.mark.parametrize("required", [False, True])
def test_browser_tests_never_go_missing_silently(required, tmp_path):
    ours = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "imgmusic_edu/book/offline", tmp_path / "imgmusic_edu/book/offline")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text(ours, encoding="utf-8")
    (tmp_path / "tests" / "browser.py").write_text("def find_chromium(): return None\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser\n", encoding="utf-8")
    (tmp_path / "tests" / "test_page.py").write_text("def test_page(chromium): pass\n", encoding="utf-8")
    environment = os.environ | {"IMGMUSIC_REQUIRE_BROWSER": "1" if required else "0"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == (1 if required else 0), done.stdout
    assert ("BROWSER TESTS DID NOT RUN" in done.stdout) is not required


def test_import_is_light():
    code = "import sys, imgmusic_edu; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    heavy = {"tensorflow", "keras", "librosa", "matplotlib", "scipy", "skimage", "numpy", "IPython", "ipywidgets"}
    assert not heavy & set(done.stdout.split())


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == imgmusic_edu.__version__ and citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Repository"]
    assert f"## {imgmusic_edu.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


PAGES = ("README.md", "LICENSE-texts.md", ".github/CONTRIBUTING.md", ".github/CODE_OF_CONDUCT.md")


def anchors(text):
    """Names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_pages_for_people_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_readmes_picture_is_small_and_its_words_are_those_of_its_script():
    (words, name) = re.search(
        r"!\[([^\]]+)\]\((\.github/\S+)\)", (ROOT / "README.md").read_text(encoding="utf-8")
    ).groups()
    specification = importlib.util.spec_from_file_location("picture", ROOT / ".github" / "picture.py")
    specification.loader.exec_module(picture := importlib.util.module_from_spec(specification))
    piece = picture.compose()
    assert ROOT / name == picture.PATH and picture.PATH.stat().st_size < 150_000
    assert words == picture.described(piece)
    middle = picture.highest(piece).beat * 60 / piece.plan.tempo / piece.plan.seconds
    assert 0.45 < middle < 0.6, "the words say that the highest note stands over the dome"


def test_texts_and_media_have_a_licence_that_the_package_carries():
    assert set(PROJECT["license-files"]) == {"LICENSE", "LICENSE-texts.md"}
    assert "(LICENSE-texts.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in (ROOT / "LICENSE-texts.md").read_text(encoding="utf-8")


def test_each_recipe_for_contributors_has_ten_steps():
    told = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    steps = {part.splitlines()[0]: re.findall(r"^(\d+)\. ", part, flags=re.M) for part in told.split("\n## A")[1:]}
    wanted = [str(number) for number in range(1, 11)]
    assert steps == dict.fromkeys((" chapter", " road from picture to sound", " vocoder", "n exercise"), wanted)


def test_what_contributors_are_told_to_type_and_open_is_there():
    told = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make ([a-z-]+)", told):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target
    for path in re.findall(r"`((?:imgmusic_edu|notebooks|tests|data)/[\w/.]+?)/?`", told):
        assert (ROOT / path).exists() or "NN" in path or "yours" in path, path


def test_version_is_written_once():
    assert re.fullmatch(r"\d+\.\d+\.\d+", imgmusic_edu.__version__)
    assert PROJECT["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "imgmusic_edu/__init__.py"


def rooms():
    """The rooms there are: modules and folders of the package."""
    return sorted(p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists())


@pytest.mark.parametrize("room", [room for room in rooms() if room != "__init__"])
def test_room_opens_and_has_a_floor(room):
    module = importlib.import_module(f"imgmusic_edu.{room}")
    assert module.__doc__, f"{room} does not say what it is for"
    assert ROOM_OF.get(room, room) in FLOORS, f"{room}: say on which floor it stands"


def test_everything_on_offer_at_the_top_level_is_there():
    for name in imgmusic_edu.__all__:
        assert getattr(imgmusic_edu, name) is not None


def imports_of(path):
    """Rooms that a module of the package imports from: (room, line, whether inside a function)."""
    package = ["imgmusic_edu", *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            room = ROOM_OF.get(parts[1], parts[1]) if parts[0] == "imgmusic_edu" and len(parts) > 1 else None
            if room in FLOORS:
                yield room, node.lineno, node.col_offset > 0


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_import_only_from_the_floors_below(path):
    file = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    room = ROOM_OF.get(file, file)
    for below, line, inside_function in imports_of(path):
        if below != room and not ((room, below) in SHOWS_ITSELF and inside_function):
            assert FLOORS[below] < FLOORS[room], f"{path.name}, line {line}: {room} must not import from {below}"


def test_modules_stay_small():
    long = {p.name: n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert not long


def test_wheel_carries_data_and_scripts(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in [*(ROOT / "data").rglob("*"), *PACKAGE.rglob("*.js"), *PACKAGE.rglob("*.css"), PACKAGE / "py.typed"]:
        if path.is_file():
            inside = path.relative_to(ROOT).as_posix()
            inside = f"imgmusic_edu/{inside}" if inside.startswith("data/") else inside
            assert inside in names, f"{inside} is not in the wheel"
    assert wheel.stat().st_size < 38e6
