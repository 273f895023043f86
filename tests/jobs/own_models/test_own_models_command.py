"""A model of the operator's own through the command line, with the real runner."""

import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from django.core.management import call_command

from tests.factories import wav_bytes
from tests.separation.msst_models import save_model


def separate(song: Path, out: Path, **options: Any) -> dict[str, Any]:
    said = io.StringIO()
    call_command("separate", str(song), out=out, json=True, stdout=said, **options)
    summary: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return summary


def test_a_song_becomes_the_stem_and_what_is_left(folder: Path, tmp_path: Path) -> None:
    save_model(folder / "mine", "mel_band_roformer")
    song = tmp_path / "song.wav"
    song.write_bytes(wav_bytes(2.0))
    summary = separate(song, tmp_path / "out", separator="msst", model="mine", stages="separation")
    manifest = json.loads(Path(summary["manifest"]).read_text())
    ran = manifest["separation"]
    checkpoint = (folder / "mine" / "model.ckpt").read_bytes()
    assert (ran["separator"], ran["model"], ran["engine"]) == ("msst", "mine", "torch")
    assert ran["source_digest"] == sha256(checkpoint).hexdigest() != ran["weights_digest"]
    outputs = {name: Path(summary["manifest"]).parent / p for name, p in summary["outputs"].items()}
    assert list(outputs) == ["vocals", "other", "residual"]
    mixture = soundfile.read(song, always_2d=True)[0]
    both = sum(soundfile.read(outputs[name], always_2d=True)[0] for name in ("vocals", "other"))
    # Two 24-bit files, each rounded by half a step of 2^-23.
    assert np.abs(both - mixture).max() < 1e-6
