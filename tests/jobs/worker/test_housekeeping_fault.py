"""A fault in one chore of the housekeeping."""

import pytest

from jobs.worker.reaper import Housekeeping


@pytest.mark.django_db(transaction=True)
def test_a_chore_that_breaks_leaves_the_others_their_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    came_round: list[str] = []

    def breaks() -> None:
        raise RuntimeError("a fault of ours")

    housekeeping = Housekeeping()
    chores = {breaks: 0.0, lambda: came_round.append("next"): 0.0}
    monkeypatch.setattr(housekeeping, "_chores", chores)
    monkeypatch.setattr(housekeeping, "_due", dict.fromkeys(chores, float("-inf")))
    housekeeping.turn()
    housekeeping.turn()
    assert came_round == ["next", "next"]
    assert "a fault of ours" in caplog.text
