"""The shipped data: the ledger tells the truth about the folder, everything opens, and names are found."""

import csv
import hashlib
import re
import shutil
from itertools import chain

import mido
import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

import imgmusic_edu
from imgmusic_edu import datasets
from imgmusic_edu.datasets import DataError
from imgmusic_edu.sounds import open_sound

DATA = ROOT / "data"
ROWS = datasets.ledger()
FREE = {"CC0-1.0", "Public domain"}  # nothing has to travel along
WITH_TEXT = {"Apache-2.0", "BSD-3-Clause", "CC-BY", "CC-BY-3.0", "CC-BY-4.0", "ISC", "MIT"}
OWN = {"MANIFEST.csv", "README.md"}  # written for the project itself


def rows_of(kind):
    return [row for row in ROWS if row["kind"] == kind]


def test_folder_and_ledger_hold_the_same_files():
    on_disk = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()} - OWN
    shipped = {file for file in on_disk if not file.startswith("licences/")}
    with (DATA / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        listed = [row["file"] for row in csv.DictReader(file)]
    assert sorted(listed) == sorted(shipped)
    assert len({file.lower() for file in on_disk}) == len(on_disk), "two names differ only in case"


@pytest.mark.parametrize("kind", sorted({row["kind"] for row in ROWS}))
def test_every_file_is_the_one_the_ledger_describes(kind):
    for row in rows_of(kind):
        content = (DATA / row["file"]).read_bytes()
        assert len(content) == row["bytes"], row["file"]
        assert hashlib.sha256(content).hexdigest() == row["sha256"], row["file"]


def test_no_file_is_shipped_twice():
    assert len({row["sha256"] for row in ROWS}) == len(ROWS)


def test_every_row_says_who_and_whence():
    for row in ROWS:
        assert row["title"] and row["author"], row["file"]
        assert row["title"] == row["title"].strip() and not row["title"].endswith("."), row["file"]
        assert re.fullmatch(r"https?://\S+", row["source"]), row["file"]
        assert row["licence"] in FREE | WITH_TEXT, row["file"]


def test_licence_texts_travel_along():
    needed = {row["licence_text"] for row in ROWS} - {""}
    assert needed | {"licences/CC-BY-4.0.txt"} == {
        path.relative_to(DATA).as_posix() for path in (DATA / "licences").iterdir()
    }
    for row in ROWS:
        assert bool(row["licence_text"]) == (row["licence"] in WITH_TEXT), row["file"]
    marks = {"MIT": "Permission is hereby granted", "BSD-3-Clause": "Redistributions in binary form"}
    marks |= {"CC-BY-4.0": "Attribution 4.0 International", "CC-BY-3.0": "licenses/by/3.0"}
    marks |= {"CC-BY": "licenses/by/4.0", "Apache-2.0": "Apache License", "ISC": "Permission to use, copy, modify"}
    for row in ROWS:
        if row["licence_text"]:
            assert marks[row["licence"]] in (DATA / row["licence_text"]).read_text(encoding="utf-8"), row["file"]


def test_names_are_unique_and_readable():
    found = [row["file"].rpartition("/")[2].partition(".")[0] for row in ROWS]
    assert len(set(found)) == len(found) == len(datasets.names())
    assert all(re.fullmatch(r"[a-z\d]+(_[a-z\d]+)*", name) for name in found)


def test_the_folder_stays_small():
    sizes = {path: path.stat().st_size for path in DATA.rglob("*") if path.is_file()}
    weights = sum(size for path, size in sizes.items() if path.suffix == ".npz")
    assert sum(sizes.values()) - weights < 15.1e6 and weights < 27e6


def test_every_picture_opens():
    pictures = rows_of("photographs") + rows_of("paintings")
    assert len(pictures) > 200
    for row in pictures:
        with Image.open(DATA / row["file"]) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB"), row["file"]
            assert 100 <= min(image.size) and max(image.size) <= 500, row["file"]
            assert np.asarray(image).std() > 5, f"{row['file']} is blank"


def test_every_score_parses_and_its_late_tempi_are_noted():
    for row in rows_of("scores"):
        score = mido.MidiFile(DATA / row["file"])
        notes = [message for track in score.tracks for message in track if message.type == "note_on"]
        assert len(notes) > 100, row["file"]
        late = any(message.type == "set_tempo" for track in score.tracks[1:] for message in track)
        assert late == ("tempo events stand in track 1" in row["note"]), row["file"]


@pytest.mark.filterwarnings("ignore:.*beyond full scale")
def test_every_sample_opens_and_sounds():
    assert len(datasets.samples()) == 68 and set(datasets.categories("samples")) > {"drums", "tabla"}
    for name in datasets.samples():
        sound = open_sound(datasets.data_path(name))
        assert 0.01 < sound.seconds < 8 and np.abs(sound.samples).max() > 0.05, name


def test_textures_are_five_seconds_at_the_course_s_rate():
    assert {"rain", "fire", "drum_loop"} < set(datasets.textures()) and not datasets.categories("textures")
    for name in datasets.textures():
        sound = open_sound(datasets.data_path(name))
        assert sound.seconds == 5 and np.abs(sound.samples).max() > 0.05, name


def test_poems_are_clean_text():
    for name in datasets.poems():
        text = datasets.poem(name)
        assert len(text.splitlines()) >= 10 and text.endswith("\n") and "\r" not in text
        assert text == datasets.open_data(f"poems/{name}")
    assert datasets.poem("sonnet_18").startswith("Shall I compare thee to a summer's day?\n")


def test_soundfont_and_clip_are_what_they_say():
    assert datasets.data_path("fluidr3mono_subset").read_bytes()[8:12] == b"sfbk"
    assert [datasets.data_path(clip).read_bytes()[4:8] for clip in datasets.clips()] == [b"ftyp"]


def test_lists_by_kind_and_category():
    assert "eiffel_tower" in datasets.photographs("monuments") and "eiffel_tower" in datasets.photographs()
    assert "the_night_cafe" in datasets.paintings()
    assert datasets.names("scores", "ragtime") == datasets.scores("ragtime")
    assert datasets.category("eiffel_tower") == "monuments" and datasets.category("sonnet_18") == ""
    kinds = [datasets.photographs(), datasets.paintings(), datasets.scores(), datasets.poems(), datasets.clips()]
    kinds += [datasets.names(kind) for kind in ("facts", "models", "samples", "soundfont", "textures")]
    assert sorted(chain(*kinds)) == datasets.names()
    by_label = {category: datasets.photographs(category) for category in datasets.categories()}
    assert sorted(chain(*by_label.values())) == datasets.photographs()
    assert min(map(len, by_label.values())) >= 5, "too few to learn from"


@pytest.mark.parametrize(
    "name",
    [
        "eiffel_tower",
        "photographs/eiffel_tower",
        "photographs/monuments/eiffel_tower.jpg",
        "Eiffel Tower",
        "eiffel-tower ",
    ],
)
def test_short_and_long_names_mean_the_same_file(name):
    assert imgmusic_edu.data_path(name) == DATA / "photographs/monuments/eiffel_tower.jpg"


def test_pictures_open_as_arrays():
    picture = datasets.picture("eiffel_tower")
    assert picture.dtype == np.uint8 and picture.shape == (288, 384, 3)
    assert max(datasets.picture("the_night_cafe", max_side=200).shape) == 200
    assert np.array_equal(imgmusic_edu.open_data("photographs/eiffel_tower"), picture)


def test_licence_prints_author_licence_and_source(capsys):
    imgmusic_edu.licence("aitzgorri")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The Aitzgorri mountains, by Aitzol Berasategi"
    assert lines[1] == "Licence: CC-BY-4.0 (its text: data/licences/CC-BY-4.0.txt)"
    assert lines[2].startswith("Source: https://") and "reduced" in lines[2]


def test_the_ledger_handed_out_is_a_copy():
    datasets.ledger()[0]["name"] = "changed"
    assert "changed" not in datasets.names()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.picture("eifel_tower"), ["'eifel_tower'", "eiffel_tower", "datasets.names()"]),
        (lambda: datasets.data_path("tower"), ["eiffel_tower", "bayterek_tower"]),
        (lambda: datasets.data_path("paintings/eiffel_tower"), ["paintings/eiffel_tower", "nearest", "eiffel_tower"]),
        (lambda: datasets.data_path("eiffel_tower.png"), ["eiffel_tower.png"]),
        (lambda: datasets.data_path("qqqqqqqq"), ["no name is near it", "datasets.names()"]),
        (lambda: datasets.data_path(""), ["''"]),
        (lambda: datasets.data_path("../../etc/passwd"), ["passwd"]),
        (lambda: datasets.data_path(7), ["int", "eiffel_tower"]),
        (lambda: datasets.data_path("x" * 10_000), ["xxx"]),
        (lambda: datasets.licence("nobody_knows"), ["nobody_knows"]),
        (
            lambda: datasets.open_data("the_entertainer"),
            ["no picture", "scores", "datasets.data_path('the_entertainer')"],
        ),
        (lambda: datasets.poem("eiffel_tower"), ["no poem", "photographs", "datasets.names('poems')"]),
        (lambda: datasets.names("songs"), ["'songs'", "photographs", "scores"]),
        (lambda: datasets.photographs("castles"), ["'castles'", "monuments", "windmills"]),
        (lambda: datasets.categories(""), ["''", "photographs"]),
        (lambda: datasets.names("poems", "sad"), ["'sad'", "none here"]),
    ],
)
def test_what_is_not_there_gets_one_clear_sentence(call, words):
    with pytest.raises(DataError) as caught:
        call()
    sentence = str(caught.value)
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and len(sentence) < 400


def test_data_is_found_in_a_checkout_and_in_a_wheel(tmp_path, monkeypatch):
    """In a wheel the folder lies inside the package, and goes before one that happens to lie beside it."""
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "imgmusic_edu" / "datasets.py"))
    find = datasets._folder.__wrapped__  # without its memory
    with pytest.raises(DataError, match="install the package again"):
        find()
    for folder in (tmp_path / "data", tmp_path / "imgmusic_edu" / "data"):
        folder.mkdir(parents=True)
        shutil.copy(DATA / "MANIFEST.csv", folder)
        assert find() == folder


def test_a_listed_file_that_is_missing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match="in the ledger but not in"):
        datasets.data_path("eiffel_tower")
