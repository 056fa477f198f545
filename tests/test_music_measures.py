"""Measures on scores, on hand-made scores whose answer is known."""

from types import SimpleNamespace

import pytest

from imgmusic_edu.evaluation import music

BASS, MELODY, DRUMS = "bass", "melody", "drums"


def note(beat, pitch, part=MELODY, beats=1.0):
    return SimpleNamespace(beat=float(beat), beats=float(beats), pitch=pitch, velocity=80, part=part)


def score(notes, *, tempo=60.0, beats_per_bar=4, tonic=0, mode="major", seconds=None):
    length = seconds or max(n.beat + n.beats for n in notes) * 60 / tempo
    return SimpleNamespace(
        notes=tuple(notes), tempo=tempo, beats_per_bar=beats_per_bar, tonic=tonic, mode=mode, seconds=length
    )


def line(*pitches, part=MELODY, step=1.0):
    return [note(place * step, pitch, part, step) for place, pitch in enumerate(pitches)]


def test_key_share_counts_pitched_notes_of_the_stated_scale():
    notes = [*line(60, 62, 64, 66), note(0, 37, DRUMS)]  # F sharp is not in C major; a drum has no pitch
    assert music.in_key_share(score(notes)) == 0.75
    assert music.in_key_share(score(notes, tonic=7)) == 1.0


def test_the_raised_seventh_of_minor_is_reported_both_ways():
    minor = score(line(69, 68, 69, 71), tonic=9, mode="minor")
    assert music.in_key_share(minor) == 0.75
    assert music.in_key_share(minor, raised_seventh=True) == 1.0
    dorian = score(line(69, 68, 69, 71), tonic=9, mode="dorian")
    assert music.in_key_share(dorian, raised_seventh=True) == 0.75


@pytest.mark.parametrize(("mode", "pitch"), [("major", 71), ("mixolydian", 70), ("dorian", 69), ("minor", 68)])
def test_each_mode_has_its_own_note(mode, pitch):
    assert music.in_key_share(score(line(60, pitch), mode=mode)) == 1.0


def test_entropy_of_equal_shares_is_the_logarithm_of_their_number():
    assert music.pitch_class_entropy(score(line(60, 72, 48))) == 0
    assert music.pitch_class_entropy(score(line(60, 62, 64, 65))) == pytest.approx(2)


def test_range_of_all_and_of_one_part():
    notes = [*line(60, 67), *line(36, 43, part=BASS), note(0, 99, DRUMS)]
    assert music.pitch_range(score(notes)) == (36, 67)
    assert music.pitch_range(score(notes), part=MELODY) == (60, 67)


def strong(melody, bass):
    """Four beats a bar, one chord on each strong beat."""
    return score([*line(*melody, step=2.0), *line(*bass, part=BASS, step=2.0)])


def test_parallel_octaves_and_fifths_are_found_where_the_second_sounds():
    assert music.parallels(strong([60, 62], [48, 50])) == [(2.0, "octave")]
    assert music.parallels(strong([67, 69, 71], [48, 50, 52])) == [(2.0, "fifth"), (4.0, "fifth")]


@pytest.mark.parametrize(
    ("melody", "bass"),
    [
        ([60, 60], [48, 48]),  # nobody moves
        ([60, 72], [48, 36]),  # contrary motion
        ([64, 65], [48, 50]),  # thirds
        ([67, 72], [48, 60]),  # fifth to octave: similar motion, but not parallel
        ([67, 69], [48, 47]),
    ],
)
def test_what_is_not_a_parallel(melody, bass):
    assert music.parallels(strong(melody, bass)) == []


def test_parallels_hear_held_notes_and_pass_over_weak_beats():
    weak = score([*line(60, 62, 64, 65), *line(48, 50, 55, 57, part=BASS)])  # octaves on beats 0 and 1 only
    assert music.parallels(weak) == []
    held = [note(0, 60, beats=1), note(1, 62, beats=3), note(0, 48, BASS, 2), note(2, 50, BASS, 2)]
    assert music.parallels(score(held)) == [(2.0, "octave")]
    waltz = score([*line(60, 62, step=3.0), *line(48, 50, part=BASS, step=3.0)], beats_per_bar=3)
    assert music.parallels(waltz) == [(3.0, "octave")]


def test_a_rest_parts_what_would_be_parallel():
    assert music.parallels(score([note(0, 60), note(4, 62), note(0, 48, BASS), note(4, 50, BASS)])) == []


def test_the_ending_needs_the_tonic_in_the_bass_and_its_triad_above():
    assert music.ends_on_tonic(strong([67, 64], [43, 48]))
    assert not music.ends_on_tonic(strong([67, 62], [43, 48]))  # the melody hangs on the second
    assert not music.ends_on_tonic(strong([67, 72], [48, 43]))  # the bass hangs on the fifth
    assert not music.ends_on_tonic(score([*strong([67, 64], [43, 48]).notes], mode="minor"))
    assert music.ends_on_tonic(score(line(67, 60)))


def test_groove_is_one_minus_the_share_of_places_that_differ():
    same = score(line(*range(60, 72)))
    assert music.groove_consistency(same) == 1.0
    # bar 1 on 0 1 2 3, bar 2 on 0 1 2 and 3.5: two of 64 places differ, or two of 16
    other = [note(beat, 60, beats=0.5) for beat in (0, 1, 2, 3, 4, 5, 6, 7.5)]
    assert music.groove_consistency(score(other)) == pytest.approx(1 - 2 / 64)
    assert music.groove_consistency(score(other), positions=16) == pytest.approx(1 - 2 / 16)


def test_an_empty_bar_is_a_bar():
    gap = [note(beat, 60) for beat in (0, 1, 2, 3, 8, 9, 10, 11)]
    assert music.groove_consistency(score(gap)) == pytest.approx(1 - 4 / 64)


def test_densities():
    chords = [*line(60, 62), *line(48, 50, part=BASS)]
    assert music.note_density(score(chords, seconds=4)) == 1.0
    assert music.onset_density(score(chords, seconds=4)) == 0.5


def test_longest_repetition_finds_loops_and_forgives_variation():
    loop = score(line(60, 62, 64, 65) * 1 + [note(4 + k, p) for k, p in enumerate((60, 62, 64, 65))], tempo=120)
    assert music.longest_repetition(loop) == pytest.approx(2.0)
    varied = score([*line(60, 62, 64, 65), *(note(4 + k, p) for k, p in enumerate((60, 62, 67, 71)))], tempo=120)
    assert music.longest_repetition(varied) == pytest.approx(1.0)
    assert music.longest_repetition(score(line(60, 61, 62, 63, 64))) == 0


def test_a_repetition_must_be_whole():
    notes = [*line(60, 62, 60, 62), note(0, 48, BASS, 2), note(2, 50, BASS, 2)]
    assert music.longest_repetition(score(notes)) == pytest.approx(1.0)  # only the second beat comes again whole


def test_structureness_lies_between_wandering_and_a_loop():
    bar = (60, 62, 64, 65)
    assert music.structureness(score(line(*bar * 3))) == 1.0
    assert music.structureness(score(line(*range(60, 72)))) == 0.0
    assert 0 < music.structureness(score(line(*bar, 60, 62, 67, 71))) < 1


def test_all_measures_are_numbers_and_empty_scores_are_refused_in_a_sentence():
    values = music.measure_score(strong([67, 65, 64, 60], [48, 50, 43, 48]))
    assert all(isinstance(value, float) for value in values.values())
    assert values["ends_on_tonic"] == 1.0
    with pytest.raises(ValueError, match="no pitched notes"):
        music.measure_score(score([note(0, 36, DRUMS)]))
