"""Songs and links from anywhere on the upload page: dropped, in a folder, pasted."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.visitor import Visitor, song, visitor
from tests.factories import wav_bytes
from tests.web_server import ROOT, WebServer

pytestmark = pytest.mark.browser

SEND = """([types, {text, file}]) => {
    const data = new DataTransfer();
    if (text) data.setData("text/plain", text);
    if (file) {
        const bytes = Uint8Array.from(atob(file.bytes), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], file.name, {type: "audio/wav"}));
    }
    const target = document.activeElement ?? document.body;
    for (const type of types) {
        const options = {bubbles: true, cancelable: true};
        target.dispatchEvent(type === "paste"
            ? new ClipboardEvent(type, {clipboardData: data, ...options})
            : new DragEvent(type, {dataTransfer: data, ...options}));
    }
}"""
OVER = ["dragenter", "dragover"]


LEARN = """
from jobs.models import Speed
works = ("prepare", "listening", "harmonic_percussive", "composite", "normalization", "quality")
for work in (*works, "separation", "export"):
    row = {"separator": "auto", "model_name": "standard"} if work == "separation" else {}
    Speed.objects.create(host="h", device="cpu", work=work, seconds_per_second=2.0, **row)
"""


@pytest.fixture
def person(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    """A member of a site that fetches links and has learned speeds; no worker is needed."""
    server = WebServer(tmp_path / "site", STEMSITE_URL_IMPORT="1")
    try:
        server.start()
        command = [sys.executable, "manage.py", "shell", "-c", LEARN]
        subprocess.run(command, cwd=ROOT, env=server.environment, check=True)
        somebody = visitor(browser, server.address)
        somebody.sign_up("dropper")
        yield somebody
        somebody.context.close()
    finally:
        server.stop()


def sound(name: str, seconds: float = 1.0) -> dict[str, str]:
    return {"name": name, "bytes": base64.b64encode(wav_bytes(seconds)).decode()}


def album(folder: Path) -> Path:
    """Two songs, one of them in a folder of its own, and a picture."""
    inner = folder / "Album" / "Second disc"
    inner.mkdir(parents=True)
    song(folder / "Album", "First.wav", seconds=0.3)
    song(inner, "Second.wav", seconds=0.3)
    (inner / "cover.jpg").write_bytes(b"a picture")
    return folder / "Album"


def drop_from_the_desktop(page: Page, path: Path) -> None:
    """As the system does it, with the files' real entries."""
    tools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        tools.send("Input.dispatchDragEvent", {"type": kind, "x": 40, "y": 100, "data": data})


def test_songs_and_links_are_taken_in_anywhere_on_the_page(person: Visitor, tmp_path: Path) -> None:
    page = person.page
    overlay = page.get_by_text("Drop songs or folders anywhere")
    rows = page.get_by_role("list", name="Songs to upload").get_by_role("listitem")
    times = page.locator("fieldset [data-time]")
    expect(page.get_by_text("Choose a folder")).to_be_visible()
    expect(times.first).to_contain_text("A song of 4 minutes in about ")

    page.evaluate(SEND, [OVER, {"text": "a dragged word"}])
    expect(overlay).to_be_hidden()
    page.evaluate(SEND, [OVER, {"file": sound("Dropped.wav")}])
    expect(overlay).to_be_visible()
    page.evaluate(SEND, [["dragleave"], {"file": sound("Dropped.wav")}])
    expect(overlay).to_be_hidden()
    page.evaluate(SEND, [[*OVER, "drop"], {"file": sound("Dropped.wav")}])
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Dropped.wav")
    expect(overlay).to_be_hidden()
    # Two seconds to start, and more than eight for a second of sound.
    expect(times.first).to_have_text("About 10 s for this song on this machine")

    drop_from_the_desktop(page, album(tmp_path))
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("Second.wav")
    expect(page.get_by_text("1 file that is no song was left out.")).to_be_visible()
    page.evaluate(SEND, [["paste"], {"file": sound("Pasted.wav", 0.5)}])
    expect(rows).to_have_count(4)
    expect(page.get_by_role("button", name="Separate 4 songs")).to_be_enabled()
    expect(times.first).to_have_text("About 25 s for these 4 songs on this machine")

    link = "https://example.org/song.mp3"
    address = page.get_by_label("Or the address of a song")
    address.focus()
    page.evaluate(SEND, [["paste"], {"text": link}])
    expect(address).to_have_value("")  # the browser itself pastes there, and no script
    page.get_by_role("radio", name="Karaoke", exact=True).check()
    page.evaluate(SEND, [["paste"], {"text": link}])
    expect(address).to_have_value(link)
    expect(page.get_by_role("button", name="Fetch and separate")).to_be_focused()
    expect(page).to_have_url(f"{person.site}/")
    assert person.complaints == []
