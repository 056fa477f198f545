"""The command: every picture becomes music or one sentence, and no file is ever left half written."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from odd_files import make_odd_files, sample_picture
from PIL import Image

from imgmusic_edu import files, roads
from imgmusic_edu.__main__ import main
from imgmusic_edu.composer.plan import LOCKED_TEMPO, SECONDS
from imgmusic_edu.pictures import open_picture
from imgmusic_edu.scores import MODES
from imgmusic_edu.sounds import Sound, open_sound

COMMAND = [sys.executable, "-m", "imgmusic_edu"]
# Wherever the tests run from, a process of its own finds the same package.
PATHS = os.pathsep.join([str(Path(files.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in, apart from photo.png."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(sample_picture()).save("photo.png")
    return tmp_path


@pytest.fixture
def quick(monkeypatch):
    """Music in no time, for tests of everything else; gives the settings of each call."""
    calls = []

    class Piece:
        sentences = ("It is light.", "So it is high.", "That is all.")

        def save(self, path):
            if path.endswith(".wav"):
                Sound(np.full(300, 0.1)).save(path)
            else:
                files.write_atomically(path, b"{}")

    def compose(picture, **settings):
        open_picture(picture, max_side=1024)
        calls.append((picture, settings))
        return Piece()

    monkeypatch.setattr(roads, "compose", compose)
    return calls


def run(capsys, *arguments):
    """Exit code, standard output and standard error of one call."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def assert_one_sentence(text):
    assert text.startswith("imgmusic: ") and text.endswith(".\n") and text.count("\n") == 1
    assert "Errno" not in text and "please report" not in text


def test_a_picture_becomes_sound_notes_and_reasons(folder, capsys):
    arguments = ("photo.png", "-o", "a.wav", "--midi", "a.mid", "--explain", "a.json", "--seconds", 8, "--seed", 7)
    code, out, err = run(
        capsys, *arguments, "--tempo", 90, "--key", "F#", "--mode", "dorian", "--instruments", "violin"
    )
    assert (code, err) == (0, "")
    assert open_sound("a.wav").seconds == 8
    reasons = json.loads(Path("a.json").read_text())
    assert out.splitlines()[1:] == ["  " + sentence for sentence in reasons["sentences"]] and len(out.splitlines()) == 4
    assert Path("a.mid").read_bytes().startswith(b"MThd")
    first = {name: Path(name).read_bytes() for name in ("a.wav", "a.mid", "a.json")}
    assert run(capsys, *arguments, "--tempo", 90, "--key", "F#", "--mode", "dorian", "--instruments", "violin")[0] == 0
    assert first == {name: Path(name).read_bytes() for name in first}
    assert sorted(os.listdir()) == ["a.json", "a.mid", "a.wav", "photo.png"]


@pytest.mark.parametrize("stand_in", [True, False], ids=["all", "a fifth, with music"])
def test_odd_files_become_music_or_a_sentence(tmp_path, monkeypatch, capsys, request, stand_in):
    odd = make_odd_files(tmp_path)
    if stand_in:
        request.getfixturevalue("quick")
    else:
        odd = [file for file in odd if file.expect == "music"][::5]
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    for number, file in enumerate(odd):
        output = f"out/{number}.wav"
        code, out, err = run(capsys, "-o", output, "--seconds", 8, "--", file.path.name)
        if file.expect == "music":
            assert (code, err) == (0, ""), f"{file.path.name}: {err}"
            assert out.count("\n") == 4 and os.path.getsize(output) > 44
        else:
            assert code == 1 and out == "", file.path.name
            assert_one_sentence(err)
            assert not os.path.exists(output)
    assert all(name.endswith(".wav") for name in os.listdir("out"))


def test_odd_files_in_a_process_of_their_own(tmp_path):
    """What C libraries print by themselves would be seen here."""
    odd = [file for file in make_odd_files(tmp_path) if file.expect == "sentence"]
    names = [file.path.name for file in odd if not file.path.is_dir()]
    done = subprocess.run(
        [*COMMAND, "-o", "out", "--", *names], cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT
    )
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("imgmusic: ")] == []
    assert len(done.stderr.splitlines()) == len(names)
    assert (
        done.stdout.startswith(f"0 of {len(names)} pictures became music, {len(names)} failed")
        and not (tmp_path / "out").exists()
    )


