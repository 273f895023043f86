"""What is said of how a song was separated: the line for everybody, and what stays behind it."""

import pytest

from separation.protocol.remarks import not_available, remark, split_remark

REASON = "The weights of x are not here (https://hub.example: 403). Run: fetch_models x."


@pytest.mark.parametrize(
    "line",
    [
        "Separated with Standard, as Hybrid Transformer Demucs was not available",
        "drums: Separated with Standard, as Hybrid Transformer Demucs was not available",
        "10.0.0.7: Separated with Standard, as Hybrid Transformer Demucs was not available",
        "Separated by stemsite's small network alone, as Spleeter, two stems was not available",
        "This job ran on the processor of this machine, not on the remote service",
        "Separated on the CPU",
        "OpenVINO could not run htdemucs, so torch did",
    ],
)
def test_a_remark_falls_apart_into_what_it_was_made_of(line: str) -> None:
    assert split_remark(remark(line, REASON)) == (f"{line}.", REASON)


def test_remarks_of_older_jobs_are_known_as_well() -> None:
    assert split_remark(f"Separated with spectral: {REASON}") == (
        "Separated with spectral.",
        REASON,
    )
    old = f"Separated by stemsite's small network alone. {REASON}"
    assert split_remark(old) == ("Separated by stemsite's small network alone.", REASON)


@pytest.mark.parametrize(
    "text",
    [
        "The file has 2 sound tracks; the first was used.",
        "Mono became stereo. Cover: none.",
        "Separated on the remote service 127.0.0.1.",
        "The smaller model htdemucs ran, as the job allows.",
        "",
    ],
)
def test_what_is_no_remark_stays_whole(text: str) -> None:
    assert split_remark(text) == (text, "")


def test_one_was_and_two_were_not_available() -> None:
    assert not_available(["A"]) == "as A was not available"
    assert not_available(["A", "B"]) == "as A and B were not available"
