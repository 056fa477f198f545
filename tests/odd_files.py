"""More than sixty odd files: what people and broken programs hand over as "a picture"."""

import io
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms


@dataclass(frozen=True)
class OddFile:
    """A path, and what should come of it: "music", or a "sentence" that says why not."""

    path: Path
    expect: str


def make_odd_files(folder):
    """Fill a folder with odd files.

    Parameters
    ----------
    folder : path
        An existing, empty folder.

    Returns
    -------
    list of OddFile
        Paths under `folder`; one of them is missing, one is a folder and some are links, on purpose.
    """
    folder = Path(folder)
    odd = []
    for expect, files in (("music", _fine()), ("sentence", _unreadable())):
        for name, data in files.items():
            (folder / name).write_bytes(data)
            odd.append(OddFile(folder / name, expect))
    (folder / "a_folder.jpg").mkdir()
    odd += [OddFile(folder / "a_folder.jpg", "sentence"), OddFile(folder / "missing.jpg", "sentence")]
    if hasattr(os, "symlink") and os.name == "posix":
        (folder / "link.jpg").symlink_to("plain.jpg")
        (folder / "dangling.jpg").symlink_to("nowhere.jpg")
        os.mkfifo(folder / "pipe.jpg")
        odd += [OddFile(folder / "link.jpg", "music")]
        odd += [OddFile(folder / name, "sentence") for name in ("dangling.jpg", "pipe.jpg")]
    return odd


def sample_picture(width=48, height=36):
    """A small landscape with a sun, so that there is something to hear: (height, width, 3) uint8."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    sky = np.stack([90 + 100 * y, 140 + 60 * y, 230 - 90 * y], axis=-1)
    ground = np.stack([60 + 80 * x, 110 + 40 * x, 40 + 20 * x], axis=-1)
    picture = np.where((y > 0.6 + 0.1 * np.sin(9 * x))[..., None], ground, sky)
    picture[(x - 0.7) ** 2 + (y - 0.3) ** 2 < 0.015] = (250, 220, 120)
    return np.rint(picture).astype(np.uint8)


def _saved(image, format, **options):
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bytes(width, height, depth, colour_type, rows, *, extra=b""):
    """A PNG by hand, for what Pillow does not write: `rows` are filter byte and samples, row after row."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + extra
        + (_chunk(b"IDAT", zlib.compress(rows)) if rows is not None else b"")
        + _chunk(b"IEND", b"")
    )


def _png16(samples):
    """A 16-bit PNG from (H, W) or (H, W, 3) uint16."""
    height, width = samples.shape[:2]
    rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    rows = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    return png_bytes(width, height, 16, 0 if samples.ndim == 2 else 2, rows.tobytes())