def test_without_output_the_sound_is_called_as_the_picture_is(folder, quick, capsys):
    (folder / "sub").mkdir()
    os.rename("photo.png", "sub/my.photo.png")
    code, out, _ = run(capsys, "sub/my.photo.png")
    assert code == 0 and os.listdir("sub") == ["my.photo.png"] and Path("my.photo.wav").exists()
    assert "sub/my.photo.png -> my.photo.wav\n" in out
    assert "my.photo.wav (replaced)" in run(capsys, "sub/my.photo.png")[1]
    assert quick[0][1]["title"] == "my.photo"


def test_settings_reach_the_composer_and_what_is_not_set_is_left_to_the_picture(folder, quick, capsys):
    run(capsys, "photo.png")
    assert quick[-1][1] == {
        "seconds": 20.0,
        "seed": 0,
        "tempo": None,
        "key": None,
        "mode": None,
        "instruments": None,
        "title": "photo",
        "road": "score",
    }
    options = ("--key", "B\u266d Minor", "--mode", "Minor", "--instruments", "Nylon Guitar, cello", "--tempo", "99.5")
    assert run(capsys, "photo.png", *options, "--seed", 12)[0] == 0
    settings = quick[-1][1]
    assert settings["mode"] == "minor" and settings["tempo"] == 99.5 and settings["seed"] == 12
    assert settings["key"] == "Bb Minor" and settings["instruments"] == ["nylon_guitar", "cello"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ([], "PICTURE"),
        (["photo.png", "--loud"], "--loud"),
        (["photo.png", "--seconds", "7.9"], "8 to 180"),
        (["photo.png", "--seconds", "nan"], "8 to 180"),
        (["photo.png", "--seconds", "long"], "8 to 180"),
        (["photo.png", "--tempo", "300"], "40 to 200"),
        (["photo.png", "--seed", "-1"], "seed"),
        (["photo.png", "--seed", "1.5"], "seed"),
        (["photo.png", "--road", "van"], "vae"),
        (["photo.png", "--road", "vae", "--midi", "a.mid"], "midi"),
        (["photo.png", "--road", "vae", "--mode", "minor"], "mode"),
        (["photo.png", "--road", "gan", "--instruments", "piano"], "instruments"),
        (["photo.png", "--road", "mlp", "--key", "D minor"], "mode"),
        (["photo.png", "--key", "H"], "F#"),
        (["photo.png", "--mode", "lydian"], "mixolydian"),
        (["photo.png", "--key", "F# minor", "--mode", "major"], "contradict"),
        (["photo.png", "--instruments", "kazoo"], "violin"),
        (["photo.png", "--instruments", ",".join(["piano"] * 5)], "parts"),
        (["photo.png", "--instruments", ""], "violin"),
        (["photo.png", "-o", "photo.aac"], ".flac"),
        (["photo.png", "-o", "photo.png"], ".wav"),
        (["photo.png", "--midi", "photo.wav"], ".mid"),
        (["photo.png", "--explain", "photo.txt"], ".json"),
        (["photo.png", "-o", "no/such/folder/a.wav"], "does not exist"),
        (["photo.png", "photo.png", "-o", "a.wav"], "folder"),
        (["photo.wav"], "written over"),
        (["link.png", "-o", "photo.wav"], "written over"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_made(folder, quick, capsys, arguments, hint):
    Path("photo.wav").write_bytes(Path("photo.png").read_bytes())  # a picture under a sound's name
    Path("link.png").symlink_to("photo.wav")
    before = sorted(os.listdir())
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "") and hint in err and "--help" in err
    assert_one_sentence(err)
    assert sorted(os.listdir()) == before and not quick


def test_help_says_what_holds(capsys):
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert f"{SECONDS[0]:g} to {SECONDS[1]:g}" in words and f"{LOCKED_TEMPO[0]:g} to {LOCKED_TEMPO[1]:g}" in words
    assert ",".join(MODES) in words and "examples:" in words and "default: 20" in words
    assert max(map(len, out.splitlines())) <= 112


def test_a_folder_of_pictures(folder, quick, capsys):
    (folder / "holiday").mkdir()
    for name in ("b.png", "a.PNG", "a.jpg"):
        Image.fromarray(sample_picture()).save(folder / "holiday" / name)
    Path("holiday/broken.jpg").write_bytes(b"\xff\xd8\xff")
    Path("holiday/notes.txt").write_text("no picture, and not asked for")
    Path("holiday/._b.png").write_bytes(b"what some disks leave behind")
    code, out, err = run(capsys, "holiday", "-o", "music", "--midi", "music/", "--explain", "reasons")
    assert code == 1 and "broken.jpg" in err
    assert_one_sentence(err)
    assert sorted(os.listdir("music")) == ["a-2.mid", "a-2.wav", "a.mid", "a.wav", "b.mid", "b.wav"]
    assert sorted(os.listdir("reasons")) == ["a-2.json", "a.json", "b.json"]
    assert out.splitlines()[-1].startswith("3 of 4 pictures became music, 1 failed: 60 s of sound in ")
    assert len(out.splitlines()) == 3 * 4 + 1
    os.remove("holiday/broken.jpg")
    assert run(capsys, "holiday/", "photo.png", "-o", "music")[0] == 0
    assert Path("music/photo.wav").exists()


def test_an_empty_folder_gets_a_sentence(folder, quick, capsys):
    (folder / "empty").mkdir()
    code, out, err = run(capsys, "empty")
    assert code == 1 and "without pictures" in err and out == ""
    assert_one_sentence(err)
    assert run(capsys, "empty", "photo.png", "-o", "music")[0] == 1
    assert os.listdir("music") == ["photo.wav"]


def test_a_bar_only_where_there_is_a_terminal(folder, quick, capsys, monkeypatch):
    assert run(capsys, "photo.png", "photo.png", "-o", "music")[2] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, err = run(capsys, "photo.png", "photo.png", "-o", "music")
    assert code == 0 and "2/2" in err and out.count("It is light.") == 2


def test_a_full_disk_gets_a_sentence_and_leaves_nothing(folder, quick, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    code, _, err = run(capsys, "photo.png")
    assert code == 1 and "no space left" in err
    assert_one_sentence(err)
    assert os.listdir() == ["photo.png"]


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files, as POSIX has it")
def test_a_limit_on_file_sizes_leaves_nothing(folder):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    environment = {**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*COMMAND, "photo.png", "--seconds", "8"], capture_output=True, text=True, preexec_fn=limit, env=environment
    )
    assert done.returncode == 1 and done.stdout == ""
    assert_one_sentence(done.stderr)
    assert os.listdir() == ["photo.png"]


def test_a_place_that_cannot_be_a_folder_gets_a_sentence(folder, quick, capsys):
    code, _, err = run(capsys, "photo.png", "photo.png", "-o", "photo.png/music")
    assert code == 1 and "cannot be made" in err and err.count("\n") == 2
    if os.path.isdir("/proc/self"):
        code, _, err = run(capsys, "photo.png", "-o", "/proc/self/a.wav")
        assert code == 1
        assert_one_sentence(err)


def test_a_fault_of_ours_stops_neither_the_others_nor_shows_a_traceback(folder, quick, capsys, monkeypatch):
    compose, calls = roads.compose, []

    def faulty(picture, **settings):
        calls.append(picture)
        if len(calls) == 1:
            raise ZeroDivisionError("division by zero\nsecond line")
        return compose(picture, **settings)

    monkeypatch.setattr(roads, "compose", faulty)
    code, out, err = run(capsys, "photo.png", "photo.png", "-o", "music")
    assert code == 1 and "ZeroDivisionError" in err and err.count("\n") == 1 and "1 of 2" in out


def test_ctrl_c_leaves_whole_files_only(folder, quick, capsys, monkeypatch):
    compose = roads.compose

    def stopped(picture, **settings):
        if quick:
            raise KeyboardInterrupt
        return compose(picture, **settings)

    monkeypatch.setattr(roads, "compose", stopped)
    code, _, err = run(capsys, "photo.png", "photo.png", "-o", "music")
    assert code == 130 and os.listdir("music") == ["photo.wav"]
    assert_one_sentence(err)


@pytest.mark.skipif(os.name != "posix", reason="a signal as POSIX has it")
def test_ctrl_c_in_a_process_of_its_own(folder):
    process = subprocess.Popen(
        [*COMMAND, *["photo.png"] * 300, "-o", "music"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    try:
        process.stdout.readline()  # the first picture is done, so that the program is well under way
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and b"Traceback" not in err and err.count(b"\n") == 1
    for name in os.listdir("music"):
        assert name.endswith(".wav") and open_sound(Path("music", name)).seconds == 20


def test_help_loads_no_numbers_no_music(tmp_path):
    code = "import sys; from imgmusic_edu.__main__ import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    loaded = set(done.stderr.split())
    assert not loaded & {"numpy", "scipy", "PIL", "soundfile", "librosa", "matplotlib", "tensorflow", "tqdm"}
