"""How fast pictures become numbers, beside scikit-image's functions called one by one on the same pixels."""

from __future__ import annotations

import functools
import json
import time
from statistics import median

import numpy as np

from imgmusic_edu import datasets
from imgmusic_edu import visual_features as vf

from . import pictures, say, table, verdicts

GROWTH = 12.0  # MB that more pictures may need beside their numbers, which come back as one array that grows
_ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)


# --- what one would write instead: each piece reads the picture for itself, as in every tutorial -----------


def usual_lab(picture):
    from skimage.color import rgb2lab

    return rgb2lab(picture)


def usual_colour(picture):
    """Moments of L*a*b*, a histogram of hue weighted by chroma, one of sRGB, colourfulness."""
    from skimage.color import lab2lch

    lab = usual_lab(picture)
    _, chroma, hue = np.moveaxis(lab2lch(lab), 2, 0)
    red, green, blue = np.moveaxis(picture.astype(float), 2, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    return (
        lab.mean(axis=(0, 1)),
        lab.std(axis=(0, 1)),
        np.histogram(hue, 24, (0, 2 * np.pi), weights=chroma),
        np.histogramdd(picture.reshape(-1, 3), 4, [(0, 256)] * 3),
        np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()),
    )


def usual_grey(picture):
    from skimage.color import rgb2gray
    from skimage.util import img_as_ubyte

    return img_as_ubyte(rgb2gray(picture))


def usual_lbp(picture):
    from skimage.feature import local_binary_pattern

    return np.bincount(local_binary_pattern(usual_grey(picture), 8, 1, "uniform").astype(int).ravel(), minlength=10)


