"""What an attempt may take, and what it says beforehand and afterwards."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from jobs.models import Job, Speed
from jobs.models.job import JobStatus
from jobs.queue.lease import Lease, LeaseLost
from jobs.services.timing import devices
from jobs.services.timing.deadline import limit_s, note_decoded_length, set_deadline, too_slow
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source

DURATION_S = 100.0


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    device = tmp_path / "nvidiactl"
    monkeypatch.setattr(devices, "NVIDIA_DEVICE", device)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return device


def running_job(separator: str = "demucs", **choices: Any) -> Job:
    request = SeparationRequest(separator=separator, **choices)
    source = make_source(duration_s=DURATION_S, content=b"")
    return make_job(
        request=request,
        source=source,
        status=JobStatus.PROCESSING,
        model_name=choices.get("model", ""),
    )


def all_known(rate: float) -> None:
    """Each second of audio costs ``rate`` seconds, all of them in the separation."""
    others = (
        "prepare", "listening", "harmonic_percussive", "composite", "normalization", "quality",
        "export",
    )  # fmt: skip
    Speed.objects.bulk_create(
        Speed(host="h", device="cpu", work=work, seconds_per_second=0.0) for work in others
    )
    row = {"host": "h", "device": "cpu", "separator": "demucs", "model_name": "htdemucs"}
    Speed.objects.create(work="separation", seconds_per_second=rate, **row)


def start(job: Job) -> Job:
    set_deadline(job, Lease(job))
    return Job.objects.get(pk=job.pk)


def test_the_limit_follows_from_length_and_speed(owner: User, settings: Settings) -> None:
    settings.DEADLINE_FACTOR, settings.DEADLINE_FLOOR_S, settings.MAX_JOB_S = 10, 60, 10_000
    all_known(2.38)
    job = start(running_job())
    assert (job.expected_s, job.deadline_s) == (240.0, 2400.0)


@pytest.mark.parametrize(("expected_s", "limit"), [(1.0, 900.0), (200.0, 2000.0), (9e9, 21_600.0)])
def test_the_limit_has_a_floor_and_the_ceiling_of_all_jobs(
    settings: Settings, expected_s: float, limit: float
) -> None:
    settings.DEADLINE_FACTOR, settings.DEADLINE_FLOOR_S, settings.MAX_JOB_S = 10, 900, 21_600
    assert limit_s(expected_s) == limit


def test_who_lost_the_lease_sets_no_limit(owner: User) -> None:
    job = running_job()
    lease = Lease(job)
    Job.objects.filter(pk=job.pk).update(status=JobStatus.CANCELLED, lease_token=None)
    with pytest.raises(LeaseLost):
        set_deadline(job, lease)
    assert Job.objects.get(pk=job.pk).deadline_s is None


def test_a_network_on_the_processor_warns_with_the_time_it_will_take(owner: User) -> None:
    all_known(2.38)
    job = start(running_job())
    assert job.warnings == [
        "Runs on the processor, as no graphics card can take it; about 4 min expected. "
        "The spectral masks are much faster, and less exact."
    ]


def test_a_time_that_nothing_was_learned_for_is_told_as_a_bound(owner: User) -> None:
    assert "; up to 4 min expected." in start(running_job()).warnings[0]


def test_who_chose_the_processor_is_not_told_what_else_there_is(owner: User) -> None:
    warnings = start(running_job(device="cpu")).warnings
    assert len(warnings) == 1
    assert warnings[0].startswith("Runs on the processor, as was chosen; up to ")


def test_masks_warn_of_nothing(owner: User) -> None:
    assert start(running_job("spectral")).warnings == []


def test_without_separation_there_is_nothing_to_warn_of(owner: User) -> None:
    assert start(running_job(stages=("harmonic_percussive",))).warnings == []


def put_htdemucs(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "955717e8-8726e21a.th").write_bytes(b"weights")
    (folder / "htdemucs.yaml").write_text("models: ['955717e8']\n")


def test_auto_warns_where_a_slow_network_is_here_to_be_run(owner: User, settings: Settings) -> None:
    job = running_job("auto")
    assert start(job).warnings == []
    put_htdemucs(settings.MODEL_DIR / "htdemucs")
    assert len(start(job).warnings) == 1


@pytest.mark.parametrize("separator", ["standard", "spleeter"])
def test_a_network_that_is_quick_on_the_processor_warns_of_nothing(
    owner: User, separator: str
) -> None:
    assert start(running_job(separator)).warnings == []


def test_auto_without_demucs_is_a_network_and_goes_to_the_card(owner: User, no_card: Path) -> None:
    job = running_job("auto")
    assert devices.has_networks(job)
    assert devices.likely_devices(job) == ("cpu",)
    no_card.touch()
    assert devices.likely_devices(job) == ("cuda", "cpu")


def test_auto_of_a_site_that_allows_masks_alone_needs_no_card(
    owner: User, no_card: Path, settings: Settings
) -> None:
    no_card.touch()
    settings.MODEL_LICENCES = ["spectral"]
    job = running_job("auto")
    assert not devices.has_networks(job)
    assert devices.likely_devices(job) == ("cpu",)


def test_auto_with_a_model_is_what_the_model_is_made_of(owner: User) -> None:
    assert devices.has_networks(running_job("auto", model="htdemucs"))
    assert not devices.has_networks(running_job("auto", model="spectral"))


def test_a_card_makes_the_warning_needless(
    owner: User, no_card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_card.touch()
    job = running_job()
    assert start(job).warnings == []
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert len(start(job).warnings) == 1


def on_a_card(rate: float) -> None:
    row = {"host": "h", "device": "cuda", "separator": "demucs", "model_name": "htdemucs"}
    Speed.objects.create(work="separation", seconds_per_second=rate, **row)


def test_a_card_is_expected_and_the_limit_allows_for_the_processor(
    owner: User, no_card: Path, settings: Settings
) -> None:
    settings.DEADLINE_FACTOR, settings.DEADLINE_FLOOR_S = 10, 60
    all_known(5.0)
    on_a_card(0.08)
    no_card.touch()
    job = start(running_job())
    assert (job.expected_s, job.deadline_s) == (10.0, 5020.0)
    settings.ROUTES = ["local_gpu"]
    job = start(running_job())
    assert (job.expected_s, job.deadline_s) == (10.0, 100.0)


def test_a_service_elsewhere_makes_the_warning_needless(owner: User, settings: Settings) -> None:
    settings.REMOTE_URL = "https://gpu.example.org"
    assert start(running_job()).warnings == []
    assert len(start(running_job(allow_remote=False)).warnings) == 1
    settings.ROUTES = ["local_cpu"]
    assert len(start(running_job()).warnings) == 1


def test_a_limit_that_is_set_again_warns_once(owner: User) -> None:
    job = running_job()
    for _ in range(2):
        set_deadline(job, Lease(job))
    assert len(job.warnings) == 1


def test_what_was_too_slow_says_how_slow_and_what_to_do(owner: User, settings: Settings) -> None:
    settings.DEADLINE_FACTOR, settings.DEADLINE_FLOOR_S, settings.MAX_JOB_S = 10, 900, 21_600
    all_known(2.38)
    told = too_slow(start(running_job()))
    assert "ran for more than 40 min and was stopped" in told
    assert "a song of 2 min should take 4 min here" in told
    settings.MAX_JOB_S = 1200
    assert "for more than 20 min and was stopped, which is the limit" in too_slow(
        start(running_job())
    )


def test_a_song_that_turns_out_longer_gets_a_limit_of_its_own(owner: User) -> None:
    all_known(5.0)
    job = running_job()
    set_deadline(job, Lease(job))
    first = job.deadline_s
    assert not note_decoded_length(job, {"input": {"duration_s": DURATION_S * 1.05}})
    assert not note_decoded_length(job, {"input": {}})
    assert note_decoded_length(job, {"input": {"duration_s": DURATION_S * 1.2}})
    assert not note_decoded_length(job, {"input": {"duration_s": DURATION_S * 1.2}})
    set_deadline(job, Lease(job))
    assert first is not None and job.deadline_s == pytest.approx(first * 1.2, rel=0.01)
