"""Fills a site with jobs in every state and prints the pages to see: run as a program, with the
site's environment.

``separate`` has a worker of the site separate a song and waits for it; ``fill`` makes the rest, and
wants no worker beside it, as that would run what waits here.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOBODY = ""
MUSICIAN = "musician"
NEWCOMER = "newcomer"
FULL = "full"
OPERATOR = "operator"


@dataclass(frozen=True)
class Stop:
    """A page of the tour. ``visitor``: who is logged in, ``NOBODY`` for nobody."""

    name: str
    path: str
    visitor: str = NOBODY

    @property
    def still(self) -> bool:
        """Whether it comes to rest: a page that asks for its progress every second does not."""
        return self.name not in {"job-waiting", "job-running", "batch-moving"}


_STOPS = (
    Stop("landing", "/"),
    Stop("log-in", "/accounts/login/"),
    Stop("sign-up", "/accounts/signup/"),
    Stop("forgotten-password", "/accounts/password/reset/"),
    Stop("not-found", "/nothing/"),
    Stop("api", "/api/v1/docs/"),
    Stop("upload", "/", MUSICIAN),
    Stop("upload-full", "/", FULL),
    Stop("history", "/jobs/", MUSICIAN),
    Stop("history-nothing-found", "/jobs/?search=zzz", MUSICIAN),
    Stop("history-empty", "/jobs/", NEWCOMER),
    Stop("history-filtered", "/jobs/?status=completed&sort=title", MUSICIAN),
    Stop("account", "/account/", MUSICIAN),
    Stop("account-full", "/account/", FULL),
    Stop("account-delete", "/account/delete/", MUSICIAN),
    Stop("account-deleted", "/account/deleted/"),
    Stop("password", "/accounts/password/change/", MUSICIAN),
    Stop("admin", "/admin/", OPERATOR),
    Stop("admin-jobs", "/admin/jobs/job/", OPERATOR),
    Stop("admin-batches", "/admin/jobs/batch/", OPERATOR),
    Stop("admin-workers", "/admin/jobs/worker/", OPERATOR),
)

_TITLES = (
    "Night train.wav",
    "Paper lanterns (live at the old mill, second night).flac",
    "Seven bridges.mp3",
    "Ölandsvals.ogg",
    "夜の電車.m4a",
)


_DB = {"drums": 5.79, "bass": 3.64, "other": 2.84, "vocals": 5.71}
_SCORED = {
    "stages": [{"name": "score", "details": {"sdr_db": _DB, "mixture_sdr_db": _DB}}],
}
"""As much of the manifest of a demonstration as its page reads."""

_PREVIEWED = {"range": {"start_s": 71.3, "end_s": 101.3, "song_s": 214.0, "song_frames": 9_437_400}}

SONG = "Harbour lights.wav"
PATIENCE_S = 120.0


def separate() -> None:
    """A whole job by the site's own worker, with a stem that is split again."""
    from separation.demo.song import FRAMES
    from separation.request.separation_request import parse_request
    from tests.factories import make_user

    request = parse_request(
        {
            "separator": "spectral",
            "details": [{"stem": "drums", "separator": "spectral"}],
            "denoise": [{"stem": "vocals"}],
        }
    )
    seconds = FRAMES / 44_100
    job = _job(make_user(MUSICIAN), SONG, content=_music(), duration_s=seconds, request=request)
    deadline = time.monotonic() + PATIENCE_S
    while job.status != "completed":
        if time.monotonic() > deadline:
            raise TimeoutError(f"the job is still {job.status}: {job.error_detail}")
        time.sleep(0.2)
        job.refresh_from_db()


def _music() -> bytes:
    """The demonstration song: the mixer of its job shows what that of a song looks like."""
    import io

    import soundfile

    from separation.demo.song import stems

    file = io.BytesIO()
    mixture = np.sum(list(stems().values()), axis=0)
    soundfile.write(file, mixture.T, 44_100, format="WAV", subtype="PCM_16")
    return file.getvalue()


