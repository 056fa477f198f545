"""Pictures in: what is read is right, and what is not gets one sentence."""

import io
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from odd_files import black_png, make_odd_files, sample_picture
from PIL import Image, ImageCms, ImageOps

from imgmusic_edu import files
from imgmusic_edu.pictures import MAXIMUM_ASPECT, MINIMUM_SIDE, PictureError, open_picture

# Wherever the tests run from, a process of its own finds the same package.
PATHS = os.pathsep.join([str(Path(files.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS}
PICTURE = sample_picture()
IMAGE = Image.fromarray(PICTURE)


def encoded(image, format, **options):
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


def assert_is_sentence(text):
    assert text.endswith(".") and "\n" not in text and text.isprintable()
    assert 20 < len(text) < 300
    assert "Traceback" not in text and "Errno" not in text


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory):
    return make_odd_files(tmp_path_factory.mktemp("odd"))


def test_there_are_sixty_odd_files_of_both_kinds(odd_files):
    assert len(odd_files) >= 60 and len({file.path for file in odd_files}) == len(odd_files)
    assert min(sum(file.expect == kind for file in odd_files) for kind in ("music", "sentence")) >= 30


def test_odd_files_become_a_picture_or_a_sentence(odd_files):
    for file in odd_files:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Pillow's remarks on damaged camera data
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            try:
                picture = open_picture(file.path, max_side=256)
            except PictureError as problem:
                assert file.expect == "sentence", f"{file.path.name}: {problem}"
                assert_is_sentence(str(problem))
                continue
        assert file.expect == "music", file.path.name
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
        assert max(picture.shape) <= 256 and picture.flags.c_contiguous and picture.flags.writeable


@pytest.mark.parametrize(
    "name",
    ["colour_16_bit.png", "plain.bmp", "plain.tif", "packed.tif", "cmyk.tif", "a_png_called.jpg", "animated.png"],
)
def test_lossless_files_give_back_their_colours(odd_files, name):
    path = next(file.path for file in odd_files if file.path.name == name)
    np.testing.assert_array_equal(open_picture(path), PICTURE)


@pytest.mark.parametrize(
    "name", ["grey_16_bit.png", "grey_16_bit.tif", "big_endian.tif", "real.tif", "two_colours.png", "two_colours.bmp"]
)
def test_greys_of_every_depth_are_scaled_and_not_clipped(odd_files, name):
    path = next(file.path for file in odd_files if file.path.name == name)
    grey = IMAGE.convert("1" if "two" in name else "L").convert("L")
    np.testing.assert_array_equal(open_picture(path), np.asarray(grey.convert("RGB")))


@pytest.mark.parametrize(
    "name", ["plain.jpg", "progressive.jpg", "cmyk.jpg", "lossy.webp", "jpeg_inside.tif", "lab.tif"]
)
def test_lossy_files_come_close(odd_files, name):
    path = next(file.path for file in odd_files if file.path.name == name)
    assert np.abs(open_picture(path).astype(int) - PICTURE).mean() < 5


def test_numbers_without_a_white_point_are_stretched():
    ramp = np.linspace(-1000, 5000, 256).reshape(16, 16).astype(np.float32)
    picture = open_picture(encoded(Image.fromarray(ramp), "TIFF"))
    np.testing.assert_array_equal(picture[..., 0].ravel(), np.arange(256))


def test_transparent_parts_are_white():
    for mode, format in (("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "GIF")):
        image = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode)
        options = {"lossless": True} if format == "WEBP" else {}
        assert open_picture(encoded(image, format, **options)).min() == 255, (mode, format)
    half = np.dstack([np.zeros((9, 9, 3), np.uint8), np.full((9, 9), 51, np.uint8)])
    assert set(open_picture(half).ravel()) == {204}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_orientation_is_followed(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(IMAGE, format, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    np.testing.assert_array_equal(open_picture(data), upright)
    assert open_picture(data).shape[:2] == (PICTURE.shape[:2] if orientation < 5 else PICTURE.shape[1::-1])


def test_a_colour_profile_is_turned_into_srgb():
    linear = np.rint(255 * (PICTURE / 255.0) ** 2.2).astype(np.uint8)
    profile = _gamma_profile(1.0)
    seen = open_picture(encoded(Image.fromarray(linear), "PNG", icc_profile=profile))
    bright = PICTURE > 60  # where 8 bits are enough for linear light
    assert np.abs(seen.astype(int) - PICTURE)[bright].max() <= 6
    assert np.abs(linear.astype(int) - PICTURE)[bright].mean() > 30


def _gamma_profile(gamma):
    """sRGB's own profile, its tone curves replaced by a single gamma."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    n_tags = int.from_bytes(data[128:132], "big")
    for entry in range(132, 132 + 12 * n_tags, 12):
        tag, at = data[entry : entry + 4], int.from_bytes(data[entry + 4 : entry + 8], "big")
        if tag in (b"rTRC", b"gTRC", b"bTRC"):
            curve = b"para" + bytes(8) + round(gamma * 65536).to_bytes(4, "big")
            data[at : at + len(curve)] = curve
        if tag == b"desc":
            data[at : at + 200] = data[at : at + 200].replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    return bytes(data)


@given(
    width=st.integers(MINIMUM_SIDE, 300),
    height=st.integers(MINIMUM_SIDE, 300),
    max_side=st.integers(MINIMUM_SIDE, 400),
    mode=st.sampled_from(["RGB", "L", "RGBA", "P", "I;16", "F", "CMYK", "1"]),
)
@settings(max_examples=60, deadline=None)
def test_reducing_keeps_shape_and_mean(width, height, max_side, mode):
    if max(width, height) > MAXIMUM_ASPECT * min(width, height):
        return
    grey = np.asarray(IMAGE.convert("L").resize((width, height)))
    image = Image.fromarray(grey)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(grey.astype(np.float32) / 255)
    else:
        image = image.convert(mode)
    picture = open_picture(image, max_side=max_side)
    longest = min(max_side, max(width, height))
    assert max(picture.shape) == longest
    assert abs(min(picture.shape[:2]) - min(width, height) * longest / max(width, height)) < 1
    assert abs(picture.mean() - np.asarray(image.convert("RGB") if mode == "1" else grey).mean()) < 8


@given(values=arrays.arrays(np.uint8, st.tuples(st.integers(8, 20), st.integers(8, 20), st.sampled_from([1, 3]))))
@settings(max_examples=30, deadline=None)
def test_arrays_of_all_kinds_agree(values):
    wanted = np.broadcast_to(values, (*values.shape[:2], 3))
    for same in (
        values,
        values.astype(np.int64),
        values / 255,
        (values / 255).astype(np.float32),
        values * np.uint16(257),
    ):
        np.testing.assert_array_equal(open_picture(same), wanted)
    if values.shape[2] == 1:
        np.testing.assert_array_equal(open_picture(values[..., 0]), wanted)
    np.testing.assert_array_equal(open_picture(values > 9), np.where(wanted > 9, 255, 0))


def test_the_array_handed_back_is_ones_own():
    picture = open_picture(PICTURE)
    picture[:] = 0
    assert PICTURE.any()


@pytest.mark.parametrize(
    "wrong",
    [
        np.full((20, 20), np.nan),
        np.full((20, 20, 3), 255.0),
        np.full((20, 20), -3),
        np.full((20, 20), 1000),
        np.zeros((3, 20, 20), np.uint8),
        np.zeros((20, 20, 3, 1), np.uint8),
        np.zeros((0, 20, 3), np.uint8),
        np.zeros(20, np.uint8),
        np.array(3.0),
        np.zeros((20, 20), complex),
        np.full((20, 20), "red"),
        np.zeros((20, 7, 3), np.uint8),
        np.zeros((8, 300), np.uint8),
    ],
)
def test_wrong_arrays_get_a_sentence(wrong):
    with pytest.raises(PictureError) as caught:
        open_picture(wrong)
    assert_is_sentence(str(caught.value))


def test_every_way_of_handing_a_picture_over(tmp_path):
    data = encoded(IMAGE, "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    in_seven = {"picture.png": {"metadata": {"name": "picture.png", "size": len(data)}, "content": data}}
    in_eight = ({"name": "picture.png", "type": "image/png", "size": len(data), "content": memoryview(data)},)
    with open(path, "rb") as stream:
        ways = (
            path,
            str(path),
            data,
            bytearray(data),
            stream,
            io.BytesIO(data),
            IMAGE,
            in_seven,
            in_eight,
            in_eight[0],
        )
        for source in ways:
            np.testing.assert_array_equal(open_picture(source), PICTURE)
        assert not stream.closed


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        {},
        (),
        ({"name": "a"},),
        {"a": {"content": b"x"}, "b": {"content": b"y"}},
        None,
        3,
        io.StringIO("text"),
        io.BytesIO(),
        "https://example.org/photo.jpg",
        "null\0character.jpg",
        "x" * 5000,
        "",
        "/dev/zero",
    ],
)
def test_what_is_no_picture_gets_a_sentence(wrong):
    with pytest.raises(PictureError) as caught:
        open_picture(wrong)
    assert_is_sentence(str(caught.value))


@pytest.mark.parametrize("wrong", [0, -5, 7, 10.5, "big", float("nan")])
def test_a_wrong_max_side_gets_a_sentence(wrong):
    with pytest.raises(PictureError, match="max_side"):
        open_picture(PICTURE, max_side=wrong)


@given(
    which=st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
    keep=st.floats(0.05, 1),
)
@settings(max_examples=150, deadline=None)
def test_damage_never_gives_anything_but_a_sentence(which, changes, keep):
    data = bytearray(encoded(IMAGE, which))
    for place, value in changes:
        data[int(place * len(data))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            picture = open_picture(bytes(data[: max(1, int(keep * len(data)))]), max_side=64)
        except PictureError as problem:
            assert_is_sentence(str(problem))
        else:
            assert picture.dtype == np.uint8 and picture.shape[2] == 3


def test_threads_may_read_side_by_side():
    sources = [encoded(IMAGE, format) for format in ("PNG", "BMP", "TIFF")] * 10 + [black_png(10_000, 9_500)]
    filters = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda source: open_picture(source, max_side=48), sources))
    assert warnings.filters == filters
    assert all(np.array_equal(picture, PICTURE) for picture in pictures[:-1])


def test_large_pictures_are_halved():
    assert open_picture(black_png(10_000, 6_001)).shape == (3001, 5000, 3)
    assert open_picture(black_png(9_000, 5_000)).shape == (5000, 9000, 3)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("format", "megabytes"), [("JPEG", 60), ("PNG", 300)], ids=["jpeg is reduced while decoded", "png is decoded whole"]
)
def test_memory_for_sixty_megapixels_is_bounded(tmp_path, format, megabytes):
    path = tmp_path / "large"
    Image.effect_noise((900, 670), 90).convert("RGB").resize((9000, 6700), Image.Resampling.NEAREST).save(
        path, format, **({"compress_level": 1} if format == "PNG" else {})
    )
    code = (
        "import sys; from imgmusic_edu.pictures import open_picture\n"
        "peak = lambda: int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1])\n"
        "before = peak(); shape = open_picture(sys.argv[1], max_side=1024).shape\n"
        "print(shape[1], (peak() - before) // 1024)"
    )
    program = [sys.executable, "-c", code, path]
    done = subprocess.run(program, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    width, peak = map(int, done.stdout.split())
    assert width == 1024 and peak < megabytes
