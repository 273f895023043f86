"""What the pipeline leaves for the mixer, written for stems whose sound is known to the sample."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from jobs.services.listening.index import INDEX

RATE_HZ = 44_100
FRAME = 1024
STRIDE = 16
LEVELS = (256, 1024, 4096, 16_384)

Sound = NDArray[np.float32]
"""Shape (2, samples), -1 to 1."""


def write_listening(
    job_folder: Path,
    stems: dict[str, Sound],
    activity: dict[str, list[list[float]]] | None = None,
    parts: dict[tuple[str, str], Sound] | None = None,
    **gains: float,
) -> None:
    """Previews, peaks and index of ``stems`` in ``job_folder``; ``parts`` by name and parent;
    ``gains``: of the index, which has none in jobs of older versions."""
    folder = (job_folder / INDEX).parent
    folder.mkdir(parents=True, exist_ok=True)
    index = {
        "version": 1,
        "sample_rate_hz": RATE_HZ,
        "frames": next(iter([*stems.values(), *(parts or {}).values()])).shape[1],
        "frame_samples": FRAME,
        "delay_samples": FRAME,
        "stride": STRIDE,
        "content_type": "audio/aac",
        **gains,
        "stems": [
            {
                "name": name,
                **_preview(folder, name, sound),
                **_peaks(folder, name, sound),
                "activity": (activity or {}).get(name),
            }
            for name, sound in stems.items()
        ],
        "parts": [
            {
                "name": name,
                **_preview(folder, name, sound),
                **_peaks(folder, name, sound),
                "stage": "denoise" if name.endswith("_denoised") else "details",
                "parent": parent,
            }
            for (name, parent), sound in (parts or {}).items()
        ],
    }
    (job_folder / INDEX).write_text(json.dumps(index))


def _preview(folder: Path, name: str, sound: Sound) -> dict[str, Any]:
    file = folder / f"{name}.aac"
    with av.open(str(file), "w", format="adts") as container:
        stream = container.add_stream("aac", rate=RATE_HZ, layout="stereo")
        assert isinstance(stream, AudioStream)
        stream.bit_rate = 128_000
        stream.options = {"aac_coder": "fast"}
        for at in range(0, sound.shape[1], FRAME):
            block = np.ascontiguousarray(sound[:, at : at + FRAME])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE_HZ, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    offsets = _frame_offsets(file.read_bytes())[::STRIDE]
    size = file.stat().st_size
    return {"preview": f"listen/{name}.aac", "size_bytes": size, "offsets": offsets}


def _frame_offsets(data: bytes) -> list[int]:
    """The length of a frame stands in 13 bits of its ADTS header (ISO 13818-7, 6.2)."""
    offsets, at = [], 0
    while at < len(data):
        offsets.append(at)
        at += (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return offsets


def _peaks(folder: Path, name: str, sound: Sound) -> dict[str, Any]:
    data, levels = b"", []
    for samples in LEVELS:
        count = -(-sound.shape[1] // samples)
        padded = np.zeros((2, count * samples), np.float32)
        padded[:, : sound.shape[1]] = sound
        parts = padded.reshape(2, count, samples)
        pairs = np.stack([parts.min(axis=(0, 2)), parts.max(axis=(0, 2))], axis=1)
        levels.append({"samples": samples, "offset": len(data), "count": count})
        data += np.round(127 * np.clip(pairs, -1, 1)).astype(np.int8).tobytes()
    (folder / f"{name}.peaks").write_bytes(data)
    return {"peaks": f"listen/{name}.peaks", "peak_levels": levels}
