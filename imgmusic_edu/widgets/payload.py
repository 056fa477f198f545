"""What a player shows, as plain bytes, numbers and sentences: no widget, no browser, no HTML.

Taught in chapter 00, "Hear a picture".
"""

import io
import math

import numpy as np

from ..scores import pitch_name

__all__ = ["compute", "player_payload", "spectrogram"]

PICTURE_SIDE = 640  # px, the longest side of the picture in a page
SPECTROGRAM_COLUMNS, SPECTROGRAM_ROWS = 560, 84
LOWEST, HIGHEST = 50.0, 10_000.0  # Hz, the ends of the spectrogram's axis
FLOOR = -60.0  # dB below the loudest point
SHADES = 52  # steps of FLOOR..0 dB; fewer steps make a smaller file, and 1.2 dB is finer than the eye needs

# Seventeen points of matplotlib's perceptually uniform colour map "magma" (van der Walt & Smith, CC0), from 0 to 1 in
# equal steps.  Kept here because importing matplotlib for one picture takes longer than making the music.
_MAGMA = bytes.fromhex(
    "0000040a08221d114736106b51127c6a1c818326819c2e7fb73779d0416fe75263f56b5cfc8961fea772fec488fde2a3fcfdbf"
)

# How a note names the feature it came from.  A feature that is not here is called by its own name.
WORDS = {
    "skyline": "height of what stands out",
    "salient_height": "height of what stands out",
    "salient_size": "size of what stands out",
    "mass": "share of what stands out",
    "chroma": "strength of colour",
    "saturation": "saturation of the colours",
    "warmth": "warmth of the colours",
    "edge_density": "amount of edges",
    "object_count": "number of objects",
    "line_agitation": "agitation of the lines",
    "colour_entropy": "mixture of colours",
    "fineness": "fineness of texture",
}

NO_UNIT = ("", "ratio", "share", "0..1")  # a bare number says as much

# ---- picture ---------------------------------------------------------------------------------------------------------


def encode_picture(picture):
    """The picture at most 640 px on its longest side, as (bytes, type): JPEG or PNG, whichever is smaller.

    A photograph is smaller as JPEG; a drawing with few colours is smaller, and sharp, as PNG.
    """
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
    ways = []
    for format, options in (("jpeg", {"quality": 82, "optimize": True}), ("png", {"optimize": True})):
        buffer = io.BytesIO()
        image.save(buffer, format, **options)
        ways.append((buffer.getvalue(), f"image/{format}"))
    return min(ways, key=lambda way: len(way[0]))


