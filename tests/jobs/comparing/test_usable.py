"""What is offered for another separation can run here, the best first; the rest says why not."""

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.models import Batch, Job, MissingModel
from jobs.services.site_models.runnable import (
    NOT_HERE,
    NOT_TO_BE_HAD,
    UNKNOWN,
    Runnable,
    best_first,
)
from jobs.web.uploads import choices
from separation.errors import ModelUnavailable
from separation.request.separation_request import SeparationRequest
from tests.factories import make_job, make_source
from tests.jobs.comparing.conftest import RESULT

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db
TRIED = SeparationRequest(separator="demucs", model="htdemucs", stages=("separation",))


@pytest.fixture
def visitor(client: Client, owner: "User") -> Client:
    client.force_login(owner)
    return client


def page(visitor: Client, job: Job) -> str:
    return visitor.get(f"/jobs/{job.pk}/").content.decode()


def offered(page: str) -> list[str]:
    form = page[page.index('id="again_model"') :].partition("</select>")[0]
    return re.findall(r'<option value="([\w:]+)"', form)


def folded(page: str) -> str:
    return page[page.index("comparisons__unusable") :].partition("</details>")[0]


def put_best_model(models: Path) -> None:
    folder = models / "htdemucs_ft"
    folder.mkdir(parents=True)
    (folder / "htdemucs_ft.yaml").write_text("models: ['f7e0c4bc']\n")
    (folder / "f7e0c4bc-ba3fe64a.th").write_bytes(b"weights")


def failed(owner: "User", **fields: Any) -> Job:
    request = fields.pop("request", TRIED)
    told = {"error_code": ModelUnavailable.code, "error_detail": "No weights.", **fields}
    return make_job(
        owner=owner, status="failed", request=request, model_name=request.model or "", **told
    )


def test_only_what_can_run_is_offered_and_the_rest_is_folded_with_its_reason(
    visitor: Client, result: RESULT
) -> None:
    shown = page(visitor, result("spectral spectral"))
    assert offered(shown) == ["standard:standard"]
    assert f"Hybrid Transformer Demucs: {NOT_HERE}." in folded(shown)


def test_the_best_that_is_here_is_proposed(
    visitor: Client, result: RESULT, settings: Settings
) -> None:
    put_best_model(settings.MODEL_DIR)
    shown = page(visitor, result("spectral spectral"))
    assert offered(shown)[:2] == ["demucs:htdemucs_ft", "standard:standard"]


def test_what_can_be_fetched_at_first_use_is_offered_until_that_failed(
    visitor: Client, owner: "User", result: RESULT, settings: Settings
) -> None:
    settings.OFFLINE = False
    job = result("spectral spectral")
    assert "demucs:htdemucs" in offered(page(visitor, job))
    failed(owner)
    shown = page(visitor, job)
    assert "demucs:htdemucs" not in offered(shown)
    assert f"Hybrid Transformer Demucs: {NOT_TO_BE_HAD}." in folded(shown)


def test_stems_that_a_model_has_not_are_a_reason_too(
    visitor: Client, result: RESULT, settings: Settings
) -> None:
    settings.OFFLINE = False
    guitar = SeparationRequest(separator="demucs", model="htdemucs_6s", stems=("guitar",))
    shown = page(visitor, result("demucs htdemucs_6s", request=guitar))
    assert "No other separator can run here now." in shown
    assert "Standard: This model gives no stem &#x27;guitar&#x27;." in folded(shown)


def test_what_cannot_run_is_refused_with_its_reason_when_it_is_sent_all_the_same(
    visitor: Client, result: RESULT
) -> None:
    job = result("spectral spectral")
    data = {"model": "demucs:htdemucs"}
    answer = visitor.post(f"/jobs/{job.pk}/again/", data, follow=True)
    assert f"Hybrid Transformer Demucs cannot separate this song: {NOT_HERE}." in (
        answer.content.decode()
    )
    assert Job.objects.count() == 1


def test_a_job_without_its_model_proposes_what_can_run_and_retry_steps_back(
    visitor: Client, owner: "User"
) -> None:
    job = failed(owner)
    shown = page(visitor, job)
    assert offered(shown) == ["standard:standard", "spectral:spectral"]
    assert '<button class="button">Separate again</button>' in shown
    assert '<button class="button button--quiet">Retry</button>' in shown
    visitor.post(f"/jobs/{job.pk}/again/", {"model": "standard:standard"})
    made = Job.objects.exclude(pk=job.pk).get()
    assert (made.separator, made.model_name, made.source) == ("standard", "standard", job.source)


def test_retry_is_the_way_again_once_the_model_is_here(
    visitor: Client, owner: "User", settings: Settings
) -> None:
    best = SeparationRequest(separator="demucs", model="htdemucs_ft")
    job = failed(owner, request=best)
    assert "What can run instead" in page(visitor, job)
    put_best_model(settings.MODEL_DIR)
    shown = page(visitor, job)
    assert "What can run instead" not in shown
    assert '<button class="button">Retry</button>' in shown


@pytest.mark.parametrize("why", ["other error", "song gone"])
def test_nothing_is_proposed_where_it_would_not_help(
    visitor: Client, owner: "User", why: str
) -> None:
    if why == "other error":
        job = failed(owner, error_code="corrupt_audio")
    else:
        job = failed(owner, source=make_source(owner=owner, content=b""))
    shown = page(visitor, job)
    assert "What can run instead" not in shown
    assert '<button class="button">Retry</button>' in shown


