"""The small picture of a finished song."""

import re

import pytest
from django.contrib.auth.models import User

from jobs.models import Job
from jobs.services.listening.index import INDEX, Listening, ListeningStem, PeakLevel
from jobs.services.listening.waveform import COLUMNS, has_waveform, waveform_svg
from tests.factories import make_job

Peaks = list[tuple[int, int]]
"""Lowest and highest, -128 to 127."""


@pytest.fixture
def job(owner: User) -> Job:
    return make_job()


def lay_out(job: Job, **stems: Peaks) -> Listening:
    folder = (job.directory / INDEX).parent
    folder.mkdir(parents=True)
    for name, peaks in stems.items():
        # A finer level in front of the one that is drawn.
        drawn = bytes(value % 256 for pair in peaks for value in pair)
        (folder / f"{name}.peaks").write_bytes(b"\x55" * 6 + drawn)
    rows = [
        ListeningStem(
            name=name,
            preview=f"listen/{name}.m4a",
            size_bytes=1,
            offsets=[0],
            peaks=f"listen/{name}.peaks",
            peak_levels=[
                PeakLevel(samples=256, offset=0, count=3),
                PeakLevel(samples=1024, offset=6, count=len(peaks)),
            ],
        )
        for name, peaks in stems.items()
    ]
    return Listening(
        sample_rate_hz=44_100, frames=1, delay_samples=0, frame_samples=1, stride=1, stems=rows
    )


def picture(job: Job, **stems: Peaks) -> str:
    return waveform_svg(job, lay_out(job, **stems))


def bars(svg: str, stem: int = 0) -> list[tuple[float, float, float]]:
    """Left, top and height of each bar of a stem."""
    path = re.findall(r'd="([^"]*)"', svg)[stem]
    found = re.findall(r"M([\d.]+) ([\d.]+)h1\.4v([\d.]+)h-1\.4z", path)
    return [(float(left), float(top), float(tall)) for left, top, tall in found]


def test_the_loudest_column_fills_the_height_above_and_below_the_middle(job: Job) -> None:
    svg = picture(job, vocals=[(-100, 127)] * COLUMNS)
    assert 'viewBox="0 0 96 28"' in svg
    lefts = [2.0 * n for n in range(COLUMNS) for _ in range(2)]
    assert bars(svg) == [(left, 14.0 * (n % 2), 14.0) for n, left in enumerate(lefts)]


def test_stems_stand_on_top_of_each_other_in_their_colours(job: Job) -> None:
    svg = picture(job, vocals=[(0, 90)] * COLUMNS, theremin=[(0, 30)] * COLUMNS)
    assert re.findall(r'fill="(#\w+)"', svg) == ["#d98310", "#8b8f98"]
    assert bars(svg)[:2] == [(0.0, 3.5, 10.5), (0.0, 14.0, 10.5)]
    assert bars(svg, stem=1)[:2] == [(0.0, 0.0, 3.5), (0.0, 24.5, 3.5)]


def test_a_column_is_as_high_as_the_mean_of_its_own_peaks(job: Job) -> None:
    peaks = [(0, size) for n in range(COLUMNS) for size in (2 * n, 2 * n + 2)]
    heights = [tall for _, _, tall in bars(picture(job, vocals=peaks))[::2]]
    # The very first one is lower than one could see.
    wanted = [round(14 * (2 * n + 1) / (2 * COLUMNS - 1), 1) for n in range(COLUMNS)]
    assert heights == [height for height in wanted if height >= 0.05]


def test_what_goes_down_is_as_loud_as_what_goes_up(job: Job) -> None:
    svg = picture(job, vocals=[(-100, 0), (0, 100)] * (COLUMNS // 2))
    assert {tall for _, _, tall in bars(svg)} == {14.0}


def test_a_song_with_fewer_peaks_than_columns_repeats_them(job: Job) -> None:
    heights = [tall for _, _, tall in bars(picture(job, vocals=[(0, 50), (0, 100)]))[::2]]
    assert heights == [7.0] * (COLUMNS // 2) + [14.0] * (COLUMNS // 2)


def test_silence_has_no_bars(job: Job) -> None:
    assert bars(picture(job, vocals=[(0, 0)] * COLUMNS)) == []


def test_a_file_of_peaks_that_is_too_short_is_an_error(job: Job) -> None:
    listening = lay_out(job, vocals=[(0, 1)] * COLUMNS)
    (job.directory / "listen" / "vocals.peaks").write_bytes(b"\0" * (2 * COLUMNS + 5))
    with pytest.raises(OSError, match="ends before its peaks do"):
        waveform_svg(job, listening)


def test_without_an_index_there_is_no_picture(job: Job) -> None:
    assert not has_waveform(job)
    (job.directory / INDEX).parent.mkdir(parents=True)
    (job.directory / INDEX).write_text("{}")
    assert has_waveform(job)
