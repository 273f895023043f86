from pathlib import Path

import mido
import numpy as np
import pytest

from separation.errors import InvalidOptions, ModelUnavailable
from separation.training.corpus import Corpus
from separation.training.midi import Take, add_midi_songs, render_stems

SOUND_FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
"""Debian's timgm6mb-soundfont: 6 MB, for tests only."""

CHANNELS = {0: 33, 3: 48, 9: 0}
"""Channel and General MIDI programme: a bass, strings, drums."""


def _song(path: Path, bars: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    midi = mido.MidiFile(ticks_per_beat=96)
    midi.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)]))
    for channel, programme in CHANNELS.items():
        track = mido.MidiTrack([mido.Message("program_change", channel=channel, program=programme)])
        for _ in range(4 * bars):
            note = {0: 36, 3: 72, 9: 38}[channel]
            track.append(mido.Message("note_on", channel=channel, note=note, velocity=100, time=0))
            track.append(mido.Message("note_off", channel=channel, note=note, time=96))
        midi.tracks.append(track)
    midi.save(path)
    return path


def _take(tempo: float = 1.0) -> Take:
    return Take(seed=1, sound_font=SOUND_FONT, semitones=2, tempo=tempo)


def test_a_song_is_split_into_drums_bass_and_other(tmp_path: Path) -> None:
    stems = render_stems(_song(tmp_path / "a.mid"), _take())
    assert set(stems) == {"drums", "bass", "other"}

    def centre_hz(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples[0])) ** 2
        return float((np.fft.rfftfreq(samples.shape[1], 1 / 44_100) * power).sum() / power.sum())

    assert centre_hz(stems["bass"]) < 400 < centre_hz(stems["other"])


def test_a_note_that_is_never_released_does_not_make_an_endless_song(tmp_path: Path) -> None:
    path = tmp_path / "held.mid"
    midi = mido.MidiFile(ticks_per_beat=96)
    midi.tracks.append(
        mido.MidiTrack(
            [
                mido.Message("program_change", channel=0, program=16),
                mido.Message("note_on", channel=0, note=60, velocity=90, time=0),
                mido.Message("note_on", channel=0, note=62, velocity=90, time=96),
            ]
        )
    )
    midi.save(path)
    assert render_stems(path, _take())["other"].shape[1] < 30 * 44_100


def test_takes_of_a_file_sound_different_and_are_made_once(tmp_path: Path) -> None:
    _song(tmp_path / "midi" / "a.mid")
    told = list(add_midi_songs(tmp_path / "midi", tmp_path / "corpus", [SOUND_FONT], takes=2))
    assert len(told) == 2
    corpus = Corpus([tmp_path / "corpus"])
    first, second = (clip for clip in corpus.clips if clip.stem == "bass")
    shorter = min(corpus.frames(first), corpus.frames(second))
    one, other = (corpus.read(clip, 0, shorter) for clip in (first, second))
    assert np.abs(one - other).max() > 0.01
    again = add_midi_songs(tmp_path / "midi", tmp_path / "corpus", [SOUND_FONT], takes=2)
    assert list(again) == []


def test_a_sound_font_that_is_missing_is_told_with_what_to_install(tmp_path: Path) -> None:
    _song(tmp_path / "a.mid")
    with pytest.raises(ModelUnavailable, match=r"no\.sf2.*fluid-soundfont-gm"):
        list(add_midi_songs(tmp_path, tmp_path / "corpus", [tmp_path / "no.sf2"], takes=1))


def test_a_folder_without_midi_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOptions, match="no MIDI files"):
        list(add_midi_songs(tmp_path, tmp_path / "corpus", [SOUND_FONT], takes=1))
