"""Which stems are compared with which."""

from separation.evaluation.targets import Target, targets

FOUR = ("drums", "bass", "other", "vocals")


def test_stems_of_the_same_name_are_compared_in_the_order_of_the_separator() -> None:
    assert targets(FOUR, set(FOUR), set(FOUR)) == tuple(Target(n, (n,), (n,)) for n in FOUR)


def test_a_stem_that_the_song_lacks_is_left_out() -> None:
    song = ("drums", "other", "vocals")
    assert [t.name for t in targets(FOUR, song, FOUR)] == ["drums", "other", "vocals"]


def test_stems_that_the_suite_does_not_know_are_part_of_other() -> None:
    found = targets((*FOUR, "guitar", "piano"), FOUR, FOUR)
    assert found[2] == Target("other", ("other", "guitar", "piano"), ("other",))
    assert len(found) == 4


def test_a_stem_that_other_songs_of_the_suite_have_is_not() -> None:
    assert targets(FOUR, ("drums", "other"), FOUR)[1] == Target("other", ("other",), ("other",))


def test_true_stems_that_the_separator_does_not_give_are_part_of_the_true_other() -> None:
    song = ("vocals", "guitar", "drums", "bass", "other")
    assert targets(FOUR, song, song)[2] == Target("other", ("other",), ("guitar", "other"))


def test_every_name_of_the_accompaniment_is_the_sum_of_what_is_not_vocals() -> None:
    for name in ("no_vocals", "accompaniment", "instrumental"):
        assert targets(("vocals", name), FOUR, FOUR)[1] == Target(
            "accompaniment", (name,), ("drums", "bass", "other")
        )


def test_a_song_without_drums_is_what_the_other_three_sum_to() -> None:
    assert targets(("drums", "no_drums"), FOUR, FOUR)[1] == Target(
        "no_drums", ("no_drums",), ("bass", "other", "vocals")
    )


def test_a_true_accompaniment_is_compared_with_the_sum_of_four_stems_but_vocals() -> None:
    song = ("vocals", "accompaniment")
    assert targets(FOUR, song, song) == (
        Target("vocals", ("vocals",), ("vocals",)),
        Target("accompaniment", ("drums", "bass", "other"), ("accompaniment",)),
    )


def test_a_true_accompaniment_under_another_name_is_found() -> None:
    song = ("vocals", "instrumental")
    assert targets(("vocals", "no_vocals"), song, song)[1] == Target(
        "accompaniment", ("no_vocals",), ("instrumental",)
    )


def test_nothing_in_common_is_nothing_to_compare() -> None:
    assert targets(("vocals",), ("piano",), ("piano",)) == ()