def test_the_upload_page_folds_what_cannot_run_and_it_cannot_be_chosen(visitor: Client) -> None:
    shown = visitor.get("/").content.decode()
    start = shown.index("<summary>Cannot run here now</summary>")
    assert 'value="demucs:htdemucs"' in shown[start:]
    assert 'value="demucs:htdemucs"' not in shown[:start]
    assert f"Cannot run: {NOT_HERE}" in shown[start:]
    disabled = re.findall(r'value="([\w:]+)" [^>]*disabled', shown[start:])
    assert "demucs:htdemucs" in disabled and "spectral:spectral" not in disabled


def test_a_stem_is_split_again_by_what_can_run(settings: Settings) -> None:
    assert "demucs:htdemucs" not in dict(choices.splitters())
    assert "spectral:spectral" in dict(choices.splitters())
    settings.OFFLINE = False
    assert "demucs:htdemucs" in dict(choices.splitters())


def test_a_model_that_ran_since_it_failed_can_be_had(owner: "User", settings: Settings) -> None:
    settings.OFFLINE = False
    job = failed(owner, completed_at=timezone.now() - timedelta(hours=1))
    assert Runnable.load().why_not("demucs", "htdemucs") == NOT_TO_BE_HAD
    make_job(owner=owner, status="completed", request=TRIED, model_name="htdemucs")
    assert Runnable.load().why_not("demucs", "htdemucs") == ""
    Job.objects.exclude(pk=job.pk).delete()
    Job.objects.update(completed_at=timezone.now() - timedelta(days=8))
    assert Runnable.load().why_not("demucs", "htdemucs") == ""


def test_what_a_worker_had_to_do_without_is_not_offered(settings: Settings) -> None:
    settings.OFFLINE = False
    row = {"host": "amber", "model_name": "htdemucs", "used": "standard", "reason": "No way."}
    MissingModel.objects.create(**row, seen_at=timezone.now())
    assert Runnable.load().why_not("demucs", "htdemucs") == NOT_TO_BE_HAD


@pytest.mark.parametrize(
    ("separator", "model", "reason"),
    [
        ("auto", None, ""),
        ("spectral", None, ""),
        ("demucs", None, NOT_HERE),
        ("demucs", "gone_with_a_version", UNKNOWN),
        ("plug_in_of_old", None, UNKNOWN),
        ("ensemble", "htdemucs_mdx", NOT_HERE),
        ("ensemble", "gone", UNKNOWN),
        ("remote", None, "this site has no remote service"),
    ],
)
def test_each_kind_of_separator_has_its_reason(
    separator: str, model: str | None, reason: str
) -> None:
    assert Runnable.load().why_not(separator, model) == reason


def test_a_detail_that_cannot_run_is_a_reason_of_the_whole() -> None:
    details = ({"stem": "drums", "separator": "demucs", "model": "htdemucs"},)
    request = SeparationRequest.model_validate({"separator": "spectral", "details": details})
    assert Runnable.load().why_not_request(request) == NOT_HERE


def test_the_order_is_best_then_automatic_then_the_rest() -> None:
    values = ["spectral:spectral", "x", "demucs:htdemucs", "demucs:htdemucs_ft"]
    assert best_first(values) == [
        "demucs:htdemucs_ft", "demucs:htdemucs", "spectral:spectral", "x",
    ]  # fmt: skip


def test_damaged_files_are_made_anew_only_where_what_made_them_can_run(
    visitor: Client, result: RESULT, settings: Settings
) -> None:
    job = result(request=TRIED)
    job.artifacts.first().file.unlink()  # type: ignore[union-attr]
    shown = page(visitor, job)
    assert f"What made them cannot run here now, as {NOT_HERE}." in shown
    assert f"/jobs/{job.pk}/anew/" not in shown
    settings.OFFLINE = False
    assert f"/jobs/{job.pk}/anew/" in page(visitor, job)


def test_of_a_batch_only_what_can_run_runs_again_and_the_page_says_so(
    visitor: Client, owner: "User"
) -> None:
    batch = Batch.objects.create(owner=owner, name="Night")
    stuck = failed(owner, batch=batch)
    other = make_job(owner=owner, status="failed", batch=batch)
    shown = visitor.get(f"/batches/{batch.pk}/").content.decode()
    assert "Run 1 again" in shown
    assert "1 of the songs cannot run again" in shown
    said = visitor.post(f"/batches/{batch.pk}/retry/", follow=True).content.decode()
    assert f"Its model cannot run here, as {NOT_HERE}." in said
    assert [Job.objects.get(pk=job.pk).status for job in (stuck, other)] == ["failed", "pending"]


def test_chosen_songs_of_the_history_run_again_where_they_can(
    visitor: Client, owner: "User"
) -> None:
    stuck, other = failed(owner), make_job(owner=owner, status="failed")
    chosen = {"action": "retry", "job": [str(stuck.pk), str(other.pk)]}
    said = visitor.post(reverse("jobs:together"), chosen, follow=True).content.decode()
    assert "Its model cannot run here" in said
    assert [Job.objects.get(pk=job.pk).status for job in (stuck, other)] == ["failed", "pending"]
