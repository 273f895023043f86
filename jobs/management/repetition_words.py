"""The comparison of a repetition in words, for the terminal."""

from collections.abc import Iterator

from separation.pipeline.manifest import RepeatedArtifact, RepetitionRecord

_NOTHING_DIFFERS = (
    "Engine, precision, processor and libraries are recorded as equal. Processors of another make "
    "may still round differently."
)


def lines_of(repetition: RepetitionRecord) -> Iterator[str]:
    for artifact in repetition.artifacts:
        yield f"{artifact.name:<24} {_words(artifact)}"
    if repetition.is_identical:
        yield f"All {len(repetition.artifacts)} files are bit-identical."
        return
    differing = sum(not each.is_identical for each in repetition.artifacts)
    yield f"{differing} of {len(repetition.artifacts)} files differ. Why they may:"
    yield from (f"  {reason}" for reason in repetition.reasons or (_NOTHING_DIFFERS,))


def _words(artifact: RepeatedArtifact) -> str:
    if artifact.is_identical:
        return "bit-identical"
    if artifact.sdr_db is None:
        return f"differs; {artifact.note}"
    return f"differs by {artifact.sdr_db:.1f} dB SDR"
