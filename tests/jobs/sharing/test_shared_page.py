"""What somebody with a link gets: the chosen stems, and nothing else at all."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from jobs.http.throttles import ShareThrottle
from jobs.models import Job, MixerState, ShareLink
from jobs.services.job.delete import delete_job
from jobs.services.listening.index import INDEX
from jobs.services.sharing import NewLink, revoke_link

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Share = Callable[..., NewLink]
FILES = ("", "mixer.json", "previews/drums/", "peaks/drums/", "tracks/drums/", "tracks.zip")


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_anybody_opens_the_mixer_without_an_account_or_a_cookie(
    client: Client, share: Share
) -> None:
    token = share().token
    page = client.get(f"/s/{token}/")
    assert page.status_code == 200
    assert re.findall(r'data-lane="(\w+)"', page.content.decode()) == ["drums", "vocals"]
    assert f'data-mixer="/s/{token}/mixer.json"' in page.content.decode()
    assert not page.cookies


def test_the_song_has_the_chosen_stems_under_addresses_of_the_link(
    client: Client, share: Share
) -> None:
    token = share().token
    song = client.get(f"/s/{token}/mixer.json").json()
    assert [stem["name"] for stem in song["stems"]] == ["drums", "vocals"]
    assert song["stems"][1]["activity"] == [[0.2, 0.8]]
    assert song["samples"] == 44_100
    for stem in song["stems"]:
        assert client.get(stem["preview"]["url"]).status_code == 200
        assert client.get(stem["peaks"]["url"]).status_code == 200


def test_how_its_owner_left_the_mixer_is_not_told_and_a_visitor_has_nowhere_to_save(
    client: Client, owner: "User", share: Share, job: Job
) -> None:
    state = {"stems": {"drums": {"mute": True}}}
    MixerState.objects.create(job=job, owner=owner, state=state, saved_at=timezone.now())
    token = share().token
    assert "state" not in client.get(f"/s/{token}/mixer.json").json()
    page = client.get(f"/s/{token}/").content.decode()
    assert "data-reset" in page
    assert "data-saves-to" not in page and "csrfmiddlewaretoken" not in page


def test_it_plays_as_loud_as_the_files_are(client: Client, share: Share, job: Job) -> None:
    index = job.directory / INDEX
    told = {**json.loads(index.read_text()), "preview_gain_db": -4.0, "gain_db": 1.0}
    index.write_text(json.dumps(told))
    job.artifacts.update(gain_db=-6.0)
    song = client.get(f"/s/{share().token}/mixer.json").json()
    assert [stem["gain"] for stem in song["stems"]] == pytest.approx([10 ** (-2.0 / 20)] * 2)


def test_a_preview_is_sent_by_ranges_and_revalidated(
    client: Client, share: Share, job: Job
) -> None:
    address = f"/s/{share().token}/previews/vocals/"
    part = client.get(address, headers={"Range": "bytes=100-299"})
    assert part.status_code == 206
    assert part["Content-Type"] == "audio/aac"
    assert body(part) == (job.directory / "listen/vocals.aac").read_bytes()[100:300]
    assert client.get(address, headers={"If-None-Match": part["ETag"]}).status_code == 304


def test_the_list_plays_previews_where_no_script_runs(client: Client, share: Share) -> None:
    token = share().token
    page = client.get(f"/s/{token}/").content.decode()
    players = re.findall(r'<audio[^>]*src="([^"]+)"', page)
    assert players == [f"/s/{token}/previews/{name}/" for name in ("drums", "vocals")]


@pytest.mark.parametrize("kind", ["previews", "peaks", "tracks"])
@pytest.mark.parametrize("name", ["piano", "residual", "..", "index.json"])
def test_what_was_not_chosen_is_not_there(
    client: Client, share: Share, kind: str, name: str
) -> None:
    token = share(allow_download=True, show_title=True).token
    assert client.get(f"/s/{token}/{kind}/{name}/").status_code == 404


def test_files_are_given_where_that_is_allowed(client: Client, share: Share, job: Job) -> None:
    token = share(allow_download=True, show_title=True).token
    assert f'href="/s/{token}/tracks/drums/"' in client.get(f"/s/{token}/").content.decode()
    answer = client.get(f"/s/{token}/tracks/drums/", headers={"Range": "bytes=0-99"})
    assert answer.status_code == 206
    assert 'filename="Harbour Lights - drums.wav"' in answer["Content-Disposition"]
    assert body(answer) == job.artifacts.get(name="drums").file.read_bytes()[:100]


def test_files_are_not_given_where_that_is_not_allowed(client: Client, share: Share) -> None:
    token = share(show_title=True).token
    assert "/tracks/" not in client.get(f"/s/{token}/").content.decode()
    assert "tracks.zip" not in client.get(f"/s/{token}/").content.decode()
    for path in ("tracks/drums/", "tracks.zip"):
        assert client.get(f"/s/{token}/{path}").status_code == 404


def test_the_zip_has_the_chosen_stems_and_nothing_else(
    client: Client, share: Share, job: Job
) -> None:
    token = share(allow_download=True, show_title=True).token
    assert f'href="/s/{token}/tracks.zip"' in client.get(f"/s/{token}/").content.decode()
    answer = client.get(f"/s/{token}/tracks.zip")
    assert 'filename="Harbour Lights.zip"' in answer["Content-Disposition"]
    content = body(answer)
    assert int(answer["Content-Length"]) == len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        names = files.namelist()
        drums = files.read("Harbour Lights/drums.wav")
    assert names == ["Harbour Lights/drums.wav", "Harbour Lights/vocals.wav"]
    assert drums == job.artifacts.get(name="drums").file.read_bytes()


def test_a_zip_whose_files_are_gone_is_not_there(client: Client, share: Share, job: Job) -> None:
    token = share(allow_download=True, show_title=True).token
    for track in job.artifacts.all():
        track.file.unlink()
    assert client.get(f"/s/{token}/tracks.zip").status_code == 404


def ends(name: str, new: NewLink, job: Job) -> None:
    if name == "revoked":
        revoke_link(link=new.link)
    elif name == "expired":
        ShareLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif name == "deleted":
        delete_job(job=job)
    elif name == "switched off":
        site.SHARE = False
    elif name == "without sound":
        (job.directory / "listen/index.json").unlink()


@pytest.mark.parametrize("end", ["revoked", "expired", "deleted", "switched off", "without sound"])
def test_a_link_that_ended_is_as_if_it_had_never_been(
    client: Client, share: Share, job: Job, end: str, settings: Settings
) -> None:
    settings.SHARE = True
    new = share(allow_download=True, show_title=True)
    unknown = client.get("/s/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/")
    assert "This link does not work" in unknown.content.decode()
    ends(end, new, job)
    for path in FILES:
        answer = client.get(f"/s/{new.token}/{path}")
        assert (answer.status_code, answer.content) == (404, unknown.content), path
        assert answer["X-Robots-Tag"] == unknown["X-Robots-Tag"]


@pytest.mark.parametrize("token", ["a", "%00", "%FF%FE", "ä" * 40, "x" * 3000])
def test_odd_tokens_are_unknown_links(client: Client, db: None, token: str) -> None:
    assert client.get(f"/s/{token}/").status_code == 404


def everything(client: Client, token: str) -> str:
    """All words that a link answers with, headers too."""
    answers = [client.get(f"/s/{token}/{path}") for path in FILES]
    headers = [f"{name}: {value}" for answer in answers for name, value in answer.items()]
    texts = [answer.content.decode() for answer in answers if not answer.streaming]
    return "\n".join([*headers, *texts])


def test_nothing_is_told_of_the_owner_the_job_and_other_stems(
    client: Client, share: Share, job: Job, ella: "User"
) -> None:
    told = everything(client, share(label="For the label").token).lower()
    secrets = (
        ella.username, "marchetti", ella.email, str(job.pk), job.pk.hex, str(job.source.pk),
        job.source.sha256, "harbour", "tagged title", "piano", "residual", "for the label",
        "manifest.json", "spectral", str(site.OUTPUT_DIR),
    )  # fmt: skip
    assert [secret for secret in secrets if secret.lower() in told] == []
    assert "drums" in told and "shared stems" in told


def test_the_title_is_told_where_the_owner_allows_it(client: Client, share: Share) -> None:
    told = everything(client, share(show_title=True).token)
    assert "<h1>Harbour Lights</h1>" in told
    assert "Tagged title" not in told


def test_who_opens_it_while_logged_in_is_not_named_either(
    client: Client, share: Share, stranger: "User"
) -> None:
    client.force_login(stranger)
    assert stranger.username not in client.get(f"/s/{share().token}/").content.decode()


@pytest.mark.parametrize("path", FILES)
def test_no_search_engine_and_no_other_site_learns_the_address(
    client: Client, share: Share, path: str
) -> None:
    answer = client.get(f"/s/{share(allow_download=True, show_title=True).token}/{path}")
    assert answer.status_code == 200
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "private" in answer["Cache-Control"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_opening_the_page_is_a_view_and_fetching_its_parts_is_none(
    client: Client, share: Share
) -> None:
    new = share()
    address = f"/s/{new.token}/"
    client.head(address)
    client.get(address, headers={"Sec-Purpose": "prefetch"})
    client.get(f"{address}mixer.json")
    new.link.refresh_from_db()
    assert new.link.views == 0
    for browser in ("One", "One", "Other"):
        client.get(address, headers={"User-Agent": browser})
    new.link.refresh_from_db()
    assert new.link.views == 2


def test_a_link_is_only_read(client: Client, share: Share) -> None:
    token = share().token
    assert {client.post(f"/s/{token}/{path}").status_code for path in FILES} == {405}


def test_an_address_that_asks_too_much_is_told_to_wait(
    client: Client, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShareThrottle, "THROTTLE_RATES", {"share": "2/min"})
    address = f"/s/{share().token}/"
    answers = [client.get(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert "Too many requests" in answers[2].content.decode()
    assert client.get(address, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_links_that_lead_nowhere_use_up_nobodys_limit(
    client: Client, share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShareThrottle, "THROTTLE_RATES", {"share": "2/min"})
    missed = [client.get(f"/s/{'x' * 32}{n}/").status_code for n in range(4)]
    assert missed == [404, 404, 429, 429]
    assert client.get(f"/s/{share().token}/").status_code == 200
