"""Key and mode: on sounds made for the purpose, on shipped pieces whose key is known, and the table that says so."""

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_audio_features import RATE, additive, piece, tone

from benchmarks.known_pieces import known_keys, midi, passage
from imgmusic_edu import audio_features as af
from imgmusic_edu import datasets
from imgmusic_edu.scores import PITCH_NAMES
from imgmusic_edu.synthesizer import render

CLASSES = {name: place for place, name in enumerate(PITCH_NAMES)} | {"Db": 1}
KNOWN = known_keys()


def rows(kind):
    return [row for row in KNOWN if row["kind"] == kind]


# --- the table ---------------------------------------------------------------------------------------------


def test_the_table_is_whole():
    assert len(KNOWN) >= 40 and len({(row["score"], row["from_seconds"]) for row in KNOWN}) == len(KNOWN)
    for row in KNOWN:
        assert row["tonic"] in range(12) and row["mode"] in ("major", "minor"), row
        assert row["kind"] in ("edition", "tune", "notes") and len(row["evidence"]) > 20, row
        assert 0 <= row["from_seconds"] < row["to_seconds"] <= midi(row["score"]).seconds, row


@pytest.mark.parametrize("name", sorted({row["score"] for row in rows("edition")}))
def test_editions_print_the_signature_that_the_table_says(name):
    file = mido.MidiFile(datasets.data_path(name))
    signatures, tick = {}, 0
    for message in mido.merge_tracks(file.tracks):
        tick += message.time
        if message.type == "key_signature":
            signatures[tick / file.ticks_per_beat] = message.key
    tempo = midi(name).tempo
    for row in (row for row in rows("edition") if row["score"] == name):
        first, last = (row[end] * tempo / 60 for end in ("from_seconds", "to_seconds"))
        printed = {key for beat, key in signatures.items() if beat < last - 0.1}
        in_force = signatures[max(beat for beat in signatures if beat <= first + 0.1)]
        relative = 3 if row["mode"] == "minor" else 0  # B minor is printed as D major
        assert CLASSES[in_force] == (row["tonic"] + relative) % 12, row
        assert not [beat for beat in signatures if first + 0.1 < beat < last - 0.1], (row, printed)


@pytest.mark.parametrize("row", rows("notes"), ids=lambda row: row["score"])
def test_the_notes_bear_out_what_the_table_reads_in_them(row):
    """The tonic lies longest in the bass, its third is of one kind, its fifth is heard: over the span."""
    score, tonic = midi(row["score"]), row["tonic"]
    drums = {part.name for part in score.parts if part.is_drum}
    played, lowest = np.zeros(12), {}
    for note in score.notes:
        if note.part not in drums and score.seconds_of(note.beat) < row["to_seconds"]:
            played[note.pitch % 12] += note.beats
            for quarter in range(round(4 * note.beat), max(round(4 * note.end), round(4 * note.beat) + 1)):
                lowest[quarter] = min(lowest.get(quarter, 128), note.pitch)
    end = row["to_seconds"] * score.tempo / 60
    bass = np.bincount([p % 12 for q, p in lowest.items() if q < 4 * end], minlength=12) / len(lowest)
    degrees = np.roll(played / played.sum(), -tonic)
    third, other = (degrees[3], degrees[4]) if row["mode"] == "minor" else (degrees[4], degrees[3])
    assert bass.argmax() == tonic and bass[tonic] > 1.4 * np.sort(bass)[-2]
    assert third >= 2.9 * other and third >= 0.03 and degrees[7] > degrees[6]


# --- pitch classes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pitch", [36, 50, 64, 77])
def test_a_note_is_one_pitch_class_for_all_its_overtones(pitch):
    shares = af.pitch_classes(tone(pitch, 1.5, partials=8)).sum(axis=0)
    assert shares.argmax() == pitch % 12 and shares.max() > 0.9 * shares.sum()


def test_a_fifth_without_a_third_has_none():
    fifth = tone(40, 2.0, partials=10) + tone(47, 2.0, partials=10)
    shares = af.pitch_classes(fifth).sum(axis=0)
    assert shares[[4, 11]].sum() > 0.8 * shares.sum() and shares[8] < 0.03 * shares.sum()


def test_no_class_is_negative_and_frames_follow_each_other_in_time():
    sound = np.concatenate([tone(60, 1.5), tone(66, 1.5)])
    notes = af.pitch_classes(sound)
    assert notes.shape == (len(notes), 12) and notes.min() >= 0
    assert notes[: len(notes) // 3].sum(axis=0).argmax() == 0
    assert notes[-len(notes) // 3 :].sum(axis=0).argmax() == 6


# --- key ---------------------------------------------------------------------------------------------------


def test_correlations_are_those_of_all_keys_and_the_key_is_the_best_of_them():
    sound = additive(piece(tonic=7, mode="minor", seed=1))
    fits = af.key_correlations(sound)
    assert fits.shape == (2, 12) and np.abs(fits).max() <= 1
    tonic, mode, fit = af.key(sound)
    assert (tonic, mode) == (7, "minor") and fit == fits[1, 7] == fits.max()


@settings(max_examples=8)
@given(st.integers(-11, 11), st.sampled_from(["major", "minor"]), st.integers(0, 3))
def test_the_key_moves_with_the_music(shift, mode, seed):
    score = piece(mode=mode, seed=seed, seconds=10)
    (home, first, fit), (moved, second, fit_moved) = (af.key(additive(score, shift=s)) for s in (0, shift))
    assert (moved - home) % 12 == shift % 12 and first == second == mode
    assert fit_moved == pytest.approx(fit, abs=0.1)


@settings(max_examples=6)
@given(st.sampled_from([-12, 12]), st.floats(0.1, 1.0), st.integers(0, 11))
def test_octave_and_gain_change_no_key(octave, gain, tonic):
    score = piece(tonic=tonic, seed=tonic, seconds=10)
    assert af.key(gain * additive(score, shift=octave))[:2] == af.key(additive(score))[:2] == (tonic, "major")


def test_mode_score_does_not_ask_for_the_tonic():
    scores = [af.mode_score(additive(piece(mode="minor", seed=5), shift=shift)) for shift in (0, 3, 8)]
    assert np.ptp(scores) < 0.1 and max(scores) < 0


def test_noise_has_some_key_and_silence_none():
    tonic, mode, fit = af.key(0.1 * np.random.default_rng(3).normal(size=3 * RATE))
    assert 0 <= tonic < 12 and mode in ("major", "minor") and fit < 0.8
    for function in (af.key, af.key_correlations, af.pitch_classes, af.mode_score):
        with pytest.raises(ValueError, match="silent"):
            function(np.zeros(RATE))


# --- shipped pieces ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["bethena"], ["peacherine_rag"], [row["score"] for row in rows("tune")]])
def test_keys_of_shipped_pieces(names):
    """Over all the table: `python -m benchmarks hearing`."""
    for row in (row for row in KNOWN if row["score"] in names):
        sound = render(passage(midi(row["score"]), row["from_seconds"], row["to_seconds"]))
        assert af.key(sound)[:2] == (row["tonic"], row["mode"]), row


def test_a_rag_goes_to_the_subdominant_and_back():
    sound = render(midi("maple_leaf_rag"))
    spans = [row for row in KNOWN if row["score"] == "maple_leaf_rag"]
    cuts = [sound[round(row["from_seconds"] * RATE) : round(row["to_seconds"] * RATE)] for row in spans]
    tonics = [af.key(cut)[0] for cut in cuts]
    assert tonics == [8, 1, 8] and (tonics[0] + 5) % 12 == tonics[1]
