"""Pictures in: whatever a person has, as one array of sRGB colours, or one sentence that says why not.

Taught in chapter 00, "Hear a picture" (use), and chapter 02 (what a pixel is).
"""

import io
import math

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from .files import open_source, printable

__all__ = [
    "MAXIMUM_ASPECT",
    "MAXIMUM_PIXELS",
    "MINIMUM_SIDE",
    "WHOLE_PIXELS",
    "PictureError",
    "checked",
    "open_picture",
]

MINIMUM_SIDE = 8  #: pixels; fewer hold no texture, and no left and right
MAXIMUM_ASPECT = 32  #: longer side over shorter; a copy of 256 pixels then still is 8 pixels high
WHOLE_PIXELS = 50_000_000  #: pictures with more are read at half their width and height
MAXIMUM_PIXELS = 178_956_970  #: where Pillow too calls a picture a decompression bomb
_MEMORY = 800_000_000  # bytes a decoder may need at once

# Pillow's readers are called directly and not through Image.open: only the formats named here are tried, and
# no DecompressionBombWarning comes up for sizes that are handled here, without touching a global setting.
_READERS = {
    "JPEG": JpegImagePlugin.JpegImageFile,  # of an MPO file (two views), the first
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
}
# Bytes a pixel while decoding, measured with Pillow 13 (a progressive JPEG keeps all its coefficients).
_BYTES_PER_PIXEL = {"WebP": 16, "TIFF": 8, "progressive JPEG": 7, "JPEG": 4, "PNG": 4, "GIF": 4, "BMP": 4}

_STRANGERS = (  # (how the file begins, what it is)
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript drawing"),
    (b"8BPS", "a Photoshop file"),
    (b"gimp xcf", "a GIMP file"),
    (b"FUJIFILMCCD-RAW", "a camera's RAW file"),
    (b"IIRO", "a camera's RAW file"),
    (b"IIRS", "a camera's RAW file"),
    (b"IIU\0", "a camera's RAW file"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xffO\xffQ", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\1\0", "an icon"),
    (b"RIFF", "a sound or a video"),
    (b"ID3", "a sound"),
    (b"fLaC", "a sound"),
    (b"OggS", "a sound or a video"),
    (b"MThd", "a MIDI file"),
    (b"PK\3\4", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a compressed archive"),
)
_BRANDS = {  # of the ISO container, bytes 8 to 12
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "a HEIC photograph"),
    **dict.fromkeys((b"avif", b"avis"), "an AVIF picture"),
    b"crx ": "a camera's RAW file",
}
_RAW_SUFFIXES = (".nef", ".nrw", ".arw", ".sr2", ".dng", ".cr2", ".pef", ".srw", ".3fr", ".iiq")  # TIFF inside


class PictureError(ValueError):
    """A picture that cannot be read; the message is one sentence: what is wrong, what was found, what would do."""


def open_picture(source, *, max_side=None):
    """Read a picture as an array of sRGB colours.

    JPEG, PNG, WebP, GIF (first frame), BMP and TIFF, whatever the file's name says; grey, palette, CMYK and
    Lab colours; 1, 8 and 16 bits, and TIFF's whole or real numbers (stretched from their smallest to their
    largest value unless they lie in 0..1).  Transparent parts become white, a camera's orientation is
    followed, and an embedded colour profile is turned into sRGB.

    Parameters
    ----------
    source : str, path, bytes, binary file object, np.ndarray, PIL image, or a FileUpload widget's value
        Arrays have shape (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4): grey or RGB, the second and
        the fourth with alpha last; uint8, uint16, bool, whole numbers in 0..255 or real ones in 0..1.
    max_side : int, optional
        The longest side wanted, in pixels; larger pictures are reduced, smaller ones left as they are.

    Returns
    -------
    np.ndarray, shape (H, W, 3), uint8 sRGB
        The caller's own to write to.

    Raises
    ------
    PictureError
        There is no picture, or it is damaged, cut short, of an unknown kind, smaller than `MINIMUM_SIDE`
        pixels a side, longer than `MAXIMUM_ASPECT` times its other side, or larger than `MAXIMUM_PIXELS`.

    Notes
    -----
    Pictures over `WHOLE_PIXELS` are read at half their width and height at most.  Memory: a JPEG is reduced
    while it is decoded and costs about 4 bytes a pixel of the result (6 of the file, if progressive); any other
    file is decoded whole (4 bytes a pixel as PNG, GIF or BMP, 8 as TIFF, 16 as WebP) and reduced in bands.
    What would need more than 800 MB to decode is refused, so reading takes less than 0.9 GB whatever the file,
    or 1.2 GB without `max_side`.

    Taught in chapter 00.
    """
    if max_side is not None and not (isinstance(max_side, int | np.integer) and max_side >= MINIMUM_SIDE):
        raise PictureError(f"max_side must be a whole number of at least {MINIMUM_SIDE} pixels, but is {max_side!r}.")
    if isinstance(source, Image.Image):
        _check_size(source.size, "The picture")
        return _guarded(lambda: _picture(source, max_side, "The picture"), "The picture")
    if hasattr(source, "__array__"):
        return _picture(_from_array(source), max_side, "The array")
    with open_source(source, PictureError, what="picture") as (stream, name):
        return _guarded(lambda: _read(stream, name, max_side), name)