def fill() -> None:
    from django.contrib.auth import get_user_model

    from jobs.services.account.tokens import create_token
    from jobs.services.front_demo import front_demo_dir
    from separation.stages.demo_stems import render
    from tests.factories import PASSWORD, make_user, set_quota

    # The worker has perhaps been stopped while it did so.
    render(front_demo_dir())
    get_user_model().objects.create_superuser(OPERATOR, "operator@example.org", PASSWORD)
    make_user(NEWCOMER)
    full = make_user(FULL)
    _job(full, "The last one that fitted.wav", status="completed")
    set_quota(full, stored_bytes=1)
    token = create_token(owner=make_user(MUSICIAN), name="Laptop").row
    revoke = Stop("token-revoke", f"/account/tokens/{token.public_id}/revoke/", MUSICIAN)
    stops = (*_STOPS, revoke, *_job_stops(make_user(MUSICIAN)))
    json.dump([asdict(stop) for stop in stops], sys.stdout)


def _did_without(job: Any) -> None:
    """As a job and its worker's host tell of a model that could not be had."""
    from django.utils import timezone

    from jobs.models import MissingModel

    reason = "The weights of htdemucs are not on this machine and could not be fetched."
    told = {"used": "standard", "reason": reason, "seen_at": timezone.now()}
    MissingModel.objects.create(host="amber", model_name="htdemucs", **told)
    line = "Separated with Standard, as Hybrid Transformer Demucs was not available"
    job.warnings = [f"{line}: {reason}"]
    job.save(update_fields=["warnings"])


def _job_stops(musician: "User") -> list[Stop]:
    from jobs.services.listening.index import COVER
    from tests.browser.mixable import add_mixable
    from tests.separation.audio.pictures import picture

    real = musician.jobs.filter(source__original_name=SONG).first()
    mixable = add_mixable(musician, "Pretty.wav")
    (mixable.directory / COVER).write_bytes(picture(width=192, height=192))
    _did_without(mixable)
    for title in _TITLES:
        _job(musician, title, status="completed")
    results = {"result": real} if real else {}
    jobs = {**results, "mixer": mixable, **_other_jobs(musician)}
    stops = [Stop(f"job-{name}", f"/jobs/{job.pk}/", MUSICIAN) for name, job in jobs.items()]
    stops.append(Stop("job-delete", f"/jobs/{mixable.pk}/delete/", MUSICIAN))
    compared = _compared_stops(mixable, jobs["failed"])
    compared += _set_list_stops(musician, mixable, jobs["failed"])
    return [*stops, *compared, *_batch_stops(musician), *_shared_stops(mixable)]


def _set_list_stops(musician: "User", *songs: Any) -> list[Stop]:
    from jobs.services.set_lists.actions import create_set_list

    create_set_list(owner=musician, name="Wedding of Anna and Bartholomew, second half", jobs=songs)
    page = f"/set-lists/{create_set_list(owner=musician, name='Friday', jobs=songs).pk}/"
    return [
        Stop("set-list", page, MUSICIAN),
        Stop("set-list-delete", f"{page}delete/", MUSICIAN),
    ]


def _compared_stops(job: Any, of_another_song: Any) -> list[Stop]:
    """Six stems beside four, with reports and scores."""
    from tests.browser.mixable import STEMS, add_result, sounds
    from tests.quality_report import make_report

    report = {"quality": make_report().model_dump(mode="json"), **_SCORED}
    stems = dict(list(sounds("Other").items())[: len(STEMS) - 2])
    ran = {"separator": "demucs", "model": "htdemucs"}
    loudness = dict.fromkeys(stems, -18.3)
    other = add_result(job.source, stems, loudness, manifest={"separation": ran, **report})
    page = f"/jobs/{job.pk}/compare"
    return [
        Stop("job-four-stems", f"/jobs/{other.pk}/", MUSICIAN),
        Stop("compare", f"{page}/{other.pk}/", MUSICIAN),
        Stop("compare-refused", f"{page}/{of_another_song.pk}/", MUSICIAN),
    ]


