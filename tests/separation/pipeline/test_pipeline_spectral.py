"""The built-in separator through the whole pipeline, with every stage."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from separation.audio.blocks import FloatArray
from separation.pipeline.manifest import verify_manifest
from separation.pipeline.run import run_pipeline
from separation.registry import SeparatorFactory
from separation.request.separation_request import SeparationRequest
from separation.runner.__main__ import SeparatorCache
from separation.settings import CoreSettings
from tests.separation.fakes import make_samples, make_song, make_spec


def run(tmp_path: Path, **choices: Any) -> Any:
    song = make_song(tmp_path / "song.wav", 2.0)
    pipeline = SeparationRequest(separator="spectral", **choices).to_pipeline()
    spec = make_spec(tmp_path, song=song).model_copy(update={"pipeline": pipeline})
    manifest = run_pipeline(
        spec, CoreSettings(offline=True), separators=SeparatorCache(), observer=lambda event: None
    )
    assert verify_manifest(spec.job_dir) == []
    sounds = {name: soundfile.read(spec.job_dir / p)[0] for name, p in manifest.outputs.items()}
    return manifest, sounds


def level_dbfs(samples: FloatArray) -> float:
    return 20 * math.log10(max(np.abs(samples).max(), 1e-12))


def test_four_stems_and_the_residual_sum_to_the_song(tmp_path: Path) -> None:
    manifest, sounds = run(tmp_path)
    stems = [*SeparatorFactory.create_separator("spectral").get_supported_tracks(), "residual"]
    gain = 10 ** (manifest.artifacts[0].gain_db / 20)
    # Five tracks rounded to 24 bit stay below -120 dBFS; -90 is what is promised.
    assert level_dbfs(sum(sounds[s] for s in stems) - gain * make_samples(2.0).T) < -90
    assert all(Path(manifest.outputs[s]).parts[0] == "spectral_output" for s in stems)
    normalized = sum(sounds[f"{s}_normalized"] for s in stems)
    details = manifest.stage("normalization").details
    expected = 10 ** (details["gain_db"] / 20) * make_samples(2.0).T
    assert level_dbfs(normalized - expected) < -90


@pytest.mark.parametrize("choices", [{"two_stems": "vocals"}, {"stems": ("drums",)}])
def test_a_choice_of_stems_and_the_residual_sum_to_the_song(
    tmp_path: Path, choices: dict[str, Any]
) -> None:
    manifest, sounds = run(tmp_path, stages=("separation",), **choices)
    assert "residual" in sounds and len(sounds) == (3 if "two_stems" in choices else 2)
    assert level_dbfs(sum(sounds.values()) - make_samples(2.0).T) < -90
    assert manifest.separation is not None and manifest.separation.separator == "spectral"