def checked(picture):
    """Pixels as they came, looked at: what is handed from one part of the course to another.

    Parameters
    ----------
    picture : array_like, shape (H, W, 3), uint8 sRGB

    Returns
    -------
    np.ndarray, shape (H, W, 3), uint8 sRGB

    Raises
    ------
    ValueError
        It is no such array.
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise ValueError(
            f"A picture of shape (H, W, 3) and type uint8 is needed, this is {picture.shape} {picture.dtype}; "
            "open_picture makes one from any file or array."
        )
    return picture


def _guarded(read, name):
    """`read()`, with whatever goes wrong in a decoder told as one sentence."""
    try:
        return read()
    except PictureError:
        raise
    except MemoryError as problem:
        raise PictureError(f"{name} needs more memory than there is: save it smaller.") from problem
    except Exception as problem:  # decoders raise anything on damaged files: struct.error, KeyError, IndexError ...
        # What Pillow raises on purpose is worth showing to people, what merely happened to it is not.
        found = f" ({printable(problem).strip('. ')[:80]})" if isinstance(problem, OSError) else ""
        raise PictureError(f"{name} is cut short or damaged{found}: copy, download or save it again.") from problem


def _read(stream, name, max_side):
    kind = _kind(stream.read(1024), name)
    stream.seek(0)
    image = _READERS[kind](stream)
    _check_size(image.size, name)
    if image.info.get("progressive"):
        kind = "progressive JPEG"
    most = min(MAXIMUM_PIXELS, _MEMORY // _BYTES_PER_PIXEL[kind])
    if image.width * image.height > most:
        raise PictureError(
            f"{name} is {image.width} x {image.height} pixels: of a {kind} at most {most // 1_000_000} million pixels "
            "are read, so save it smaller."
        )
    if kind.endswith("JPEG"):
        image.draft(None, _wanted(image.size, max_side))  # decodes at 1/2, 1/4 or 1/8, never below what is wanted
    return _picture(image, max_side, name)


def _kind(head, name):
    """The format from a file's first bytes, or a PictureError that says what it is instead."""
    is_raw = head[8:10] == b"CR" or name.lower().endswith(_RAW_SUFFIXES)
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning) and not (kind == "TIFF" and is_raw):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    found = "a camera's RAW file" if is_raw and head.startswith((b"II", b"MM")) else _stranger(head)
    if found is None:
        raise PictureError(f"{name} is not a picture of a kind read here: save it as JPEG or PNG.")
    raise PictureError(f"{name} is {found}, which is not read here: save or export it as JPEG or PNG.")


def _stranger(head):
    """What a file is that is not read here, in words; None if its first bytes do not say."""
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text:
        return "an SVG drawing"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return next((what for start, what in _STRANGERS if head.startswith(start)), None)


def _check_size(size, name):
    width, height = size
    longer, shorter = max(width, height), min(width, height)
    found = f"{name} is {width} x {height} pixels"
    if shorter < MINIMUM_SIDE:
        raise PictureError(f"{found}: each side needs at least {MINIMUM_SIDE}, so choose a larger picture.")
    if longer > MAXIMUM_ASPECT * shorter:
        raise PictureError(f"{found}: crop it so that its longer side is at most {MAXIMUM_ASPECT} times its shorter.")
    if width * height > MAXIMUM_PIXELS:
        raise PictureError(f"{found}: at most {MAXIMUM_PIXELS // 1_000_000} million are read, so save it smaller.")


def _wanted(size, max_side):
    """Width and height of the result, before the camera's orientation is followed."""
    width, height = size
    longer = max(width, height)
    longest = math.ceil(longer / 2) if width * height > WHOLE_PIXELS else longer
    if max_side is not None:
        longest = min(longest, int(max_side))
    return -(-width * longest // longer), -(-height * longest // longer)  # rounded up, as JPEG decoders do


def _picture(image, max_side, name):
    """A Pillow image of any mode -> (H, W, 3) uint8 sRGB."""
    wanted = _wanted(image.size, max_side)
    profile = image.info.get("icc_profile")
    image.load()
    turn = _orientation(image)
    plain = _reduced(image, wanted, name)
    # Hamming's kernel has no negative lobes: no colour comes out that was not between those that went in.
    plain = _to_srgb(plain.resize(wanted, Image.Resampling.HAMMING), profile)
    picture = np.empty((plain.height, plain.width, 3), np.uint8)
    for top, band in _bands(plain):
        picture[top : top + band.height] = np.asarray(band)
    return np.ascontiguousarray(_TURNS[turn](picture))


# EXIF's orientation: how the stored rows and columns are laid to be seen upright.
_TURNS = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}


