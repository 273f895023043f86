"""Networks run on the first route that can take the job, and every step is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from separation.catalogue import CATALOGUE, find_model
from separation.engine.gpu_memory import GpuMemoryRecords
from separation.engine.health import DeviceFailed
from separation.errors import (
    Cancelled,
    InvalidOptions,
    ModelUnavailable,
    OutOfMemory,
    RemoteFailed,
)
from separation.progress import ignore_progress
from separation.routing.router import RoutedSeparator, is_routed
from separation.settings import RemoteSettings
from tests.separation.routed_world import CARD, DIGEST, GB, World, told
from tests.separation.separators.remote.asking import QUICK
from tests.separation.separators.remote.service import GAINS, TOKEN, Service, status
from tests.separation.small_models import noise, save_song

FULL = OutOfMemory("The GPU has too little free memory for this model.")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "models")


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def at(service: Service) -> RemoteSettings:
    return replace(QUICK, url=service.url)


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return save_song(tmp_path / "song.wav", noise(10_000))


def run(separator: RoutedSeparator, song: Path) -> None:
    paths = separator.separate(song, song.parent / "out", report=ignore_progress)
    assert list(paths) == list(GAINS)
    assert all(path.is_file() for path in paths.values())


def test_a_card_with_enough_memory_takes_the_job(world: World, song: Path) -> None:
    world.free_gb = 10
    separator = world.routed()
    run(separator, song)
    assert world.ran == [("cuda", "htdemucs")]
    assert told(separator) == [("local_gpu", "took")]
    assert "4.0 GB (a first guess)" in separator.steps[0].reason
    assert "10.0 GB free" in separator.steps[0].reason
    assert separator.identity().notes == ()


def test_without_a_card_and_a_service_the_processor_does_it_and_nobody_is_warned(
    world: World, song: Path
) -> None:
    separator = world.routed()
    run(separator, song)
    assert told(separator) == [
        ("local_gpu", "skipped"), ("remote", "skipped"), ("local_cpu", "took")
    ]  # fmt: skip
    assert "no CUDA driver" in separator.steps[0].reason
    assert "STEMSITE_REMOTE_URL" in separator.steps[1].reason
    assert separator.identity().notes == ()


def test_without_a_card_the_service_does_it(world: World, service: Service, song: Path) -> None:
    separator = world.routed(remote=at(service))
    run(separator, song)
    assert world.ran == []
    assert told(separator) == [("local_gpu", "skipped"), ("remote", "took")]
    assert len(service.uploads) == 1
    assert separator.identity().notes == ("Separated on the remote service 127.0.0.1.",)


def test_a_full_card_leaves_the_job_to_the_next_route_with_a_warning(
    world: World, service: Service, song: Path
) -> None:
    world.free_gb = 2
    separator = world.routed(remote=at(service))
    run(separator, song)
    assert told(separator) == [("local_gpu", "skipped"), ("remote", "took")]
    (warning, _) = separator.identity().notes
    assert warning.startswith("This job ran on the remote service, not on the graphics card: ")
    assert f"the {CARD} has 2.0 GB free" in warning


def test_memory_that_runs_out_in_the_middle_leads_on(world: World, song: Path) -> None:
    world.free_gb = 10
    world.fails[("cuda", "htdemucs")] = FULL
    separator = world.routed()
    run(separator, song)
    assert world.ran == [("cuda", "htdemucs"), ("cpu", "htdemucs")]
    assert told(separator) == [
        ("local_gpu", "failed"), ("remote", "skipped"), ("local_cpu", "took")
    ]  # fmt: skip
    (warning,) = separator.identity().notes
    assert "not on the graphics card: The GPU has too little free memory" in warning


def test_a_smaller_model_is_taken_on_the_card_where_the_job_allows_it(
    world: World, song: Path
) -> None:
    world.free_gb = 10
    world.fails[("cuda", "htdemucs_ft")] = FULL
    separator = world.routed(model="htdemucs_ft", allow_smaller_model=True)
    run(separator, song)
    assert world.ran == [("cuda", "htdemucs_ft"), ("cuda", "htdemucs")]
    assert [(s.outcome, s.model) for s in separator.steps] == [
        ("failed", "htdemucs_ft"), ("took", "htdemucs")
    ]  # fmt: skip
    assert separator.identity().model == "htdemucs"
    assert "The smaller model htdemucs ran, as the job allows." in separator.identity().notes


def test_a_card_too_small_for_the_model_may_be_large_enough_for_a_smaller(
    world: World, song: Path
) -> None:
    world.free_gb = 5
    separator = world.routed(model="htdemucs_ft", allow_smaller_model=True)
    run(separator, song)
    assert world.ran == [("cuda", "htdemucs")]


def test_nobody_gets_a_smaller_model_unasked(world: World, song: Path) -> None:
    world.free_gb = 5
    separator = world.routed(model="htdemucs_ft")
    run(separator, song)
    assert world.ran == [("cpu", "htdemucs_ft")]


def test_when_the_smaller_model_does_not_fit_either_the_next_route_gets_the_one_asked_for(
    world: World, song: Path
) -> None:
    world.free_gb = 1
    separator = world.routed(model="htdemucs_ft", allow_smaller_model=True)
    run(separator, song)
    assert world.ran == [("cpu", "htdemucs_ft")]


def test_a_smaller_model_has_the_same_stems() -> None:
    declared = [model for model in CATALOGUE if model.smaller is not None]
    assert declared
    for model in declared:
        smaller = find_model(model.smaller or "")
        assert (smaller.stems, smaller.separator) == (model.stems, model.separator)
        assert smaller.memory_bytes and model.memory_bytes
        assert smaller.memory_bytes < model.memory_bytes


def test_a_smaller_model_that_the_rule_on_licences_leaves_out_is_not_taken(
    world: World, song: Path
) -> None:
    world.free_gb = 5
    separator = world.routed(
        model="htdemucs_ft", allow_smaller_model=True, licences=("htdemucs_ft",)
    )
    run(separator, song)
    assert world.ran == [("cpu", "htdemucs_ft")]


def test_what_is_no_network_runs_on_this_machine_alone(world: World, song: Path) -> None:
    world.free_gb = 24
    separator = world.routed(name="auto", licences=("spectral",))
    run(separator, song)
    assert told(separator) == [("local_cpu", "took")]


def test_a_card_that_breaks_gets_no_smaller_model(world: World, song: Path) -> None:
    world.free_gb = 10
    world.fails[("cuda", "htdemucs_ft")] = DeviceFailed("CUDA error: an illegal address")
    separator = world.routed(model="htdemucs_ft", allow_smaller_model=True)
    run(separator, song)
    assert world.ran == [("cuda", "htdemucs_ft"), ("cpu", "htdemucs_ft")]
    assert "The graphics card failed: CUDA error" in separator.identity().notes[0]


@pytest.mark.parametrize("fault", ["gone", "token"])
def test_a_service_that_cannot_be_used_is_passed_over_with_a_warning(
    world: World, service: Service, song: Path, fault: str
) -> None:
    settings = at(service)
    if fault == "gone":
        settings = replace(settings, url="http://127.0.0.1:9")
    else:
        settings = replace(settings, token="wrong")
    separator = world.routed(remote=settings)
    run(separator, song)
    assert told(separator)[1:] == [("remote", "skipped"), ("local_cpu", "took")]
    (warning,) = separator.identity().notes
    assert "not on the remote service: The remote service 127.0.0.1" in warning


def test_a_service_that_fails_in_the_middle_leads_on(
    world: World, service: Service, song: Path
) -> None:
    service.fail("GET", "jobs", status(200, b'{"job_id": "1", "status": "failed"}'))
    separator = world.routed(remote=at(service))
    run(separator, song)
    assert told(separator)[1:] == [("remote", "failed"), ("local_cpu", "took")]
    assert world.ran == [("cpu", "htdemucs")]


def test_a_song_that_must_stay_here_is_not_sent(world: World, service: Service, song: Path) -> None:
    separator = world.routed(remote=at(service), allow_remote=False)
    run(separator, song)
    assert service.seen == []
    assert separator.identity().notes == ()


def test_a_local_repository_of_weights_is_not_looked_for_elsewhere(
    world: World, service: Service, song: Path, tmp_path: Path
) -> None:
    separator = world.routed(remote=at(service), repo=tmp_path)
    run(separator, song)
    assert service.seen == []


def test_the_operators_order_is_kept(world: World, service: Service, song: Path) -> None:
    world.free_gb = 10
    separator = world.routed(routes=("remote", "local_gpu"), remote=at(service))
    run(separator, song)
    assert told(separator) == [("remote", "took")]


def test_when_no_route_can_take_it_all_reasons_are_told(world: World, song: Path) -> None:
    separator = world.routed(routes=("local_gpu", "remote"))
    with pytest.raises(ModelUnavailable, match=r"no CUDA driver.*STEMSITE_REMOTE_URL") as caught:
        run(separator, song)
    assert [step["outcome"] for step in caught.value.details["routing"]] == ["skipped", "skipped"]


def test_a_service_that_is_the_only_route_is_tried_again_later(world: World, song: Path) -> None:
    settings = replace(QUICK, url="http://127.0.0.1:9")
    with pytest.raises(RemoteFailed, match="cannot be reached") as caught:
        run(world.routed(routes=("remote",), remote=settings), song)
    assert caught.value.retryable


def test_the_last_failure_is_raised_with_every_step(world: World, song: Path) -> None:
    world.free_gb = 10
    world.fails[("cuda", "htdemucs")] = FULL
    world.fails[("cpu", "htdemucs")] = OutOfMemory("This machine has too little free memory.")
    with pytest.raises(OutOfMemory, match="This machine") as caught:
        run(world.routed(), song)
    steps = caught.value.details["routing"]
    assert [(s["route"], s["outcome"]) for s in steps] == [
        ("local_gpu", "failed"), ("remote", "skipped"), ("local_cpu", "failed")
    ]  # fmt: skip


def test_weights_that_are_not_here_lead_to_the_service(
    world: World, service: Service, song: Path
) -> None:
    world.free_gb = 10
    world.cannot_load[("cuda", "htdemucs")] = ModelUnavailable("The weights are not here.")
    separator = world.routed(remote=at(service))
    run(separator, song)
    assert told(separator) == [("local_gpu", "skipped"), ("remote", "took")]


def test_a_person_who_chose_the_processor_gets_it(
    world: World, service: Service, song: Path
) -> None:
    world.free_gb = 10
    separator = world.routed(device="cpu", remote=at(service))
    run(separator, song)
    assert told(separator) == [("local_cpu", "took")]
    assert service.seen == []


def test_a_person_who_chose_the_card_gets_it_whatever_the_routes_are(
    world: World, song: Path
) -> None:
    world.free_gb = 10
    separator = world.routed(device="cuda", routes=("local_cpu",))
    run(separator, song)
    assert told(separator) == [("local_gpu", "took")]


def test_a_card_that_was_chosen_and_is_not_there_is_an_error(world: World, song: Path) -> None:
    with pytest.raises(InvalidOptions, match="device cuda was asked for"):
        run(world.routed(device="cuda"), song)


def test_a_cancel_ends_it_on_every_route(world: World, song: Path) -> None:
    world.free_gb = 10
    world.fails[("cuda", "htdemucs")] = Cancelled("Stop.")
    with pytest.raises(Cancelled):
        run(world.routed(), song)
    assert world.ran == [("cuda", "htdemucs")]


def test_what_was_measured_replaces_the_guess(world: World, song: Path) -> None:
    world.free_gb, world.peaks = 5, {1: 6 * GB, 8: 9 * GB}
    run(world.routed(), song)
    separator = world.routed()
    run(separator, song)
    assert told(separator)[0] == ("local_gpu", "skipped")
    assert "6.0 GB (measured)" in separator.steps[0].reason
    world.free_gb = 7
    separator = world.routed()
    run(separator, song)
    assert told(separator) == [("local_gpu", "took")]


def test_a_model_that_needs_less_than_was_guessed_gets_the_card_after_once(
    world: World, song: Path
) -> None:
    world.free_gb, world.peaks = 10, {1: GB}
    run(world.routed(), song)
    world.free_gb = 2
    separator = world.routed()
    run(separator, song)
    assert told(separator) == [("local_gpu", "took")]


def test_a_failure_for_want_of_memory_is_remembered_too(world: World, song: Path) -> None:
    world.free_gb = 5
    world.fails[("cuda", "htdemucs")] = FULL
    run(world.routed(), song)
    world.fails.clear()
    separator = world.routed()
    run(separator, song)
    assert told(separator)[0] == ("local_gpu", "skipped")
    world.free_gb = 6
    separator = world.routed()
    run(separator, song)
    assert told(separator) == [("local_gpu", "took")]


def test_measurements_are_of_one_card_one_model_and_one_precision(tmp_path: Path) -> None:
    book = GpuMemoryRecords(tmp_path / "new" / "folder")
    book.remember(CARD, DIGEST, "float16", {1: 100, 8: 300})
    book.remember("another", DIGEST, "float16", {1: 50})
    again = GpuMemoryRecords(tmp_path / "new" / "folder")
    assert again.needed(CARD, DIGEST, "float16") == 100
    assert again.needed("another", DIGEST, "float16") == 50
    assert again.needed(CARD, DIGEST, "float32") is None
    assert again.needed(CARD, "ef" * 32, "float16") is None
    again.remember(CARD, DIGEST, "float16", {1: 120})
    assert book.needed(CARD, DIGEST, "float16") == 120


def test_a_damaged_book_is_as_good_as_none(tmp_path: Path) -> None:
    book = GpuMemoryRecords(tmp_path)
    book.remember(CARD, DIGEST, "float16", {1: 100})
    (file,) = tmp_path.glob(".gpu-memory.json")
    file.write_text("{")
    assert book.needed(CARD, DIGEST, "float16") is None
    book.remember(CARD, DIGEST, "float16", {1: 100})
    assert book.needed(CARD, DIGEST, "float16") == 100


def test_automatic_choice_asks_the_service_for_the_network_it_would_have_run(
    world: World, service: Service, song: Path
) -> None:
    separator = world.routed(name="auto", remote=at(service))
    run(separator, song)
    assert told(separator)[-1] == ("remote", "took")
    assert separator.steps[-1].model == "htdemucs"


def test_routes_are_for_networks_alone() -> None:
    names = ("auto", "demucs", "torchaudio_hdemucs", "spectral", "remote", "nobody")
    assert [is_routed(name) for name in names] == [True, True, True, False, False, False]


def test_the_token_is_in_no_step(world: World, service: Service, song: Path) -> None:
    service.fail("GET", "jobs", *[status(500)] * 9)
    separator = world.routed(remote=at(service))
    run(separator, song)
    assert told(separator)[1] == ("remote", "failed")
    assert TOKEN not in repr(separator.step_records()) + repr(separator.identity())
