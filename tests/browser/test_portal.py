"""The whole path as a person walks it, through a real server, worker and browser."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, expect

from tests.browser.visitor import JOB_S, Visitor, song, visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("songs")


@pytest.fixture(scope="module")
def owner(browser: Browser, site: str, folder: Path) -> Iterator[Visitor]:
    """Somebody whose first song has been separated, on the page of its results."""
    person = visitor(browser, site)
    person.sign_up("owner")
    person.choose(song(folder, "Night train.wav"))
    person.separate()
    person.page.wait_for_url("**/jobs/*/")
    expect(person.page.locator("progress")).to_be_visible()
    expect(person.page.locator(".track audio").first).to_be_attached(timeout=JOB_S)
    yield person
    person.context.close()


def test_the_results_play(owner: Visitor) -> None:
    player = owner.page.get_by_label("Play Vocals", exact=True)
    played = player.evaluate(
        """async (audio) => {
            await audio.play();
            await new Promise((done) => audio.addEventListener("timeupdate", done, {once: true}));
            return {duration: audio.duration, ready: audio.readyState, error: audio.error};
        }"""
    )
    assert played["duration"] == pytest.approx(3.0, abs=0.01)
    assert played["ready"] >= 2
    assert played["error"] is None


def test_a_stem_and_the_archive_come_down_whole(owner: Visitor) -> None:
    owner.page.get_by_role("tab", name="Downloads").click()
    with owner.page.expect_download() as stem:
        owner.page.get_by_role("link", name="Download Drums, ").click()
    sound, rate_hz = soundfile.read(stem.value.path(), always_2d=True)
    assert (rate_hz, sound.shape) == (44_100, (3 * 44_100, 2))
    with owner.page.expect_download() as archive:
        owner.page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(io.BytesIO(archive.value.path().read_bytes())) as files:
        assert files.testzip() is None
        names = {Path(name).name for name in files.namelist()}
    assert {"drums.flac", "vocals.flac", "manifest.json"} <= names


def test_the_browser_had_nothing_to_complain_of(owner: Visitor) -> None:
    for path in ("/", "/jobs/", "/accounts/password/change/"):
        owner.go(path)
    owner.page.go_back()
    assert owner.complaints == []


def test_a_stranger_sees_404(owner: Visitor, browser: Browser, site: str) -> None:
    owner.go("/jobs/")
    owner.page.get_by_role("link", name="Night train").click()
    path = owner.page.url.removeprefix(site)
    stranger = visitor(browser, site)
    stranger.sign_up("stranger")
    assert stranger.go(path) == 404
    expect(stranger.page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
    assert stranger.go(f"{path}tracks/vocals/") == 404
    stranger.go("/jobs/")
    expect(stranger.page.get_by_text("No songs yet")).to_be_visible()
    stranger.context.close()


def test_several_songs_are_sent_in_turn_and_a_bad_one_says_why(
    owner: Visitor, folder: Path
) -> None:
    words = folder / "words.wav"
    words.write_text("no music here, only words " * 20)
    owner.go("/")
    owner.choose(song(folder, "One.wav", seconds=0.3), words, song(folder, "Two.wav", seconds=0.3))
    rows = owner.page.get_by_role("list", name="Songs to upload").get_by_role("listitem")
    expect(owner.page.get_by_role("button", name="Separate 3 songs")).to_be_enabled()
    owner.page.get_by_role("button", name="Separate 3 songs").click()
    expect(rows.nth(2)).to_contain_text("In the queue", timeout=JOB_S)
    expect(rows.nth(0)).to_contain_text("In the queue")
    expect(rows.nth(1)).to_have_class(re.compile("failed"))
    expect(rows.nth(1)).not_to_contain_text("[object")
    owner.page.get_by_role("button", name="Remove words.wav").click()
    owner.page.get_by_role("link", name="See the songs in the library").click()
    # What was sent together is one row; its page has the songs.
    owner.page.get_by_role("link", name=re.compile("^Songs of ")).click()
    for name in ("One", "Two"):
        expect(owner.page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_without_javascript_the_plain_form_works(browser: Browser, site: str, folder: Path) -> None:
    plain = visitor(browser, site, scripts=False)
    plain.sign_up("plain")
    plain.choose(song(folder, "Plain.wav", seconds=1.0))
    plain.separate()
    expect(plain.page.get_by_role("heading", level=1)).to_have_text("Plain")
    # Nobody touches anything: the page loads itself anew until the tracks are there.
    expect(plain.page.locator(".track audio").first).to_be_attached(timeout=JOB_S)
    plain.page.get_by_role("link", name="Delete").click()
    plain.page.get_by_role("button", name="Delete it").click()
    expect(plain.page.get_by_text("Plain and its tracks are deleted.")).to_be_visible()
    plain.context.close()


def test_no_page_is_wider_than_a_phone(owner: Visitor, site: str) -> None:
    owner.go("/jobs/")
    owner.page.get_by_role("link", name="Night train").click()
    job = owner.page.url.removeprefix(site)
    owner.page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/jobs/", job, f"{job}delete/", "/accounts/password/change/", "/nothing/"):
        owner.go(path)
        assert owner.page.evaluate("document.documentElement.scrollWidth") == 360, path


def test_the_keyboard_reaches_the_content_first(owner: Visitor) -> None:
    owner.go("/jobs/")
    owner.page.keyboard.press("Tab")
    expect(owner.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    owner.page.keyboard.press("Enter")
    expect(owner.page.locator("main")).to_be_focused()


@pytest.fixture
def six_stems(environment: dict[str, str]) -> Iterator[None]:
    """A model that can be chosen, as its weights lie on the server."""
    folder = Path(environment["STEMSITE_DATA_DIR"]) / "models" / "htdemucs_6s"
    folder.mkdir(parents=True)
    (folder / "htdemucs_6s.yaml").write_text("models: ['5c90dfd2']\n")
    (folder / "5c90dfd2-34c22ccb.th").write_bytes(b"weights")
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("six_stems")
def test_only_stems_of_the_chosen_model_are_offered(owner: Visitor) -> None:
    owner.go("/")
    owner.open_more()
    owner.page.get_by_role("radio", name="Own choice").check()
    owner.page.get_by_role("radio", name="Only these").check()
    expect(owner.page.get_by_role("checkbox", name="Vocals", exact=True)).to_be_visible()
    expect(owner.page.get_by_role("checkbox", name="Guitar")).to_be_hidden()
    owner.page.get_by_text("More models").click()
    owner.page.locator("input[value='demucs:htdemucs_6s']").check()
    expect(owner.page.get_by_role("checkbox", name="Guitar")).to_be_visible()
