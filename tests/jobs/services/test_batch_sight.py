"""A batch in a word, from the counts of its songs."""

import pytest

from jobs.services.batches.progress import BatchProgress, _progress


@pytest.mark.parametrize(
    ("counts", "status", "label"),
    [
        ({}, "pending", "Empty"),
        ({"coming": 1}, "pending", "Uploading"),
        ({"pending": 2}, "pending", "Waiting"),
        ({"pending": 1, "coming": 1}, "pending", "Waiting"),
        ({"processing": 1}, "processing", "Processing"),
        ({"completed": 1, "pending": 1}, "processing", "Processing"),
        ({"completed": 1, "coming": 1}, "processing", "Processing"),
        ({"completed": 2}, "completed", "Completed"),
        ({"cancelled": 2}, "cancelled", "Cancelled"),
        ({"completed": 1, "cancelled": 1}, "completed", "Completed"),
        ({"failed": 2}, "failed", "Failed"),
        ({"failed": 1, "completed": 2}, "failed", "1 failed"),
        ({"failed": 1, "cancelled": 1}, "failed", "1 failed"),
    ],
)
def test_a_batch_has_the_status_that_its_songs_make(
    counts: dict[str, int], status: str, label: str
) -> None:
    sight = BatchProgress(**counts)
    assert (sight.status, sight.label) == (status, label)


def test_words_leave_out_what_there_is_none_of() -> None:
    assert (BatchProgress().words, BatchProgress().percent) == ("no songs", 0.0)
    sight = BatchProgress(completed=3, failed=1, coming=2)
    assert sight.words == "3 completed, 1 failed, 2 being uploaded"
    assert (sight.songs, sight.active, sight.ended, sight.retryable) == (4, 0, 4, 1)


def test_a_song_that_is_on_its_way_is_taken_to_be_as_long_as_the_others() -> None:
    row = {"completed": 1, "pending": 1, "all_s": 60.0, "done_s": 30.0}
    assert _progress(row, 0).percent == pytest.approx(50.0)
    assert _progress(row, 1).percent == pytest.approx(100.0 / 3)
    assert _progress({}, 2).percent == 0.0