def usual_glcm(picture):
    from skimage.feature import graycomatrix, graycoprops

    counts = graycomatrix(usual_grey(picture) // 8, [1], _ANGLES, levels=32, symmetric=True, normed=True)
    return [graycoprops(counts, name) for name in ("contrast", "homogeneity", "energy", "correlation")]


def usual_gabor(picture):
    """24 filters; scikit-image's kernels by SciPy's fast convolution, because `skimage.filters.gabor` is far slower."""
    from scipy.signal import fftconvolve
    from skimage.filters import gabor_kernel

    grey = usual_grey(picture) / 255
    kernels = (gabor_kernel(1 / wavelength, k * np.pi / 6) for wavelength in (4, 8, 16, 32) for k in range(6))
    return [(np.abs(fftconvolve(grey, kernel, mode="same")) ** 2).mean() for kernel in kernels]


def usual_hog(picture):
    from skimage.feature import hog

    height, width = picture.shape[:2]
    return hog(usual_grey(picture), pixels_per_cell=(height // 4, width // 4), cells_per_block=(4, 4))


def usual_edges(picture):
    from skimage.feature import canny

    return canny(usual_grey(picture), sigma=2.0)


def usual_contours(picture):
    from skimage.filters import gaussian, threshold_otsu
    from skimage.measure import find_contours

    smooth = gaussian(usual_grey(picture), 2.0)
    return find_contours(smooth, threshold_otsu(smooth))


def usual_texture(picture):
    return usual_lbp(picture), usual_glcm(picture), usual_gabor(picture)


def usual_shape(picture):
    return usual_hog(picture), usual_edges(picture), usual_contours(picture)


def usual(picture):
    return usual_colour(picture), usual_texture(picture), usual_shape(picture)


# What, ours, and what stands beside it; `describe` and `visual_features` measure more than that does.
PIECES = {
    "L*a*b*": (vf.rgb_to_lab, usual_lab),
    "local binary patterns": (vf.lbp_histogram, usual_lbp),
    "co-occurrence in 4 directions, its properties": (lambda p: vf.glcm_properties(vf.glcm(p)), usual_glcm),
    "24 Gabor energies": (vf.gabor_energies, usual_gabor),
    "gradient histograms": (vf.hog, usual_hog),
    "edges (the same function within)": (vf.edges, usual_edges),
    "contours (the same function within)": (vf.contours, usual_contours),
    "describe, colour": (functools.partial(vf.describe, groups=("colour",)), usual_colour),
    "describe, texture": (functools.partial(vf.describe, groups=("texture",)), usual_texture),
    "describe, shape": (functools.partial(vf.describe, groups=("shape",)), usual_shape),
    "describe, all": (vf.describe, usual),
    "visual_features": (vf.visual_features, usual),
}
_CHILD = """
import itertools, sys
from imgmusic_edu import datasets
{prepare}
names = itertools.islice(itertools.cycle([*datasets.photographs(), *datasets.paintings()]), int(sys.argv[1]))
pictures = map(datasets.picture, names)
{call}
"""
_OURS = "from imgmusic_edu.visual_features import describe_all", "assert describe_all(pictures).shape[0]"
_COLOUR = _OURS[0], "assert describe_all(pictures, groups=('colour',)).shape[0]"
_USUAL = "from benchmarks.seeing import usual", "for picture in pictures: usual(picture)"


def milliseconds(copies, rounds):
    """Each piece on each picture, ours and the usual way by turns: dict name -> (list, list), one value a picture.

    Of the rounds the fastest counts: whatever else runs on the machine only ever adds.
    """

    def timed(action, picture):
        start = time.perf_counter()
        action(picture)
        return 1000 * (time.perf_counter() - start)

    found = {name: ([], []) for name in PIECES}
    for picture in copies:
        for name, pair in PIECES.items():
            fastest = np.min([[timed(action, picture) for action in pair] for _ in range(rounds)], axis=0)
            for times, took in zip(found[name], fastest, strict=True):
                times.append(float(took))
    return found


def peaks(few, many, most):
    """Peak MB of fresh processes: dict (way, number of pictures) -> MB.

    So many as `most` are described by their colours alone, which takes an eighth of the time: what flows is the same.
    """
    from .speed import fresh  # here: the process that runs the usual way imports this module, and should not need more

    jobs = [*(("ours", n, _OURS) for n in (few, many)), *(("ours, colour alone", n, _COLOUR) for n in (few, most))]
    jobs.append(("usual", few, _USUAL))
    found = {}
    for way, n, (prepare, call) in jobs:
        say(f"  features: memory of {n} pictures, {way}")
        found[way, n] = fresh(["-c", _CHILD.format(prepare=prepare, call=call), n])["peak"]
    return found


def features(*, out, quick=False, n_pictures=None, rounds=3, numbers=None):
    """Speed and memory of the features made by hand; writes seeing_features.json into `out`, returns the Markdown."""
    from skimage.filters import gabor

    names = pictures(n_pictures or (6 if quick else 30))
    few, many, most = numbers or ((20, 60, 200) if quick else (100, 2000, 10_000))
    copies = [vf.standard_copy(datasets.picture(name)) for name in names]
    for pair in PIECES.values():  # the first call imports and fills tables
        for action in pair:
            action(copies[0])
    say("  features: pieces")
    took = milliseconds(copies, rounds)
    start = time.perf_counter()
    gabor(usual_grey(copies[0]) / 255, 1 / 8)
    one_filter = 1000 * (time.perf_counter() - start)
    memory = peaks(few, many, most)
    everything = {"milliseconds": took, "skimage.filters.gabor, 8 pixels": one_filter}
    everything |= {"peak": {f"{way}, {n}": peak for (way, n), peak in memory.items()}}
    (out / "seeing_features.json").write_text(json.dumps(everything, indent=1), encoding="utf-8")

    middle = {name: (median(ours), median(theirs)) for name, (ours, theirs) in took.items()}
    rows = [
        (name, f"{ours:.2f}", f"{1000 / ours:.0f}", f"{theirs:.2f}", f"{1000 / theirs:.0f}", f"{theirs / ours:.1f} x")
        for name, (ours, theirs) in middle.items()
    ]
    used = [(way, n, f"{peak:.0f}") for (way, n), peak in memory.items()]
    grown = {}
    for way, n, groups in (("ours", many, vf.GROUPS), ("ours, colour alone", most, ("colour",))):
        numbers_take = (n - few) * 8e-6 * len(vf.descriptor_names(groups))  # MB
        grown[way, n] = memory[way, n] - memory[way, few], numbers_take
    lab, whole = (theirs / ours for ours, theirs in (middle["L*a*b*"], middle["describe, all"]))
    kept = verdicts(
        [
            ("L*a*b* faster than scikit-image's", "> 1 x", f"{lab:.1f} x", lab > 1),
            ("describe, all, faster than the usual calls", "> 1 x", f"{whole:.1f} x", whole > 1),
            *(
                (
                    f"memory, from {few} to {n} pictures ({way})",
                    f"< {GROWTH:g} MB beside the numbers",
                    f"{grew:.1f} MB, {take:.1f} of it numbers",
                    grew - take < GROWTH,
                )
                for (way, n), (grew, take) in grown.items()
            ),
        ]
    )
    return f"""### Features made by hand

{kept}
Milliseconds a picture in one process: median over {len(copies)} shipped pictures, each the fastest of {rounds} \
rounds, all on the standard copy of {vf.SIDE} pixels. The usual way is scikit-image's functions called one by one, \
each making what it needs of the picture itself: other numbers and fewer than the {len(vf.descriptor_names())} of \
`describe`. For Gabor filters it is its kernels and SciPy's fast convolution: of `skimage.filters.gabor` a single \
filter for waves of 8 pixels takes {one_filter:.0f} ms.

{table(("what", "ours, ms", "a second", "usual, ms", "a second", "of ours"), rows)}
Peak memory of a fresh process that goes through the pictures from their files, one after the other (the shipped ones \
again and again):

{table(("way", "pictures", "peak MB"), used)}"""


def run(*, out, quick=False):
    """Features made by hand, then the networks, as Markdown; seeing_features.json goes into `out`."""
    from .seeing_networks import networks

    return features(out=out, quick=quick) + "\n" + networks(quick=quick)