def black_png(width, height):
    """One bit a pixel, all black: a few kilobytes, whatever the size."""
    compressor, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    data = b"".join(compressor.compress(row * 100) for _ in range(height // 100)) + compressor.compress(
        row * (height % 100)
    )
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", data + compressor.flush()) + _chunk(b"IEND", b"")


def _with_jpeg_size(jpeg, width, height):
    """The size in a baseline JPEG's frame header, overwritten."""
    at = jpeg.index(b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _fine():
    """Odd, but pictures."""
    array = sample_picture()
    image = Image.fromarray(array)
    grey = image.convert("L")
    see_through = image.copy()
    see_through.putalpha(Image.linear_gradient("L").resize(image.size))
    wide = np.asarray(grey).astype(np.uint16) * 257
    real = np.asarray(grey).astype(np.float32)
    palette = image.quantize(16)
    frames = [image.rotate(angle) for angle in (90, 180)]
    lab = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    jpeg = _saved(image, "JPEG", quality=90)
    png = _saved(image, "PNG")
    return {
        "plain.jpg": jpeg,
        "grey.jpg": _saved(grey, "JPEG"),
        "cmyk.jpg": _saved(image.convert("CMYK"), "JPEG"),
        "progressive.jpg": _saved(image, "JPEG", quality=90, progressive=True),
        "no_subsampling.jpg": _saved(image, "JPEG", subsampling=0),
        "on_its_side.jpg": _saved(image, "JPEG", exif=_exif(6)),
        "upside_down.png": _saved(image, "PNG", exif=_exif(3)),
        "impossible_orientation.jpg": _saved(image, "JPEG", exif=_exif(77)),
        "broken_exif.jpg": _saved(image, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff\xff"),
        "broken_profile.jpg": _saved(image, "JPEG", icc_profile=b"not a profile" * 20),
        "wrong_profile.png": _saved(
            image, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        ),
        "long_comment.jpg": _saved(image, "JPEG", comment=b"x" * 60000),
        "garbage_after_the_end.jpg": jpeg + bytes(range(256)) * 40,
        "see_through.png": _saved(see_through, "PNG"),
        "grey_see_through.png": _saved(see_through.convert("LA"), "PNG"),
        "invisible.png": _saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"),
        "palette.png": _saved(palette, "PNG"),
        "palette_see_through.png": _saved(palette, "PNG", transparency=bytes(range(0, 256, 16))),
        "colour_key.png": _saved(image, "PNG", transparency=tuple(int(value) for value in array[0, 0])),
        "two_colours.png": _saved(image.convert("1"), "PNG"),
        "grey_16_bit.png": _png16(wide),
        "colour_16_bit.png": _png16(array.astype(np.uint16) * 257),
        "animated.gif": _saved(image, "GIF", save_all=True, append_images=frames, duration=100, loop=0),
        "see_through.gif": _saved(see_through, "GIF"),
        "animated.png": _saved(image, "PNG", save_all=True, append_images=frames),
        "lossy.webp": _saved(image, "WEBP", quality=90),
        "lossless_see_through.webp": _saved(see_through, "WEBP", lossless=True),
        "animated.webp": _saved(image, "WEBP", save_all=True, append_images=frames),
        "plain.bmp": _saved(image, "BMP"),
        "palette.bmp": _saved(palette, "BMP"),
        "two_colours.bmp": _saved(image.convert("1"), "BMP"),
        "plain.tif": _saved(image, "TIFF"),
        "packed.tif": _saved(image, "TIFF", compression="tiff_lzw"),
        "jpeg_inside.tif": _saved(image, "TIFF", compression="jpeg"),
        "two_pages.tif": _saved(image, "TIFF", save_all=True, append_images=frames),
        "grey_16_bit.tif": _saved(Image.fromarray(wide), "TIFF"),
        "whole_32_bit.tif": _saved(Image.fromarray(wide.astype(np.int32) * 1000), "TIFF"),
        "real.tif": _saved(Image.fromarray(real / 255), "TIFF"),
        "real_any_range.tif": _saved(Image.fromarray(real * 31 - 1000), "TIFF"),
        "cmyk.tif": _saved(image.convert("CMYK"), "TIFF"),
        "lab.tif": _saved(lab, "TIFF"),
        "big_endian.tif": _saved(Image.fromarray(wide.astype(">u2")), "TIFF"),
        "a_png_called.jpg": png,
        "a_jpeg_called.txt": jpeg,
        "no_suffix": png,
        "LOUD.JPG": jpeg,
        "caf\u00e9 \u266b \u97f3\u697d.png": png,
        "two\nlines.png": png,
        "-o.png": png,
        "100% 'quoted' $HOME.png": png,
        "black.png": _saved(Image.new("RGB", (64, 64)), "PNG"),
        "white.png": _saved(Image.new("RGB", (64, 64), "white"), "PNG"),
        "noise.png": _saved(Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)), "PNG"),
        "smallest.png": _saved(image.resize((8, 8)), "PNG"),
        "widest.png": _saved(image.resize((1024, 32)), "PNG"),
        "tallest.png": _saved(image.resize((8, 256)), "PNG"),
        "sixty_megapixels.png": black_png(10_000, 6_000),
    }


def _unreadable():
    """No pictures, or none that can be heard."""
    image = Image.fromarray(sample_picture())
    jpeg = _saved(image, "JPEG")
    png = _saved(image, "PNG")
    gif = _saved(image, "GIF")
    tif = _saved(image, "TIFF")
    nan = np.full((20, 20), 0.5, np.float32)
    nan[3, 4] = np.nan
    endless = np.where(np.isnan(nan), np.inf, nan)
    row = b"\0" + bytes(3 * 48)
    return {
        "empty.png": b"",
        "cut_short.jpg": jpeg[: len(jpeg) // 2],
        "cut_short.png": png[: len(png) // 2],
        "cut_short.gif": gif[:200],
        "cut_short.webp": _saved(image, "WEBP")[:100],
        "cut_short.bmp": _saved(image, "BMP")[:1000],
        "cut_short.tif": tif[: len(tif) // 2],
        "beginning_only.jpg": jpeg[:20],
        "signature_only.png": png[:8],
        "nothing_inside.png": png_bytes(48, 36, 8, 2, None),
        "no_width.png": png_bytes(0, 36, 8, 2, b""),
        "bad_checksum.png": png[:20] + bytes([png[20] ^ 1]) + png[21:],
        "bad_filter.png": png_bytes(48, 36, 8, 2, (b"\x63" + row[1:]) * 36),
        "text_bomb.png": png_bytes(
            48, 36, 8, 2, row * 36, extra=_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(80_000_000)))
        ),
        "one_pixel.png": _saved(image.resize((1, 1)), "PNG"),
        "seven_pixels_wide.jpg": _saved(image.resize((7, 200)), "JPEG"),
        "a_line.png": _saved(image.resize((20000, 3)), "PNG"),
        "a_ribbon.jpg": _saved(image.resize((2000, 20)), "JPEG"),
        "bomb.png": black_png(30_000, 30_000),
        "bomb.jpg": _with_jpeg_size(jpeg, 65_500, 65_500),
        "bomb.gif": gif[:6] + struct.pack("<HH", 65_535, 65_535) + gif[10:],
        "bomb.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 60, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        "wrong_size.jpg": _with_jpeg_size(jpeg, 48, 3000),
        "not_a_number.tif": _saved(Image.fromarray(nan), "TIFF"),
        "infinite.tif": _saved(Image.fromarray(endless), "TIFF"),
        "text.jpg": b"Das ist kein Bild.\n" * 20,
        "page.png": b"<!DOCTYPE html><html><title>404</title></html>",
        "drawing.svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>',
        "document.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "phone.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "photo.avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(200),
        "film.jpg": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(200),
        "camera.nef": tif,
        "camera.cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(200),
        "sound.png": b"RIFF\x24\x08\0\0WAVEfmt " + bytes(60),
        "archive.jpg": b"PK\3\4" + bytes(100),
        "layers.psd": b"8BPS\0\1" + bytes(100),
        "random.jpg": np.random.default_rng(0).bytes(5000),
        "zeros.png": bytes(5000),
        "ones.gif": b"\xff" * 5000,
    }