def _batch_stops(musician: "User") -> list[Stop]:
    from jobs.models import Batch

    moving, done = (
        Batch.objects.create(owner=musician, name=name)
        for name in ("Songs of 26 November 2026, 17:20", "Rehearsal at the old mill")
    )
    half: dict[str, Any] = {
        "status": "processing",
        "progress_percent": 62.0,
        "progress_stage": "separation",
    }
    _job(musician, "Opener.wav", batch=moving, status="completed")
    _job(musician, "Second song with a rather long name.flac", batch=moving, **half)
    _job(musician, "Third.wav", batch=moving)
    _job(musician, "First take.wav", batch=done, status="completed")
    damaged: dict[str, Any] = {
        "error_code": "corrupt_audio",
        "error_detail": "The file is damaged.",
    }
    _job(musician, "Second take.wav", batch=done, status="failed", **damaged)
    return [
        Stop("batch-moving", f"/batches/{moving.pk}/", MUSICIAN),
        Stop("batch-done", f"/batches/{done.pk}/", MUSICIAN),
        Stop("batch-delete", f"/batches/{done.pk}/delete/", MUSICIAN),
    ]


def _shared_stops(job: Any) -> list[Stop]:
    from jobs.services.sharing import create_link, revoke_link

    new = create_link(job=job, created_by=job.owner, stems=["vocals", "piano"])
    given = create_link(
        job=job, created_by=job.owner, label="Band", show_title=True, allow_download=True
    )
    gone = create_link(job=job, created_by=job.owner, label="Anna")
    revoke_link(link=gone.link)
    links = {"shared": new, "shared-download": given, "shared-gone": gone}
    return [Stop(name, f"/s/{link.token}/") for name, link in links.items()]


def _other_jobs(musician: "User") -> dict[str, Any]:
    from separation.request.separation_request import parse_request

    return {
        "waiting": _job(musician, "In the queue.wav"),
        "running": _job(
            musician,
            "Half way.wav",
            status="processing",
            progress_percent=46.0,
            progress_stage="separation",
            progress_message="Separating",
            eta_s=42.0,
            stages={"prepare": "completed", "separation": "processing"},
        ),
        "early": _early(musician),
        "failed": _job(
            musician,
            "Broken.wav",
            status="failed",
            error_code="out_of_memory",
            error_detail="There was not enough memory. Choose a smaller model or try again later.",
            stages={"prepare": "completed", "separation": "failed"},
        ),
        "scored": _job(musician, "Eight bars.flac", status="completed", manifest=_SCORED),
        "preview": _job(
            musician,
            "Thirty seconds.wav",
            status="completed",
            manifest=_PREVIEWED,
            request=parse_request({"preset": "preview", "range_length_s": 30.0}),
        ),
        "cancelled": _job(musician, "Never mind.wav", status="cancelled"),
    }


def _early(musician: "User") -> Any:
    """One that can be listened to while its files are being written."""
    import numpy as np

    from tests.listening_files import write_listening

    stages = {"prepare": "completed", "separation": "completed", "listening": "completed"}
    now: dict[str, Any] = {
        "status": "processing",
        "progress_percent": 93.0,
        "progress_stage": "quality",
    }
    job = _job(musician, "Nearly there.wav", duration_s=6.0, stages=stages, **now)
    random = np.random.default_rng(3)
    sounds = {
        name: random.normal(0, 0.1, (2, 6 * 44_100)).astype(np.float32)
        for name in ("drums", "vocals")
    }
    write_listening(job.directory, sounds, preview_gain_db=0.0, gain_db=0.0)
    return job


def _job(
    owner: "User",
    title: str,
    *,
    content: bytes | None = None,
    duration_s: float = 214.0,
    **fields: Any,
) -> Any:
    from tests.factories import make_job, make_source, wav_bytes

    source = make_source(
        owner=owner,
        original_name=title,
        duration_s=duration_s,
        content=content or wav_bytes(seed=len(title)),
    )
    return make_job(owner=owner, source=source, **fields)


if __name__ == "__main__":
    import django

    django.setup()
    {"separate": separate, "fill": fill}[sys.argv[1]]()