def _orientation(image):
    try:
        turn = image.getexif().get(0x0112, 1)
    except Exception:  # damaged camera data are no reason to refuse a sound picture
        return 1
    return turn if turn in _TURNS else 1


def _bands(image, rows_multiple=1):
    """Strips of about a million pixels, top to bottom, as (first row, Pillow image)."""
    rows = rows_multiple * max(1, 1_000_000 // (image.width * rows_multiple))
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _reduced(image, wanted, name):
    """An image of mode L, RGB or CMYK, averaged over whole blocks down to at least the size wanted."""
    factor = max(1, min(image.width // wanted[0], image.height // wanted[1]))
    if image.mode in ("L", "RGB", "CMYK") and "transparency" not in image.info:
        return image.reduce(factor) if factor > 1 else image
    levels = _levels(image, name)
    result = None
    for top, band in _bands(image, factor):
        flat = _flat(band, levels).reduce(factor)
        if result is None:
            result = Image.new(flat.mode, (flat.width, -(-image.height // factor)))
        result.paste(flat, (0, top // factor))
    return result


def _levels(image, name):
    """The values that become black and white, for modes whose numbers are not 8-bit; else None."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return 0, 65535
    if image.mode not in ("I", "F"):
        return None
    low, high = math.inf, -math.inf
    for _, band in _bands(image):
        values = np.asarray(band)
        if not np.isfinite(values).all():
            raise PictureError(f"{name} holds values that are not numbers (NaN or infinity): replace them first.")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return (0, 1) if image.mode == "F" and low >= 0 and high <= 1 else (low, max(high, low + 1e-9))


def _flat(band, levels):
    """One strip as L, RGB or CMYK: numbers scaled, transparent parts laid on white."""
    if levels is not None:
        low, high = levels
        scaled = (np.asarray(band).astype(np.float64) - low) * (255 / (high - low))
        return Image.fromarray(np.rint(scaled).astype(np.uint8))
    if band.mode == "LAB":
        return ImageCms.profileToProfile(
            band, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    if band.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in band.info:
        band = band.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", band.size, "white"), band).convert("RGB")
    return band.convert("L" if band.mode == "1" else "RGB")


def _to_srgb(image, profile):
    """Colours by the file's own profile where it has a sound one that fits, else as sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            fits = source.profile.xcolor_space.strip() == {"L": "GRAY"}.get(image.mode, image.mode)
            if fits and "srgb" not in (source.profile.profile_description or "").lower():
                return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a damaged profile is no reason to refuse a sound picture
    return image.convert("RGB")


def _from_array(source):
    """A checked array -> Pillow image of mode L, LA, RGB or RGBA."""
    try:
        array = np.asarray(source)
    except Exception as problem:  # __array__ is other people's code
        raise PictureError(f"The array cannot be read ({printable(problem)[:80]}): hand over numbers.") from problem
    shape = " x ".join(map(str, array.shape)) or "a single number"
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0
    if channels not in (1, 2, 3, 4):
        raise PictureError(f"The array is {shape}: height x width, or height x width x 3, would be a picture.")
    if array.dtype.kind not in "buif":
        raise PictureError(f"The array holds {array.dtype}: uint8 in 0..255 or floats in 0..1 would be a picture.")
    height, width = array.shape[:2]
    if array.size == 0:
        raise PictureError(f"The array is {shape}, so it is empty: hand over a picture.")
    _check_size((width, height), "The array")
    values = np.empty((height, width, channels), np.uint8)
    rows = max(1, 1_000_000 // width)
    for top in range(0, height, rows):  # in bands, so that floats need no second large copy
        values[top : top + rows] = _eight_bits(array[top : top + rows]).reshape(-1, width, channels)
    return Image.fromarray(values[..., 0] if channels == 1 else values)


def _eight_bits(values):
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype == np.uint16:
        return np.rint(values / 257).astype(np.uint8)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise PictureError("The array holds NaN or infinity: replace them by numbers in 0..1.")
    low, high = values.min(), values.max()
    top = 1 if values.dtype.kind == "f" else 255
    if low < -1e-6 or high > top + 1e-6:  # what resizing adds to floats by rounding is let pass
        kind = "floats" if top == 1 else "whole numbers"
        raise PictureError(f"The array holds {kind} from {low:g} to {high:g}: they should lie in 0..{top}.")
    return np.rint(values * (255 // top)).astype(np.uint8)
