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


@pytest.mark.parametrize(
    ("layout", "left"),
    [
        # ITU-R BS.775-3, annex 4, table 2: 3/2, 3/1, 2/2 and 3/0 to 2/0.
        (("FL", "FR", "FC", "SL", "SR"), (1.0, 0.0, 0.7071, 0.7071, 0.0)),
        (("FL", "FR", "FC", "BC"), (1.0, 0.0, 0.7071, 0.5)),
        (("FL", "FR", "SL", "SR"), (1.0, 0.0, 0.7071, 0.0)),
        (("FL", "FR", "FC"), (1.0, 0.0, 0.7071)),
        # Beyond the table: fronts beside the centre, and heights.
        (("FL", "FR", "FC", "LFE", "FLC", "FRC"), (1.0, 0.0, 0.7071, 0.0, 1.0, 0.0)),
        (("FL", "FR", "TFL", "TFR"), (1.0, 0.0, 0.7071, 0.0)),
    ],
)
def test_the_gains_are_those_of_the_recommendation(
    layout: tuple[str, ...], left: tuple[float, ...]
) -> None:
    matrix = downmix_matrix(len(layout), layout)

    assert matrix[0] == pytest.approx(left, abs=1e-4)
    mirrored = [layout.index(_other_side(name)) for name in layout]
    assert matrix[1] == pytest.approx([left[place] for place in mirrored], abs=1e-4)


def _other_side(name: str) -> str:
    swap = {"L": "R", "R": "L"}
    if name == "LFE" or name[-1] not in swap:
        return {"FLC": "FRC", "FRC": "FLC"}.get(name, name)
    return name[:-1] + swap[name[-1]]
