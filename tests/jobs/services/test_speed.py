"""What a completed job teaches, and what is expected of the next one."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models

from jobs.models import Job, Speed
from jobs.services.timing import speed
from jobs.services.timing.speed import (
    SOME_STEMS,
    START_S,
    Speeds,
    Work,
    learn_speeds,
    work_name,
)
from separation.request.cost import DEFAULT_RATES, NETWORK_RATE, weight
from separation.request.separation_request import SeparationRequest
from separation.stage_table import OPTIONAL_STAGES, STAGES
from tests.factories import make_job, make_source

HOST = "amber"


def demucs_job(duration_s: float = 100.0, **choices: Any) -> Job:
    request = SeparationRequest(**{"separator": "demucs", "stages": ("separation",), **choices})
    source = make_source(duration_s=duration_s, content=b"")
    return make_job(request=request, source=source, model_name=request.model or "")


def manifest_of(
    job: Job, seconds: float = 50.0, *, audio_s: float = 100.0, **ran: Any
) -> dict[str, Any]:
    """A finished manifest: a tenth of a second of audio for each stage but separation."""
    details = {"model": "htdemucs", "precision": "float32", "device": "cpu", **ran}
    stages = [
        {
            "name": stage["name"],
            "status": "completed",
            "parameters": stage["params"],
            "duration_seconds": seconds if stage["name"] == "separation" else audio_s / 10,
            "reused": False,
            "details": details if stage["name"] == "separation" else {},
        }
        for stage in job.pipeline
    ]
    return {"input": {"duration_s": audio_s}, "stages": stages}


def learned(work: str = "separation", **fields: Any) -> float:
    return Speed.objects.get(work=work, **fields).seconds_per_second


def speed_row(rate: float, **fields: Any) -> Speed:
    row = {"host": HOST, "device": "cpu", "work": "separation", "separator": "demucs"}
    return Speed.objects.create(
        **{**row, "model_name": "htdemucs", "seconds_per_second": rate, **fields}
    )


def separation_s(job: Job, **where: Any) -> float:
    """What is expected of the separation alone, the other stages taken as free."""
    others = ("prepare", "listening", "quality", "export")
    Speed.objects.filter(work__in=others).delete()
    for stage in others:
        Speed.objects.create(work=stage, seconds_per_second=0.0)
    return Speeds.load().expect(Work.of_job(job), **where).seconds - START_S


def test_a_completed_job_teaches_what_each_stage_costs(owner: User) -> None:
    job = demucs_job()
    assert learn_speeds(job, manifest_of(job), host=HOST) == 5
    row = Speed.objects.get(work="separation")
    assert (row.host, row.device, row.separator) == (HOST, "cpu", "demucs")
    assert (row.model_name, row.precision) == ("htdemucs", "float32")
    assert row.seconds_per_second == pytest.approx(0.5)
    files = weight("export", Work.of_job(job).stages)
    assert learned("export", separator="", model_name="") == pytest.approx(0.1 / files)


def test_the_average_moves_towards_what_is_new(owner: User) -> None:
    job = demucs_job()
    for seconds in (50.0, 100.0):
        learn_speeds(job, manifest_of(job, seconds), host=HOST)
    assert learned() == pytest.approx(0.75)
    for _ in range(30):
        learn_speeds(job, manifest_of(job, 200.0), host=HOST)
    assert learned() == pytest.approx(2.0, rel=0.01)
    assert Speed.objects.get(work="separation").samples == 32


def test_another_machine_device_model_and_precision_have_rows_of_their_own(owner: User) -> None:
    job = demucs_job()
    ran: tuple[dict[str, Any], ...] = (
        {},
        {"device": "cuda"},
        {"model": "htdemucs_ft"},
        {"precision": "bfloat16"},
    )
    assert learn_speeds(job, manifest_of(job, device="remote cuda"), host=HOST)
    assert Speed.objects.filter(device="remote").delete()[0] == 1
    for fields in ran:
        learn_speeds(job, manifest_of(job, **fields), host=HOST)
    learn_speeds(job, manifest_of(job), host="basalt")
    assert Speed.objects.filter(work="separation").count() == 5


def test_a_song_of_seconds_teaches_nothing(owner: User) -> None:
    job = demucs_job()
    assert learn_speeds(job, manifest_of(job, audio_s=5.0), host=HOST) == 0
    assert not Speed.objects.exists()


def test_stages_of_an_earlier_attempt_teach_nothing(owner: User) -> None:
    job = demucs_job()
    manifest = manifest_of(job)
    manifest["stages"][0]["reused"] = True
    manifest["stages"][1]["details"]["resumed_at_s"] = 87.5
    assert learn_speeds(job, manifest, host=HOST) == 3
    assert set(Speed.objects.values_list("work", flat=True)) == {"listening", "quality", "export"}


def test_a_separation_that_went_on_teaches_by_what_was_left_of_it(owner: User) -> None:
    job = demucs_job()
    manifest = manifest_of(job, 50.0)
    manifest["stages"][1]["details"]["resumed_at_s"] = 60.0
    assert learn_speeds(job, manifest, host=HOST) == 5
    assert learned() == pytest.approx(50.0 / 40.0)


def test_a_manifest_without_measurements_teaches_nothing(owner: User) -> None:
    job = demucs_job()
    for manifest in ({}, {"input": None}, {"input": {"duration_s": 100.0}}):
        assert learn_speeds(job, manifest, host=HOST) == 0


def test_many_passes_are_learned_as_one_and_expected_as_many(owner: User) -> None:
    slow = demucs_job(shifts=4, overlap=0.625)
    # Four shifts, and twice as many windows: eight times the work.
    learn_speeds(slow, manifest_of(slow, 400.0), host=HOST)
    assert learned() == pytest.approx(0.5)
    assert separation_s(slow) == pytest.approx(400.0)
    assert separation_s(demucs_job()) == pytest.approx(50.0)


def test_fewer_stems_do_not_make_the_whole_song_look_cheap(owner: User) -> None:
    karaoke = demucs_job(two_stems="vocals")
    learn_speeds(karaoke, manifest_of(karaoke, 10.0), host=HOST)
    whole = demucs_job()
    learn_speeds(whole, manifest_of(whole, 40.0), host=HOST)
    assert learned(SOME_STEMS) == pytest.approx(0.1)
    assert separation_s(whole) == pytest.approx(40.0)
    assert separation_s(karaoke) == pytest.approx(10.0)


def test_what_ran_here_counts_before_what_ran_elsewhere(owner: User) -> None:
    speed_row(0.5)
    speed_row(0.1, host="basalt")
    job = demucs_job()
    assert separation_s(job, hosts=(HOST,), device="cpu") == pytest.approx(50.0)
    assert separation_s(job, hosts=("basalt",), device="cpu") == pytest.approx(10.0)


def test_the_same_device_counts_before_another_one(owner: User) -> None:
    speed_row(0.5)
    speed_row(0.02, device="cuda")
    job = demucs_job()
    assert separation_s(job, hosts=(HOST,), device="cpu") == pytest.approx(50.0)
    assert separation_s(job, hosts=(HOST,), device="cuda") == pytest.approx(2.0)
    # Nobody says where: as it went last, unless the processor was asked for.
    assert separation_s(job, hosts=(HOST,)) == pytest.approx(2.0)
    assert separation_s(demucs_job(device="cpu"), hosts=(HOST,)) == pytest.approx(50.0)


def test_another_model_of_the_separator_is_nearer_than_a_constant(owner: User) -> None:
    speed_row(0.5)
    assert separation_s(demucs_job(model="htdemucs_6s"), device="cpu") == pytest.approx(50.0)
    speed_row(0.7, model_name="htdemucs_6s", host="basalt")
    job = demucs_job(model="htdemucs_6s")
    assert separation_s(job, hosts=(HOST,), device="cpu") == pytest.approx(70.0)


def test_auto_expects_what_auto_led_to_last(owner: User) -> None:
    job = demucs_job(separator="auto")
    speed_row(0.5)
    learn_speeds(job, manifest_of(job, 3.0, model="spectral"), host=HOST)
    assert separation_s(job, hosts=(HOST,)) == pytest.approx(3.0)
    # And a network that ran for somebody who left it open is known to whoever names it.
    Speed.objects.filter(separator="demucs").delete()
    learn_speeds(job, manifest_of(job, 60.0), host=HOST)
    assert separation_s(demucs_job(), hosts=(HOST,)) == pytest.approx(60.0)


def test_without_any_measurement_the_expectation_is_careful_and_says_so(owner: User) -> None:
    work = Work.of_job(demucs_job())
    told = Speeds.load().expect(work)
    others = sum(
        (STAGES[name].guess or 0.0) * weight(name, work.stages)
        for name in ("prepare", "listening", "quality", "export")
    )
    assert told.seconds == pytest.approx(START_S + 100.0 * (NETWORK_RATE + others))
    assert not told.learned and not any(rate.learned for rate in told.rates.values())
    four = Speeds.load().expect(Work.of_job(demucs_job(model="htdemucs_ft")))
    assert four.seconds > 3 * told.seconds
    masks = Speeds.load().expect(Work.of_job(demucs_job(separator="spectral")))
    assert masks.seconds == pytest.approx(START_S + 100.0 * (DEFAULT_RATES["spectral"] + others))


def test_decoding_knows_the_length_better_than_the_upload(owner: User) -> None:
    job = demucs_job(duration_s=1.0)
    job.manifest = {"input": {"duration_s": 100.0}}
    speed_row(0.5)
    assert separation_s(job) == pytest.approx(50.0)


def test_of_two_workers_that_learn_the_same_first_both_count(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = demucs_job()
    learn_speeds(job, manifest_of(job), host=HOST)
    really_moved, answers = speed._update_average, iter([False])

    def looked_too_early(row: dict[str, str], rate: float) -> bool:
        """The row was not there yet when this worker looked; now it is."""
        return next(answers, None) is None and really_moved(row, rate)

    monkeypatch.setattr(speed, "_update_average", looked_too_early)
    learn_speeds(job, manifest_of(job, 100.0), host=HOST)
    assert set(Speed.objects.values_list("samples", flat=True)) == {2}
    assert learned() == pytest.approx(0.75)


@pytest.mark.django_db
def test_a_model_has_the_speed_that_was_learned_last() -> None:
    speed_row(2.0, host="old")
    speed_row(0.5, host="new")
    speed_row(0.1, host="new", work=SOME_STEMS)
    assert Speeds.load().times_real_time("demucs", "htdemucs") == pytest.approx(2.0)
    assert Speeds.load().times_real_time("demucs", "") == pytest.approx(2.0)


@pytest.mark.django_db
def test_a_model_that_never_ran_has_no_speed() -> None:
    speed_row(0.5)
    assert Speeds.load().times_real_time("demucs", "htdemucs_ft") is None
    assert Speeds.load().times_real_time("auto", "") is None


def test_names_that_are_too_long_are_cut_to_what_their_columns_hold(owner: User) -> None:
    job = demucs_job()
    ran: dict[str, Any] = {"model": "m" * 300, "precision": "p" * 300, "device": "d" * 300}
    learn_speeds(job, manifest_of(job, **ran), host="h" * 300)
    row = Speed.objects.get(work="separation")
    for column in ("host", "device", "model_name", "precision"):
        field = Speed._meta.get_field(column)
        assert isinstance(field, models.Field)
        assert len(getattr(row, column)) == field.max_length, column


def test_what_was_learned_of_many_files_is_expected_of_few_in_proportion(owner: User) -> None:
    everything = demucs_job(stages=OPTIONAL_STAGES)
    learn_speeds(everything, manifest_of(everything), host=HOST)
    told = Speeds.load().expect(Work.of_job(everything)).rates["export"]
    assert told.learned and told.seconds_per_second == pytest.approx(0.1)
    few = Speeds.load().expect(Work.of_job(demucs_job())).rates["export"]
    # The stems and their residual, of 22 tracks.
    assert few.learned and few.seconds_per_second == pytest.approx(0.1 * 5 / 22)


def test_the_time_of_a_job_is_the_sum_of_what_its_stages_take(owner: User) -> None:
    speed_row(0.5)
    told = Speeds.load().expect(Work.of_job(demucs_job()))
    rates = {name: rate.seconds_per_second for name, rate in told.rates.items()}
    assert list(rates) == ["prepare", "separation", "listening", "quality", "export"]
    assert rates["separation"] == 0.5 and told.rates["separation"].learned
    assert told.seconds == pytest.approx(START_S + 100.0 * sum(rates.values()))
    assert not told.learned, "of the other stages nothing is known"


@pytest.mark.parametrize(
    ("stage", "parameters", "name"),
    [
        ("separation", {"stems": ["vocals"]}, SOME_STEMS),
        ("separation", {"two_stems": "vocals"}, SOME_STEMS),
        ("separation", {}, "separation"),
        ("export", {"stems": ["vocals"]}, "export"),
        ("with_stems", {"stems": ["vocals"]}, "with_stems"),
    ],
)
def test_only_a_separation_is_another_work_for_fewer_stems(
    stage: str, parameters: dict[str, Any], name: str
) -> None:
    assert work_name(stage, parameters) == name
