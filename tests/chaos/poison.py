"""A separator that takes its process down with it, installed as a third party would."""

from pathlib import Path

ENTRY_POINTS = "[stemsite.separators]\nfake = tests.separation.fakes:FakeSeparator\n"
DEADLY = {"separator": "fake", "model": "killed"}


def install(folder: Path) -> None:
    """As a package: an entry point that new processes find."""
    metadata = folder / "poison-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