def describe_picture(picture, title=""):
    """One sentence for those who do not see the picture: its shape, and where it is light and dark."""
    height, width = picture.shape[:2]
    # Relative luminance is enough to say "light" and "dark"; chapter 02 measures lightness properly.
    grey = picture[:: max(1, height // 120), :: max(1, width // 120)].astype(float) @ (0.2126, 0.7152, 0.0722) / 255
    names = "upper left, upper middle, upper right, left, centre, right, lower left, lower middle, lower right".split(
        ", "
    )
    cells = [cell.mean() for rows in np.array_split(grey, 3) for cell in np.array_split(rows, 3, axis=1) if cell.size]
    mean = grey.mean()
    overall = "dark" if mean < 0.3 else "light" if mean > 0.65 else "of middling lightness"
    name = f"The picture \u201c{title}\u201d" if title else "The picture"
    text = f"{name}, {width} by {height} pixels, {overall} as a whole"
    if len(cells) == 9 and max(cells) - min(cells) > 0.1:
        text += f"; lightest at the {names[int(np.argmax(cells))]}, darkest at the {names[int(np.argmin(cells))]}"
    return f"{text}. It is read from left to right while the music plays."


# ---- sound -----------------------------------------------------------------------------------------------------------


def spectrogram(samples, sample_rate, *, columns=SPECTROGRAM_COLUMNS, rows=SPECTROGRAM_ROWS):
    """Level of each frequency band over the whole sound, in as many columns as the panel has pixels.

    Parameters
    ----------
    samples : np.ndarray, shape (n,), float
    sample_rate : int
        Hz.
    columns, rows : int
        Size of the result; the rows are equally spaced in log frequency from 50 Hz to 10 kHz.

    Returns
    -------
    levels : np.ndarray, shape (rows, columns), dB relative to the loudest point, from -60 to 0
        The highest band first, as it is drawn.  Silence is -60 everywhere.
    frequencies : np.ndarray, shape (rows,), Hz
        Centre of each row.

    Notes
    -----
    Taught in chapter 03, "What a sound holds".
    """
    n_fft = 4096
    padded = np.pad(np.asarray(samples, np.float32), n_fft // 2)
    starts = np.linspace(0, max(0, len(padded) - n_fft), columns).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[starts]  # (columns, n_fft)
    spectra = np.fft.rfft(frames * np.hanning(n_fft).astype(np.float32), axis=1)
    power = spectra.real**2 + spectra.imag**2

    edges = np.geomspace(LOWEST, HIGHEST, rows + 1)
    bins = np.clip(np.round(edges * n_fft / sample_rate).astype(int), 1, power.shape[1] - 1)
    # The strongest bin of each band; where a band is narrower than a bin, reduceat gives that bin itself.
    bands = np.maximum.reduceat(power, bins[:-1], axis=1)[:, ::-1].T  # (rows, columns)
    loudest = bands.max()
    if loudest <= 0:
        levels = np.full((rows, columns), FLOOR)
    else:
        levels = np.maximum(10 * np.log10(np.maximum(bands / loudest, 1e-12)), FLOOR)
    return levels, np.sqrt(edges[1:] * edges[:-1])[::-1]


def encode_spectrogram(levels):
    """Levels (rows, columns) in dB from -60 to 0 as a PNG with the colour map magma."""
    from PIL import Image

    anchors = np.frombuffer(_MAGMA, np.uint8).reshape(-1, 3)
    at = np.linspace(0, len(anchors) - 1, SHADES)
    palette = np.stack([np.interp(at, range(len(anchors)), channel) for channel in anchors.T], axis=1)
    shades = np.round((levels - FLOOR) / -FLOOR * (SHADES - 1)).astype(np.uint8)
    image = Image.fromarray(shades, "L")
    image.putpalette(palette.round().astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _hertz(frequency):
    return f"{frequency / 1000:.1f} kHz" if frequency >= 1000 else f"{frequency:.0f} Hz"


def describe_spectrogram(levels, frequencies, seconds):
    """One sentence: the axes, the band with most energy, and whether the sound brightens, darkens or stays."""
    text = f"Spectrogram of {seconds:.1f} s, from {_hertz(LOWEST)} to {_hertz(HIGHEST)} on a logarithmic scale"
    power = np.where(levels > FLOOR, 10 ** (levels / 10), 0)
    if not power.any():
        return f"{text}. It is silent."
    loudest = frequencies[int(power.sum(axis=1).argmax())]
    thirds = [part.sum(axis=1) for part in np.array_split(power, 3, axis=1)]
    centres = [float(np.exp((np.log(frequencies) * p).sum() / p.sum())) if p.any() else None for p in thirds]
    known = [centre for centre in centres if centre]
    change = known[-1] / known[0]
    move = "rises" if change > 1.12 else "falls" if change < 1 / 1.12 else "stays nearly level"
    name = pitch_name(round(69 + 12 * math.log2(loudest / 440)))
    return (
        f"{text}. Loudest around {_hertz(loudest)} (near {name}); the middle of the sound {move}, "
        f"from {_hertz(known[0])} in the first third to {_hertz(known[-1])} in the last."
    )


# ---- notes -----------------------------------------------------------------------------------------------------------


def _notes_of(piece):
    """The explanation's notes (dicts); else the score's; else none."""
    explanation = getattr(piece, "explanation", None) or {}
    if "notes" in explanation:
        return explanation["notes"]
    score = getattr(piece, "score", None)
    if score is None:
        return []
    notes = []
    for note in score.notes:
        start = score.seconds_of(note.beat)
        row = {"start": start, "duration": score.seconds_of(note.end) - start, "pitch": note.pitch, "part": note.part}
        if note.cause is not None:
            cause = note.cause
            row |= {"region": cause.region, "feature": cause.feature, "value": cause.value, "rule": cause.rule}
        notes.append(row)
    return notes


def _parts_of(piece, notes):
    """Names in the score's order, then in order of appearance, with a mark on the drums."""
    score_parts = getattr(getattr(piece, "score", None), "parts", ())
    drums = {part.name: part.is_drum for part in score_parts}
    playing = {note["part"] for note in notes}
    names = list(dict.fromkeys([*(name for name in drums if name in playing), *(note["part"] for note in notes)]))
    return [{"name": str(name), "drum": bool(drums.get(name, "drum" in str(name).lower()))} for name in names], names


def _place(items, item):
    """Position of an item in a list that grows; None stays None."""
    if item is None:
        return None
    if item not in items:
        items.append(item)
    return items.index(item)


def _finite(value, digits):
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def compact_notes(piece):
    """Notes as rows of numbers, and the lists that the rows point into.

    Returns
    -------
    dict
        "notes": rows (start in s, duration in s, pitch, part, x0, y0, x1, y1, feature, value, rule), sorted by start
        and part; "parts", "features" (words and unit), "rules": what the numbers of the rows point to.
    """
    notes = _notes_of(piece)
    parts, part_names = _parts_of(piece, notes)
    measured = (getattr(piece, "explanation", None) or {}).get("features", {})
    features, rules, rows = [], [], []
    for note in notes:
        region = note.get("region") or (None,) * 4
        rows.append(
            [
                _finite(note["start"], 3),
                _finite(note["duration"], 3),
                int(note["pitch"]),
                part_names.index(note["part"]),
                *(_finite(edge, 3) for edge in region),
                _place(features, note.get("feature")),
                _finite(note.get("value"), 3),
                _place(rules, note.get("rule")),
            ]
        )
    rows.sort(key=lambda row: (row[0], row[3], row[2]))
    units = {name: measured.get(name, {}).get("unit", "") for name in features}
    named = [
        {
            "words": WORDS.get(name, name.replace("_", " ")),
            "unit": "" if units[name] in NO_UNIT else units[name],
        }
        for name in features
    ]
    return {"notes": rows, "parts": parts, "features": named, "rules": rules}


def describe_notes(compact):
    """One sentence: how many notes each part has, and between which pitches."""
    rows = compact["notes"]
    if not rows:
        return ""
    told = []
    for index, part in enumerate(compact["parts"]):
        pitches = [row[2] for row in rows if row[3] == index]
        span = "" if part["drum"] else f" from {pitch_name(min(pitches))} to {pitch_name(max(pitches))}"
        told.append(f"{part['name']} {len(pitches)}{span}")
    return f"Notes over time, higher notes above: {len(rows)} in all. {'; '.join(told)}."


# ---- all of it -------------------------------------------------------------------------------------------------------


def player_payload(piece, *, sound="mp3", encoded=None, drawn=True):
    """All that a player shows of a piece.

    Parameters
    ----------
    piece : Piece, or anything that has its `picture` (H, W, 3) uint8 and its `sound`
        Its `explanation` or its `score` give the notes, its `score` the title; without them the player has no notes.
    sound : str
        "mp3", or "wav", which is made in no time and takes seven times the room.
    encoded : tuple, optional
        What `encode_picture` gave of this picture, if it is known.
    drawn : bool
        False leaves the spectrogram to be drawn later, by `drawn_sound`.

    Returns
    -------
    dict
        "picture", "spectrogram", "sound": bytes; "types": their three media types; "picture_alt", "spectrogram_alt",
        "notes_alt": sentences; "title"; "ratio": width over height; "data": what the notes and the clock need, fit
        for JSON.

    Notes
    -----
    Taught in chapter 00, "Hear a picture".
    """
    picture = np.asarray(piece.picture, np.uint8)
    title = str(getattr(piece, "title", "") or getattr(getattr(piece, "score", None), "title", "") or "")
    seconds = float(piece.sound.seconds)
    shades, in_words = drawn_sound(piece.sound) if drawn else (b"", "Spectrogram of the sound")
    picture_bytes, picture_type = encoded or encode_picture(picture)
    compact = compact_notes(piece)
    return {
        "title": title,
        "ratio": round(picture.shape[1] / picture.shape[0], 4),
        "picture": picture_bytes,
        "spectrogram": shades,
        "sound": piece.sound.encode(sound),
        "types": [picture_type, "image/png", {"mp3": "audio/mpeg"}.get(sound, f"audio/{sound}")],
        "picture_alt": describe_picture(picture, title),
        "spectrogram_alt": in_words,
        "notes_alt": describe_notes(compact),
        "data": {"seconds": round(seconds, 3), **compact},
    }


def drawn_sound(sound):
    """Spectrogram of a `Sound`: the bytes of a PNG, and the sentence that says what is to be seen."""
    levels, frequencies = spectrogram(sound.samples, sound.sample_rate)
    return encode_spectrogram(levels), describe_spectrogram(levels, frequencies, float(sound.seconds))


#: Every widget has a `compute` and a way to show its result; this is the player's.
compute = player_payload
