"""Nothing clips, and what sums before the export still sums after it."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.audio.metering.loudness import LevelMeter, Levels
from separation.audio.metering.track_levels import (
    load_levels,
    measure_sums,
    measure_tracks,
    save_levels,
)
from separation.audio.tracks import Term, Track
from separation.formats import ConcreteFormat
from separation.pipeline.manifest import Manifest
from separation.pipeline.run import run_pipeline
from separation.protocol.jobspec import JobSpec, StageRequest
from separation.settings import CoreSettings
from separation.stages.export import common_gain
from tests.separation.fakes import (
    fake_separators,
    make_samples,
    make_song,
    make_spec,
    separation_request,
)

ALL_STAGES = tuple(
    StageRequest(name=n) for n in ("harmonic_percussive", "composite", "normalization")
)


def run(spec: JobSpec) -> Manifest:
    return run_pipeline(
        spec, CoreSettings(), separators=fake_separators, observer=lambda event: None
    )


def levels(**known: Any) -> Levels:
    return Levels(
        **{
            "frames": 1,
            "peak_dbfs": None,
            "rms_dbfs": None,
            "true_peak_dbtp": None,
            "loudness_lufs": None,
            **known,
        }
    )


def test_stems_far_above_full_scale_get_one_gain_and_still_sum(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, model="loud")
    manifest = run(spec)
    gains_db = {record.gain_db for record in manifest.artifacts}
    assert len(gains_db) == 1
    gain = 10 ** (gains_db.pop() / 20)
    stems = {name: soundfile.read(spec.job_dir / p)[0] for name, p in manifest.outputs.items()}
    # The drums of this fake are three times the song, whose peak is 0.5.
    assert gain == pytest.approx(1 / 1.5, rel=1e-6)
    assert max(np.abs(samples).max() for samples in stems.values()) <= 1 - 2.0**-23
    error = np.abs(sum(stems.values()) - gain * make_samples().T).max()
    # Five tracks, each within half a step of 24 bit: -124 dBFS; float32 sums add a little.
    assert 20 * math.log10(error) < -110


def test_a_quiet_song_is_not_touched(tmp_path: Path) -> None:
    manifest = run(make_spec(tmp_path))
    assert {record.gain_db for record in manifest.artifacts} == {0.0}


def test_float_files_keep_levels_above_full_scale(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, model="loud", format="wav32f")
    manifest = run(spec)
    assert {record.gain_db for record in manifest.artifacts} == {0.0}
    drums = soundfile.read(spec.job_dir / manifest.outputs["drums"])[0]
    assert np.abs(drums).max() == pytest.approx(1.5, rel=1e-6)


def test_all_families_but_the_normalized_share_their_gain(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, separation_request(model="loud"), *ALL_STAGES)
    manifest = run(spec)
    by_family: dict[bool, set[float]] = {True: set(), False: set()}
    for record in manifest.artifacts:
        by_family[record.stage == "normalization"].add(record.gain_db)
    assert by_family[True] == {0.0}, "the normalization's ceiling leaves nothing to do"
    assert len(by_family[False]) == 1 and by_family[False].pop() < -3
    assert {Path(path).parts[0] for path in manifest.outputs.values()} == {
        "fake_output", "harmonic_percussive", "composite", "normalized",
    }  # fmt: skip
    main = soundfile.read(spec.job_dir / manifest.outputs["main"])[0]
    parts = [
        soundfile.read(spec.job_dir / manifest.outputs[name])[0]
        for name in ("main_harmonic", "main_percussive")
    ]
    assert 20 * math.log10(np.abs(main - sum(parts)).max()) < -110


@pytest.mark.parametrize(("output_format", "bits"), [("wav16", 16), ("flac24", 24)])
def test_an_integer_format_is_filled_up_to_its_last_step(
    output_format: ConcreteFormat, bits: int
) -> None:
    gain = common_gain([levels(peak_dbfs=6.0)], output_format)
    assert gain * 10 ** (6 / 20) == pytest.approx(1 - 2.0 ** (1 - bits), rel=1e-12)


def test_a_lossy_format_gets_headroom_by_the_true_peak() -> None:
    hot = levels(peak_dbfs=-0.5, true_peak_dbtp=0.5)
    assert 20 * math.log10(common_gain([hot], "mp3")) == pytest.approx(-1.5)
    assert common_gain([levels(peak_dbfs=-6.0, true_peak_dbtp=-5.9)], "mp3") == 1


def test_a_clipped_song_resampled_to_48_khz_neither_clips_nor_fails(tmp_path: Path) -> None:
    """Between clipped samples noise reaches higher than the true-peak filter of BS.1770 tells."""
    noise = np.random.default_rng(3).standard_normal((22_050, 2))
    song = tmp_path / "clipped.wav"
    soundfile.write(song, np.clip(noise, -1, 1), 44_100, subtype="PCM_24")
    spec = make_spec(tmp_path, song=song, model="loud", sample_rate_hz=48_000)
    records = {record.name: record for record in run(spec).artifacts}
    drums = soundfile.read(spec.job_dir / records["drums"].path)[0]
    # The loudest track fills the format: one step of 24 bit, and as much for float32 filters.
    assert 1 - 2e-6 < np.abs(drums).max() <= 1 - 2.0**-23
    assert records["drums"].peak_dbfs == pytest.approx(0.0, abs=1e-4)
    assert len({record.gain_db for record in records.values()}) == 1


def test_silence_needs_no_gain() -> None:
    assert common_gain([levels()], "wav16") == 1.0
    assert common_gain([], "mp3") == 1.0


def test_levels_of_recipes_are_those_of_the_sound(tmp_path: Path) -> None:
    """Measured together and scaled, against each recipe computed and measured alone."""
    a, b = make_samples(), make_samples(peak=0.3)[:, ::-1].copy()
    for name, samples in (("a", a), ("b", b)):
        soundfile.write(tmp_path / f"{name}.wav", samples.T, 44_100, subtype="FLOAT")
    recipes = {
        "one": {"a": 1.0},
        "softer": {"a": 0.25},
        "inverse": {"a": -1.0},
        "sum": {"a": 1.0, "b": 0.5},
        "scaled_sum": {"a": 0.1, "b": 0.05},
    }
    tracks = [
        Track(
            name=name,
            folder="f",
            file_stem=name,
            stage="s",
            terms=tuple(Term(path=f"{file}.wav", gain=gain) for file, gain in terms.items()),
        )
        for name, terms in recipes.items()
    ]
    found = measure_tracks(tracks, tmp_path)
    sounds = {"a": a, "b": b}
    for name, terms in recipes.items():
        meter = LevelMeter(44_100)
        meter.write(
            np.sum([np.float32(gain) * sounds[file] for file, gain in terms.items()], axis=0)
        )
        expected = meter.levels()
        for level in ("peak_dbfs", "rms_dbfs", "true_peak_dbtp", "loudness_lufs"):
            # Float32 sums in another order; the relative gate of loudness does not move.
            assert getattr(found[name], level) == pytest.approx(
                getattr(expected, level), abs=1e-3
            ), (name, level)


def test_what_an_earlier_stage_measured_is_not_measured_again(tmp_path: Path) -> None:
    """At its own rate: at another one the samples are others, and the files are needed."""
    soundfile.write(tmp_path / "a.wav", make_samples().T, 44_100, subtype="FLOAT")
    plain = Track(name="a", folder="f", file_stem="a", stage="s", terms=(Term(path="a.wav"),))
    softer = plain.scaled(0.1, name="softer", folder="f", stage="s")
    measured = measure_tracks([plain, softer], tmp_path)
    save_levels(tmp_path / "levels.json", measure_sums([plain], tmp_path))
    known = load_levels(tmp_path / "levels.json")
    (tmp_path / "a.wav").unlink()
    assert measure_tracks([plain, softer], tmp_path, known=known) == measured
    with pytest.raises(soundfile.LibsndfileError):
        measure_tracks([plain], tmp_path, known=known, sample_rate_hz=48_000)
    with pytest.raises(soundfile.LibsndfileError):
        measure_tracks([plain], tmp_path, known=load_levels(tmp_path / "none.json"))


def test_a_whole_job_measures_each_sound_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = 0
    write = LevelMeter.write

    def counted(meter: LevelMeter, block: np.ndarray) -> None:
        nonlocal frames
        frames += block.shape[1]
        write(meter, block)

    monkeypatch.setattr(LevelMeter, "write", counted)
    run(make_spec(tmp_path, separation_request(), *ALL_STAGES))
    # The song, four stems, what they leave, harmonic and percussive; main, which is the
    # instrumental too, and its two parts.
    assert frames == 11 * 44_100


def test_the_exported_file_has_the_recorded_levels(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, song=make_song(tmp_path / "song.wav", 1.5), format="wav24")
    manifest = run(spec)
    record = next(record for record in manifest.artifacts if record.name == "vocals")
    samples = soundfile.read(spec.job_dir / record.path)[0]
    assert record.peak_dbfs == pytest.approx(20 * math.log10(np.abs(samples).max()), abs=1e-3)
    assert record.loudness_lufs is not None and record.true_peak_dbtp is not None
    assert record.peak_dbfs is not None
    assert record.true_peak_dbtp >= record.peak_dbfs - 0.01


def test_levels_of_a_normalization_that_is_no_part_of_the_job_do_not_count(tmp_path: Path) -> None:
    """The folder may be left of an attempt that was asked for more, of a louder song."""
    kept = CoreSettings(keep_work=True)
    loud = make_spec(
        tmp_path, separation_request(), *ALL_STAGES, song=make_song(tmp_path / "s.wav", peak=0.9)
    )
    run_pipeline(loud, kept, separators=fake_separators, observer=lambda event: None)
    quiet = make_spec(tmp_path, song=make_song(tmp_path / "s.wav", peak=0.3))
    manifest = run_pipeline(quiet, kept, separators=fake_separators, observer=lambda event: None)
    for record in manifest.artifacts:
        samples = soundfile.read(quiet.job_dir / record.path)[0]
        assert record.peak_dbfs is not None
        assert 10 ** (record.peak_dbfs / 20) == pytest.approx(np.abs(samples).max(), abs=1e-6)


def test_levels_that_another_version_wrote_are_measured_again(tmp_path: Path) -> None:
    assert load_levels(tmp_path / "levels.json") is None
    (tmp_path / "levels.json").write_text('{"format": 9, "sums": []}')
    assert load_levels(tmp_path / "levels.json") is None
