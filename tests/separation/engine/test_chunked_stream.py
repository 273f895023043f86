"""What the stream promises beside its numbers: memory, progress, cancel, refusals."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from separation.audio.blocks import BLOCK_FRAMES, FloatArray
from separation.engine.chunked import BagStream, Member, NormalisedSong, Plan
from separation.engine.interface import Engine
from separation.engine.overlap_add import trapezium
from separation.engine.padded_song import MirroredSong
from separation.engine.statistics import AS_IT_IS, MonoStatistics, StreamedSong
from separation.errors import Cancelled, InvalidOptions

RATE_HZ = 44_100
PLAIN = MonoStatistics(mean=0.0, std=1.0)


class ShareEngine(Engine):
    """Gives each of two stems half of the mixture."""

    name = "share"
    stems = ("left", "right")
    segment_frames = 20_000

    def input_frames(self, frames: int) -> int:
        return self.segment_frames

    def run(self, windows: FloatArray) -> FloatArray:
        return np.stack([windows * 0.5] * 2, axis=1)


class ToneSong:
    """A sine computed when read, so that the song itself takes no memory."""

    channels = 2

    def __init__(self, frames: int) -> None:
        self.frames = frames

    def read(self, start: int, count: int) -> FloatArray:
        tone = np.sin(np.arange(start, start + count, dtype=np.float64) / 30)
        return np.stack([tone, -tone]).astype(np.float32)

    def blocks(self, block_frames: int = BLOCK_FRAMES) -> Iterator[FloatArray]:
        for start in range(0, self.frames, block_frames):
            yield self.read(start, min(block_frames, self.frames - start))


def a_stream(song: StreamedSong, **plan: float) -> BagStream:
    members = [Member(ShareEngine(), (1.0, 1.0))]
    return BagStream(members, song, PLAIN, [0, 1], Plan(RATE_HZ, **plan))  # type: ignore[arg-type]


def peak_bytes(frames: int) -> int:
    tracemalloc.start()
    for _ in a_stream(ToneSong(frames), shifts=2).blocks():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_song() -> None:
    # Ten times the song; a single stem of the longer one would be 24 MB.
    short, long = peak_bytes(300_000), peak_bytes(3_000_000)
    assert long < short * 1.2
    assert long < 10_000_000


def test_every_frame_comes_once_and_in_order() -> None:
    song = ToneSong(123_457)
    out = np.concatenate(list(a_stream(song, shifts=3, seed=1).blocks()), axis=-1)
    expected = song.read(0, song.frames) * 0.5
    # The average of equal windows, weighted: a few roundings in float32.
    np.testing.assert_allclose(out[0], expected, atol=1e-6)
    assert out.shape == (2, 2, 123_457)


class UnevenEngine(ShareEngine):
    """What comes out depends on where in the window it stands, as with a real network."""

    windows = 0

    def run(self, windows: FloatArray) -> FloatArray:
        self.windows += len(windows)
        place = np.linspace(0.9, 1.1, windows.shape[-1], dtype=np.float32)
        return np.stack([windows * place, np.abs(windows) - place], axis=1)


@pytest.mark.parametrize("start", [1, 4_999, 5_000, 19_999, 20_000, 61_234, 123_456])
@pytest.mark.parametrize(
    "plan", [{"overlap": 0.0}, {"overlap": 0.25, "shifts": 2}, {"overlap": 0.9}]
)
def test_from_any_frame_on_it_is_the_same_bit_for_bit(plan: dict[str, float], start: int) -> None:
    song, level = ToneSong(123_457), MonoStatistics(mean=0.1, std=0.7)

    def from_frame(first: int) -> tuple[FloatArray, int]:
        engine = UnevenEngine()
        how = Plan(RATE_HZ, seed=2, **plan)  # type: ignore[arg-type]
        members = [Member(engine, (1.0, 0.5)), Member(UnevenEngine(), (0.3, 1.0))]
        stream = BagStream(members, song, level, [0, 1], how, first)
        return np.concatenate(list(stream.blocks()), axis=-1), engine.windows

    whole, all_windows = from_frame(0)
    rest, windows = from_frame(start)
    assert rest.tobytes() == whole[..., start:].tobytes()
    assert windows < all_windows or start < 20_000


@pytest.mark.parametrize("start", [1, 4_999, 10_000, 61_234, 123_456])
def test_so_it_is_in_a_mirrored_song(start: int) -> None:
    song = ToneSong(123_457)
    how = Plan(RATE_HZ, weight=trapezium, stride_frames=5_000, mirror_frames=15_000)

    def from_frame(first: int) -> bytes:
        stream = BagStream([Member(UnevenEngine(), (1.0, 0.5))], song, AS_IT_IS, [0, 1], how, first)
        return np.concatenate(list(stream.blocks()), axis=-1)[..., start - first :].tobytes()

    assert from_frame(start) == from_frame(0)


def test_a_mirrored_song_goes_on_as_its_mirror_image() -> None:
    song = ToneSong(1_000)
    real = song.read(0, 1_000)
    view = MirroredSong(song, AS_IT_IS, 200)
    expected = np.pad(real, ((0, 0), (200, 200)), mode="reflect")
    for start in (-200, -7, 0, 500, 990):
        there = min(1_200 - start, 300)
        # Beyond what is mirrored a window is filled up with its own mirror image.
        window = np.pad(
            expected[:, start + 200 : start + 200 + there],
            ((0, 0), (0, 300 - there)),
            mode="reflect",
        )
        assert np.array_equal(view.read(start, 300), window)
    # Too little of it there: zeros.
    assert not MirroredSong(song, AS_IT_IS, 600).read(900, 300)[:, 100:].any()


def test_a_mirrored_song_cannot_be_shifted() -> None:
    with pytest.raises(ValueError, match="shifted"):
        Plan(RATE_HZ, shifts=1, mirror_frames=0)


def test_the_fades_of_a_window_are_a_tenth_of_it_and_never_nothing() -> None:
    shape = trapezium(1_000)
    assert np.array_equal(shape[100:900], np.ones(800, np.float32))
    assert np.all(np.diff(shape[:100]) > 0) and np.array_equal(shape, shape[::-1])
    assert 0 < shape[0] < 1e-5


def test_after_the_last_frame_there_is_nothing_to_do() -> None:
    engine = UnevenEngine()
    members = [Member(engine, (1.0, 1.0))]
    stream = BagStream(members, ToneSong(50_000), PLAIN, [0, 1], Plan(RATE_HZ), 50_000)
    assert list(stream.blocks()) == [] and engine.windows == 0


def test_progress_goes_on_where_it_was() -> None:
    seen: list[float] = []
    members = [Member(ShareEngine(), (1.0, 1.0))]
    stream = BagStream(members, ToneSong(300_000), PLAIN, [0, 1], Plan(RATE_HZ), 150_000)
    list(stream.blocks(lambda fraction, message="": seen.append(fraction)))
    assert seen[0] == pytest.approx(0.45, abs=0.05) and seen == sorted(seen) and seen[-1] == 1.0


def test_progress_rises_window_by_window_to_one() -> None:
    seen: list[float] = []
    list(a_stream(ToneSong(100_000)).blocks(lambda fraction, message="": seen.append(fraction)))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) == 7  # windows start every 15 000 frames


def test_cancel_stops_before_the_next_window() -> None:
    windows = 0

    def cancel(fraction: float, message: str = "") -> None:
        nonlocal windows
        windows += 1
        if windows == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        list(a_stream(ToneSong(1_000_000)).blocks(cancel))
    assert windows == 2


def test_an_overlap_that_leaves_no_step_is_refused() -> None:
    with pytest.raises(InvalidOptions, match="overlap"):
        a_stream(ToneSong(1_000), overlap=0.99999)


def test_an_empty_song_gives_nothing() -> None:
    assert list(a_stream(ToneSong(0)).blocks()) == []


def test_padding_is_zero_after_normalisation() -> None:
    # demucs pads the normalised song: silence outside must not become -mean/scale.
    song = NormalisedSong(ToneSong(10), MonoStatistics(mean=0.5, std=2.0))
    window = song.read(-5, 20)
    assert not window[:, :5].any()
    assert not window[:, 15:].any()
    np.testing.assert_allclose(song.restore(window[:, 5:15]), ToneSong(10).read(0, 10), atol=1e-6)


class IslandSong(ToneSong):
    """A tone between digital silence, as gaps on a record are."""

    def __init__(self, frames: int, first: int, last: int) -> None:
        super().__init__(frames)
        self._first, self._last = first, last

    def read(self, start: int, count: int) -> FloatArray:
        tone = super().read(start, count)
        place = np.arange(start, start + count)
        tone[:, (place < self._first) | (place >= self._last)] = 0.0
        return tone


class HummingEngine(ShareEngine):
    """Makes something of nothing, as networks do, and counts."""

    windows = 0

    def run(self, windows: FloatArray) -> FloatArray:
        self.windows += len(windows)
        return super().run(windows) + np.float32(0.25)


@pytest.mark.parametrize("batch", [1, 4])
def test_windows_of_digital_silence_skip_the_network_and_stay_silent(batch: int) -> None:
    engine = HummingEngine()
    engine.batch_size = batch
    # Windows start every 15 000 frames and are 20 000 long: those from 45 000 to 90 000 hear it.
    song = IslandSong(300_000, 60_000, 100_000)
    level = MonoStatistics(mean=0.3, std=2.0)
    members = [Member(engine, (1.0, 1.0))]
    seen: list[float] = []
    stream = BagStream(members, song, level, [0, 1], Plan(RATE_HZ))
    out = np.concatenate(list(stream.blocks(lambda f, message="": seen.append(f))), axis=-1)
    assert engine.windows == 4
    assert out.shape == (2, 2, 300_000)
    assert not out[..., :45_000].any()
    assert not out[..., 110_000:].any()
    assert np.abs(out[..., 60_000:100_000]).min() > 0.0
    assert len(seen) == 20


def test_a_song_of_silence_is_silent_without_a_network() -> None:
    engine = HummingEngine()
    stream = BagStream(
        [Member(engine, (1.0, 1.0))], IslandSong(50_000, 0, 0), PLAIN, [0], Plan(RATE_HZ, shifts=2)
    )
    out = np.concatenate(list(stream.blocks()), axis=-1)
    assert engine.windows == 0
    assert out.shape == (1, 2, 50_000)
    assert not out.any()
