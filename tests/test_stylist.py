"""The feed-forward stylist: style vectors as their authors' network gives them, painting of any picture, learning."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the networks need TensorFlow")

from imgmusic_edu import datasets
from imgmusic_edu.backbones import style_vector
from imgmusic_edu.backbones.style_vector import LENGTH, style_vectors
from imgmusic_edu.networks import stylist, stylist_training, training
from imgmusic_edu.networks.stylist import Stylist, mix
from imgmusic_edu.networks.training import save_networks

SMALL = {"widths": (4, 6, 8), "residuals": 1}
RANDOM = np.random.default_rng(0)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def artist():
    """A small stylist with random weights, those of the styles too, which begin as zeros."""
    networks = stylist.build(**SMALL)
    random = np.random.default_rng(1)
    weights = [values + 0.1 * random.standard_normal(values.shape) for values in networks["stylist"].get_weights()]
    networks["stylist"].set_weights(weights)
    return Stylist(networks)


def one_sentence(problem):
    text = str(problem.value)
    return "\n" not in text and len(text) < 500


# --- style vectors ----------------------------------------------------------------------------------------------------


def test_style_vector_is_the_one_of_the_authors_network():
    """Every tenth number, as onnxruntime 1.x gives it for the graph in float32; 5e-6 apart at most on 16 pictures."""
    y, x = np.mgrid[:256, :256]
    pattern = np.stack([x * y // 64 % 256, (3 * x + y) % 256, (x // 16 + y // 16) % 2 * 200], -1).astype(np.uint8)
    found = style_vectors(pattern)[0, ::10]
    wanted = [0.11, -0.40085, -1.01798, -1.14985, 1.67583, 1.77303, 2.78829, -0.30394, -0.80011, 0.47965]
    assert found == pytest.approx(wanted, abs=1e-4)
    # As it runs on a telephone, maps rounded to 8 bits.
    rounded = [0.09939, -0.41746, -1.01383, -1.15298, 1.64995, 1.76923, 2.78305, -0.33794, -0.77528, 0.47709]
    assert found == pytest.approx(rounded, abs=0.05)


def test_a_part_of_a_painting_lies_nearest_to_that_painting():
    paintings = [datasets.picture(name) for name in datasets.paintings()]
    parts = [picture[20:-20, 20:-20, :] for picture in paintings]
    whole, part = style_vectors(paintings), style_vectors(parts)
    assert whole.shape == (8, LENGTH) and whole.dtype == np.float32
    distances = np.linalg.norm(whole[:, None] - part[None], axis=-1)
    assert (distances.argmin(axis=0) == np.arange(8)).sum() >= 7


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (300, 40)])
def test_style_vectors_of_any_size_and_of_flat_pictures(shape):
    for picture in (noise(*shape), np.zeros((*shape, 3), np.uint8), np.full((*shape, 3), 255, np.uint8)):
        found = style_vectors([picture])
        assert found.shape == (1, LENGTH) and np.isfinite(found).all()


@pytest.mark.parametrize(
    "wrong", [[], [np.zeros((4, 4), np.uint8)], [np.zeros((4, 4, 3))], np.zeros((0, 4, 3), np.uint8)]
)
def test_what_has_no_style_gets_one_sentence(wrong):
    with pytest.raises(ValueError) as problem:
        style_vectors(wrong)
    assert one_sentence(problem)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing"])
def test_damaged_style_weights_get_one_sentence(tmp_path, monkeypatch, content):
    (tmp_path / "style_vector.npz").write_bytes(content)
    monkeypatch.setattr(style_vector, "data_path", lambda name: tmp_path / f"{name}.npz")
    with pytest.raises(ValueError, match="damaged") as problem:
        style_vector.read_weights(style_vector.build())
    assert one_sentence(problem)


# --- painting ---------------------------------------------------------------------------------------------------------


def test_the_network_is_small_and_begins_as_the_photograph_itself():
    network = stylist.build()["stylist"]
    assert network.count_params() < 2e6
    photo = datasets.picture("cat")[:64, :64]
    painted = Stylist({"stylist": network}).paint(photo, np.zeros(LENGTH, np.float32))
    for channel in range(3):
        assert np.corrcoef(photo[..., channel].ravel(), painted[..., channel].ravel())[0, 1] > 0.95


@pytest.mark.parametrize("size", [(1, 1), (3, 70), (33, 50), (64, 64), (66, 127)])
def test_pictures_of_any_size_are_painted_at_that_size(artist, size):
    vector = RANDOM.normal(size=LENGTH)
    for photo in (noise(*size), np.zeros((*size, 3), np.uint8), np.full((*size, 3), 255, np.uint8)):
        painted = artist.paint(photo, vector)
        assert painted.shape == photo.shape and painted.dtype == np.uint8


def test_a_painting_and_its_vector_are_the_same_style(artist):
    photo, painting = noise(40, 40), datasets.picture("the_night_cafe")
    assert np.array_equal(artist.paint(photo, painting), artist.paint(photo, style_vectors(painting)[0]))
    other = artist.paint(photo, datasets.picture("the_harvest"))
    assert not np.array_equal(artist.paint(photo, painting), other)


def test_a_mixture_ends_in_its_two_styles(artist):
    photo = noise(40, 40)
    first, second = datasets.picture("the_night_cafe"), style_vectors(datasets.picture("the_harvest"))[0]
    assert np.array_equal(artist.paint(photo, mix(first, second, 0)), artist.paint(photo, first))
    assert np.array_equal(artist.paint(photo, mix(first, second, 1)), artist.paint(photo, second))
    assert mix(first, second, 0.25) == pytest.approx(0.75 * style_vectors(first)[0] + 0.25 * second, abs=1e-5)


def test_strength_goes_from_photograph_to_painting(artist):
    photo, vector = noise(40, 40), RANDOM.normal(size=LENGTH)
    assert np.array_equal(artist.paint(photo, vector, strength=0), photo)
    full, half = (artist.paint(photo, vector, strength=strength).astype(float) for strength in (1, 0.5))
    assert np.abs(half - (full + photo) / 2).max() <= 1


def test_a_photograph_twice_as_bright_and_pale_is_painted_alike(artist):
    """Instance normalisation takes away light and contrast of the whole picture."""
    photo = noise(48, 48) // 2
    vector = RANDOM.normal(size=LENGTH)
    one, other = (artist.paint(p, vector).astype(float) for p in (photo, photo // 2 + 100))
    assert np.abs(one - other).mean() < 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: a.paint(np.zeros((8, 8), np.uint8), np.zeros(LENGTH)), "shape"),
        (lambda a: a.paint(np.zeros((8, 8, 3)), np.zeros(LENGTH)), "uint8"),
        (lambda a: a.paint(np.zeros((0, 8, 3), np.uint8), np.zeros(LENGTH)), "uint8"),
        (lambda a: a.paint(np.zeros((2, 5000, 3), np.uint8), np.zeros(LENGTH)), "open_picture"),
        (lambda a: a.paint(noise(8, 8), np.zeros(99)), "100"),
        (lambda a: a.paint(noise(8, 8), np.full(LENGTH, np.nan)), "finite"),
        (lambda a: a.paint(noise(8, 8), "the_night_cafe"), "painting"),
        (lambda a: a.paint(noise(8, 8), np.zeros(LENGTH), strength=1.5), "1.5"),
        (lambda a: a.paint(noise(8, 8), np.zeros(LENGTH), strength="all"), "all"),
        (lambda a: mix(np.zeros(LENGTH), np.zeros(LENGTH), -0.1), "-0.1"),
        (lambda a: mix(np.zeros(LENGTH), np.zeros(LENGTH), np.nan), "nan"),
    ],
)
def test_what_cannot_be_painted_gets_one_sentence(artist, call, words):
    with pytest.raises(ValueError, match=words) as problem:
        call(artist)
    assert one_sentence(problem)


@pytest.mark.parametrize("what", ["nothing", "rubbish", "another network"])
def test_wrong_weights_get_one_sentence(tmp_path, monkeypatch, what):
    path = tmp_path / "stylist.npz"
    if what == "rubbish":
        path.write_bytes(b"PK\x03\x04 and then nothing")
    elif what == "another network":
        save_networks(path, stylist.build(**SMALL))
    monkeypatch.setattr(stylist, "data_path", lambda name: path)
    with pytest.raises(ValueError) as problem:
        stylist.open_stylist.__wrapped__()
    assert one_sentence(problem) and "stylist.npz" in str(problem.value)


# --- learning ---------------------------------------------------------------------------------------------------------


class Clock:
    """Processor time that goes on by a second whenever it is asked."""

    def __init__(self):
        self.now = 0.0

    def process_time(self):
        self.now += 1.0
        return self.now


@pytest.fixture(scope="module")
def two_styles():
    pictures = [stylist_training._square(datasets.picture(name), RANDOM) for name in datasets.paintings()[:2]]
    return stylist_training.measured(pictures)


def test_a_few_steps_lower_the_loss_and_go_on_where_they_stopped(tmp_path, monkeypatch, two_styles):
    monkeypatch.setattr(stylist_training, "BATCHES", ((2, 32),))
    monkeypatch.setattr(stylist_training, "_validation", lambda: stylist_training._draw([cat], two_styles, RANDOM))
    monkeypatch.setattr(training, "time", Clock())
    monkeypatch.setattr(training, "REPORT_SECONDS", 6.0)
    cat = datasets.picture("cat")[::6, ::6]

    def learn(seconds):
        return stylist_training.train(
            [cat], two_styles, minutes=seconds / 60, folder=tmp_path, notice=lambda line: None, **SMALL
        )

    first = learn(8)
    again = learn(36)
    scores = [row["validation_score"] for row in first.rows + again.rows]
    assert again.step > first.step and len(scores) >= 3
    assert scores[-1] < 0.9 * scores[0]
    painted = Stylist(again.networks).paint(cat, two_styles.vectors[0])
    assert painted.shape == cat.shape


def test_a_picture_is_at_no_distance_from_itself(two_styles):
    picture = stylist_training._square(datasets.picture(datasets.paintings()[0]), np.random.default_rng(0))
    one = np.float32(picture[None]) / 255
    found = {
        kind: float(value) for kind, value in stylist_training.terms(one, one, *two_styles.take([0])[1:-1]).items()
    }
    assert found["style"] < 1e-4 and found["content"] == 0 and found["roughness"] < 1e-6
    assert found["cosine"] == pytest.approx(1, abs=1e-5)
    other = stylist_training.terms(one, one, *two_styles.take([1])[1:-1])
    assert float(other["style"]) > 0.1


def test_what_is_held_out_is_never_learnt_from(monkeypatch):
    seen = []
    monkeypatch.setattr(stylist_training, "measured", lambda rows, chances: seen.append((rows, chances)))
    monkeypatch.setattr(
        stylist_training, "KINDS", {"paintings": (3, 0.6), "colours": (1, 0.3), "photographs": (1, 0.1)}
    )
    opened = []
    monkeypatch.setattr(stylist_training.datasets, "picture", lambda name: opened.append(name) or noise(120, 110))
    stylist_training.styles(notice=lambda line: None)
    assert not {*stylist_training.HELD_OUT, stylist_training.HELD_OUT_PAINTING} & set(opened)
    assert len(stylist_training.HELD_OUT) >= 20 and set(stylist_training.HELD_OUT) < set(datasets.photographs())
    (rows, chances), *_ = seen
    assert len(rows) == len(chances) and sum(chances) == pytest.approx(1)
    assert {row.shape for row in rows} == {(256, 256, 3)}


def test_other_colours_leave_grey_grey():
    grey = np.repeat(noise(20, 20)[..., :1], 3, axis=2)
    found = stylist_training._recoloured(grey, np.random.default_rng(0)).astype(int)
    assert np.ptp(found, axis=-1).max() <= 1
    colours = noise(20, 20)
    assert np.abs(stylist_training._recoloured(colours, np.random.default_rng(0)).astype(int) - colours).mean() > 20


def test_figures_of_a_stylist_that_copies_say_so(artist, monkeypatch):
    class Copyist:
        def paint(self, photo, vector):
            return photo

    monkeypatch.setattr(stylist_training.datasets, "paintings", lambda: ["the_night_cafe", "the_harvest"])
    found = stylist_training.figures(Copyist(), photos=("cat",), side=64)
    assert list(found) == ["the_night_cafe", "the_harvest"]
    for row in found.values():
        assert row["fall"] == pytest.approx(0, abs=1e-5) and row["cosine"] == pytest.approx(1, abs=1e-5)
    assert sum(row["nearest"] for row in found.values()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--minutes", "0"],
        ["--minutes", "nan"],
        ["--minutes", "many"],
        ["--export", "no_such_folder/stylist.npz"],
        ["--export", "stylist.txt"],
        ["--pages", "3"],
    ],
)
def test_a_command_that_cannot_be_carried_out_gets_one_sentence(arguments, capsys):
    assert stylist_training.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.splitlines()) == 1


def test_ctrl_c_before_learning_gets_one_sentence(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(stylist_training, "on_one_core", interrupted)
    assert stylist_training.main(["--minutes", "1"]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.skipif("stylist" not in datasets.names("models"), reason="the stylist has not been trained yet")
def test_the_shipped_stylist_paints_and_keeps_the_photograph(monkeypatch):
    names = ["the_langlois_bridge", "cafe_terrace_at_night", stylist_training.HELD_OUT_PAINTING]
    monkeypatch.setattr(stylist_training.datasets, "paintings", lambda: names)
    found = stylist_training.figures(stylist.open_stylist(), photos=("kingfisher",), side=192)
    assert all(row["fall"] > 0.5 and row["cosine"] > 0.4 for row in found.values()), found
    assert sum(row["nearest"] for row in found.values()) >= 2
