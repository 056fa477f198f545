"""Reading what people hand over and writing what they keep: the ground under `pictures` and `sounds`.

`open_source` turns a path, bytes, a file object or an upload widget's value into one readable stream and a
name for error messages; `write_atomically` puts a finished file in its place in one step, so that nobody ever
meets half of one.
"""

import contextlib
import io
import os
import secrets
import shutil
import stat
from pathlib import Path

__all__ = ["FileWriteError", "name_of", "open_source", "own_folder", "printable", "write_atomically"]


class FileWriteError(OSError):
    """A file could not be written; the message is one sentence, and what stood there before is untouched."""


def own_folder():
    """Where the learner's own progress and studio sessions are kept: a Path, which need not be there yet.

    It is `.imgmusic_edu` in the home folder, or where the environment variable IMGMUSIC_PROGRESS has its file.
    """
    told = os.environ.get("IMGMUSIC_PROGRESS")
    return Path(told).parent if told else Path.home() / ".imgmusic_edu"


def printable(text):
    """`text` as one line that any terminal can show: odd characters become question marks."""
    return "".join(character if character.isprintable() else "?" for character in str(text))


def name_of(path):
    """A path as it stands in a sentence: on one line, and without the middle if that would be very long."""
    name = printable(os.fsdecode(path))
    return name if len(name) <= 160 else f"{name[:75]}...{name[-75:]}"


@contextlib.contextmanager
def open_source(source, error, *, what):
    """Open what a person handed over, for reading from its start.

    Parameters
    ----------
    source : str, path, bytes, binary file object, or the value of a FileUpload widget (ipywidgets 7 or 8)
        A file object is read from where it stands to its end, and left open.
    error : type
        Exception raised, with one sentence, when there is nothing to read.
    what : str
        What it should be, for the sentences: "picture" or "sound".

    Yields
    ------
    (stream, name) : binary file object that can seek, and the name to call it by at the head of a sentence
    """
    if isinstance(source, dict | tuple | list):
        data, name = _uploaded(source, error, what)
        yield _memory(data, name, error, what), name
    elif isinstance(source, bytes | bytearray | memoryview):
        name = f"The {what}"
        yield _memory(source, name, error, what), name
    elif hasattr(source, "read"):
        name = f"The {what}"
        yield _memory(_rest_of(source, error, what), name, error, what), name
    elif isinstance(source, str | os.PathLike):
        name = name_of(source)
        with _open_path(source, name, error, what) as stream:
            yield stream, name
    else:
        raise error(f"A {what} was expected (a path, bytes or an open file), but a {type(source).__name__} was given.")


def _uploaded(value, error, what):
    """Content and name of the one file in a FileUpload's value: a tuple of dicts in ipywidgets 8, a dict in 7."""
    if isinstance(value, dict) and "content" not in value:  # ipywidgets 7: {name: {"metadata": ..., "content": ...}}
        files = [(name, file) for name, file in value.items()]
    else:
        files = [(None, file) for file in ([value] if isinstance(value, dict) else value)]
    if not files:
        raise error(f"Nothing has been uploaded yet: choose a {what} first.")
    if len(files) > 1:
        raise error(f"{len(files)} files were handed over, but one {what} is read at a time: choose one.")
    name, file = files[0]
    content = file.get("content") if isinstance(file, dict) else None
    if not isinstance(content, bytes | bytearray | memoryview):
        raise error(f"A {what} was expected, but a {type(value).__name__} without a file's bytes in it was given.")
    return content, name_of(name or file.get("name") or f"The {what}")


def _rest_of(stream, error, what):
    try:
        data = stream.read()
    except (OSError, ValueError) as problem:  # ValueError: a closed file, or text that is no text
        raise error(f"The open file could not be read ({printable(problem)}): open the {what} again.") from problem
    if not isinstance(data, bytes | bytearray | memoryview):
        raise error(f"The {what} was opened as text: open it as bytes, with mode 'rb'.")
    return data


def _memory(data, name, error, what):
    if len(data) == 0:
        raise error(f"{name} is empty (0 bytes are there to read): choose a {what} with something in it.")
    return io.BytesIO(data)


def _open_path(path, name, error, what):
    """A regular, non-empty file opened for reading; everything else gets a sentence."""
    if name.startswith(("http://", "https://")):
        raise error(f"{name} is a web address: download the {what} and give the file.")
    try:
        status = os.stat(path)
        # A pipe is not opened: that might wait for ever.
        stream = open(path, "rb") if stat.S_ISREG(status.st_mode) and status.st_size else None
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise error(f"There is no file {name}: check its name and folder.") from problem
    except PermissionError as problem:
        raise error(f"{name} may not be read: ask for permission, or make a copy of your own.") from problem
    except (OSError, ValueError) as problem:  # ValueError: a null character in the name
        reason = printable(getattr(problem, "strerror", None) or problem).lower()
        raise error(f"{name} cannot be opened ({reason}): check its name.") from problem
    if stream:
        return stream
    if stat.S_ISDIR(status.st_mode):
        raise error(f"{name} is a folder: give one {what} in it.")
    if not stat.S_ISREG(status.st_mode):
        raise error(f"{name} is not an ordinary file: give the {what} as a file.")
    raise error(f"{name} is empty (0 bytes): copy or download it again.")


def write_atomically(path, data):
    """Write bytes to a file in one step: it is there whole, or what was there before still is.

    The bytes go to a hidden file in the same folder, which then takes the name.  Links are followed and
    the permissions of a file that is replaced are kept.

    Parameters
    ----------
    path : str or path
        A file of that name is replaced.
    data : bytes

    Raises
    ------
    FileWriteError
        The folder is missing or may not be written to, the disk is full, or `path` is no ordinary file.
    """
    target = os.path.realpath(path)
    name = name_of(path)
    if os.path.exists(target) and not os.path.isfile(target):
        kind = "a folder" if os.path.isdir(target) else "not an ordinary file"
        raise FileWriteError(f"{name} cannot be written because it is {kind}: choose another name.")
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".imgmusic-{secrets.token_hex(6)}.part")
    try:
        with open(temporary, "xb") as stream:
            stream.write(data)
        if os.path.exists(target):
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except BaseException as problem:  # Ctrl-C too must leave nothing behind
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if not isinstance(problem, OSError):
            raise
        if not os.path.isdir(folder):
            raise FileWriteError(f"{name} cannot be written because its folder does not exist: make it.") from problem
        reason = printable(problem.strerror or problem).lower()
        raise FileWriteError(f"{name} could not be written ({reason}): choose another folder or disk.") from problem
