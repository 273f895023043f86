import numpy as np
import pytest

from separation.audio.downmix import VORBIS_ORDER, WAVE_ORDER, Downmix, downmix_matrix


@pytest.mark.parametrize("order", [WAVE_ORDER, VORBIS_ORDER])
def test_every_order_names_each_place_once_and_mirrors_left_and_right(
    order: dict[int, tuple[str, ...]],
) -> None:
    for channels, names in order.items():
        matrix = downmix_matrix(channels, names)
        assert len(set(names)) == len(names) == channels
        assert matrix[0].sum() == pytest.approx(matrix[1].sum())
        assert matrix[:, names.index("FL")].tolist() == [1.0, 0.0]


def test_the_low_frequency_channel_is_left_out() -> None:
    matrix = downmix_matrix(6, WAVE_ORDER[6])

    assert matrix[:, 3].tolist() == [0.0, 0.0]
    assert np.allclose(matrix[:, 2], 0.5**0.5)


def test_channels_of_unknown_places_are_averaged() -> None:
    block = np.arange(12, dtype=np.float32)[:, None]

    mixed = Downmix(12, None).apply(block)

    assert np.allclose(mixed, 5.5)


def test_mono_and_stereo_pass_unchanged() -> None:
    for channels in (1, 2):
        block = np.ones((channels, 3), dtype=np.float32)
        downmix = Downmix(channels, None)
        assert downmix.channels_out == channels
        assert downmix.apply(block) is block
