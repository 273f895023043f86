"""The page of a finished job says how good its stems are."""

import re
from typing import Any, get_args

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from jobs.models.job import JobStatus
from jobs.web.job.quality_words import WORDS
from separation.quality.report import Code
from tests.factories import make_job
from tests.quality_report import make_report

RANGE = {"song_s": 214.0, "song_frames": 9_437_400}


def shown(client: Client, manifest: dict[str, Any]) -> str:
    job = make_job(status=JobStatus.COMPLETED, manifest=manifest)
    client.force_login(job.owner)
    return client.get(reverse("jobs:detail", args=[job.pk])).content.decode()


def section(page: str) -> str:
    return page[page.index('<section class="quality"') :].partition("</section>")[0]


@pytest.fixture
def report() -> dict[str, Any]:
    return make_report().model_dump(mode="json")


def test_each_stem_has_its_verdict_reason_measures_and_plots(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    page = section(shown(client, {"quality": report}))
    assert page.count("<article") == page.count("<table") == 2
    assert page.count('<svg viewBox="0 0 240 56"') == 4
    assert re.search(r"verdict--flagged.*Clipped", page)
    assert "cut off flat" in page
    assert re.search(r"verdict--clean.*No fault found", page)
    words = re.sub(r"<[^>]+>|\s+", " ", page).replace("\N{MINUS SIGN}", "-")
    for said in ("Loudness -18.2 LUFS -14.0 LUFS", "True peak -3.0 dBTP", "Silent 12 % 0 %",
                 "Spectral entropy 0.42 0.51", "Spectral flatness -20.0 dB -30.0 dB",
                 "Clipped 0.5 % none", "Timing in time", "Moves most with drums 0.31"):  # fmt: skip
        assert said in " ".join(words.split()), said


def test_plots_need_no_style_and_say_in_words_what_they_show(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    page = section(shown(client, {"quality": report}))
    assert "style" not in page and "<script" not in page
    plots = re.findall(r'<svg viewBox="0 0 240 56"[^>]*>', page)
    assert all('role="img" aria-label="' in plot for plot in plots)
    paths = re.findall(r' d="([^"]+)"', page)
    numbers = [float(n) for path in paths for n in re.findall(r"-?\d+\.?\d*", path)]
    assert min(numbers) >= 0 and max(numbers) <= 240


def test_the_head_of_the_page_leads_to_the_report(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    page = shown(client, {"quality": report})
    assert '<a href="#quality">look at Vocals</a>' in page
    assert 'id="quality"' in page


def bleeding(report: dict[str, Any]) -> dict[str, Any]:
    vocals, drums = report["stems"]
    finding = {"code": "bleed", "title": "Bleed from drums", "detail": "It shares 15 %."}
    # The vocals are loudest at the start, and drums sound with them at the end only.
    first = {**vocals, "findings": [finding], "levels_db": [-10, -20, -20, -15]}
    return {**report, "stems": [first, {**drums, "levels_db": [-90, -40, -30, -15]}]}


def test_plain_words_come_first_and_lead_to_the_place_to_hear(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    manifest = {"quality": bleeding(report), "range": {**RANGE, "start_s": 10.0, "end_s": 50.0}}
    page = " ".join(section(shown(client, manifest)).split())
    plain, figures = page.split("<details", 1)
    assert "Vocals</span> <span>Some bleed from drums." in plain
    # The third quarter of 40 s ends where both are loud.
    assert '<a href="#quality" data-seek="30.0">0:30</a>' in plain
    assert "Drums</span> <span>Good: no fault found.</span>" in plain
    assert "LUFS" in figures and "LUFS" not in plain


def test_a_fault_of_a_whole_stem_leads_nowhere(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    report["stems"][0]["findings"] = [{"code": "late", "title": "3 ms late", "detail": "Move it."}]
    page = section(shown(client, {"quality": report}))
    assert "A little late." in page and "data-seek" not in page


def test_every_code_of_a_finding_has_plain_words() -> None:
    codes = set(get_args(Code)) - {"residual"}  # Of the whole song, not of a stem.
    assert set(WORDS) == codes


def test_a_song_without_a_fault_is_called_good(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    for stem in report["stems"]:
        stem["findings"] = []
    page = " ".join(shown(client, {"quality": report}).split())
    assert '<a href="#quality">good</a>' in page
    assert "Vocals, Drums</span> <span>Good: no fault found." in page


def test_a_common_gain_is_told_beside_levels_from_before(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    export = {"name": "export", "details": {"gain_db": -1.25}}
    page = section(shown(client, {"quality": report, "stages": [export]}))
    assert "lowered by 1.2 dB" in page
    assert "lowered" not in section(shown(client, {"quality": report, "stages": []}))


@pytest.mark.parametrize(
    "manifest",
    [{}, {"separation": {"model": "spectral"}}, {"quality": None}, {"quality": {"version": 9}}],
    ids=["none", "old", "empty", "unreadable"],
)
def test_a_job_without_a_report_shows_its_page_all_the_same(
    client: Client, owner: User, manifest: dict[str, Any]
) -> None:
    page = shown(client, manifest)
    assert "How it was made" in page
    assert 'id="quality"' not in page


def test_a_report_of_a_later_version_is_not_guessed_at(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    assert 'id="quality"' not in shown(client, {"quality": {**report, "version": 2}})


def test_what_a_stem_is_called_is_escaped(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    report["stems"][0]["reason"] = "<b>loud</b>"
    assert "&lt;b&gt;loud" in section(shown(client, {"quality": report}))


def test_the_report_stays_when_the_audio_is_deleted(
    client: Client, owner: User, report: dict[str, Any]
) -> None:
    job = make_job(status=JobStatus.COMPLETED, manifest={"quality": report})
    Job.objects.filter(pk=job.pk).update(audio_deleted_at=job.completed_at)
    client.force_login(owner)
    assert "Clipped" in client.get(reverse("jobs:detail", args=[job.pk])).content.decode()
