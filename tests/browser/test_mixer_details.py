"""What was made of a stem opens under it, and is heard in its place and not beside it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from tests.browser.mixable import SPLIT, SPLIT_PARTS, SPLIT_STEMS
from tests.browser.mixer_page import MixerPage
from tests.browser.visitor import Visitor, visitor

pytestmark = pytest.mark.browser

LANES = (
    "drums", "drums__kick", "drums__snare",
    "vocals", "vocals_denoised", "vocals__guitar", "vocals__strings",
)  # fmt: skip


@pytest.fixture(scope="module")
def person(browser: Browser, site: str, environment: dict[str, str]) -> Iterator[Visitor]:
    made = subprocess.run(
        [sys.executable, "-m", "tests.browser.mixable", "splitter", SPLIT],
        cwd=settings.BASE_DIR,
        env={**environment, "DJANGO_SETTINGS_MODULE": "stemsite.settings"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    person = visitor(browser, site)
    person.log_in("splitter")
    person.go(f"/jobs/{made.stdout.strip()}/")
    yield person
    person.context.close()


@pytest.fixture
def player(person: Visitor) -> MixerPage:
    person.page.reload()
    player = MixerPage(person)
    player.mixer.wait_for()
    player.as_at_first()
    return player


def shown(player: MixerPage) -> list[str]:
    return [name for name in LANES if player.lane(name).is_visible()]


def heard(player: MixerPage) -> list[str]:
    """By what the engine is told to play."""
    gains = player.call("mixer.desk.mix.stems.map(({ gain }) => gain)")
    return [name for name, gain in zip(LANES, gains, strict=True) if gain > 0]


def test_at_first_only_the_stems_are_there(player: MixerPage) -> None:
    assert len(LANES) == len(SPLIT_STEMS) + len(SPLIT_PARTS)
    assert shown(player) == heard(player) == ["drums", "vocals"]


def test_open_parts_are_heard_in_the_place_of_their_stem(player: MixerPage) -> None:
    opener = player.page.get_by_role("button", name="Details of Drums")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.focus()
    player.page.keyboard.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    assert shown(player) == ["drums", "drums__kick", "drums__snare", "vocals"]
    assert heard(player) == ["drums__kick", "drums__snare", "vocals"]
    player.press("Mute Drums: snare")
    assert heard(player) == ["drums__kick", "vocals"]
    player.press("Solo Drums")
    assert heard(player) == ["drums__kick"]
    opener.click()
    assert shown(player) == ["drums", "vocals"]
    assert heard(player) == ["drums"]


def test_a_stem_s_volume_and_mute_work_on_its_parts(player: MixerPage) -> None:
    player.press("Details of Drums")
    player.slide("Volume of Drums", 50)
    player.slide("Volume of Drums: kick", 50)
    gains = player.call("mixer.desk.mix.stems.map(({ gain }) => gain)")
    assert gains[1:3] == pytest.approx([0.0625, 0.25])
    player.press("Mute Drums")
    assert heard(player) == ["vocals"]


def test_one_way_of_looking_at_a_stem_is_open_at_a_time(player: MixerPage) -> None:
    player.press("Less noise of Vocals")
    assert heard(player) == ["drums", "vocals_denoised"]
    player.press("Details of Vocals")
    assert shown(player) == ["drums", "vocals", "vocals__guitar", "vocals__strings"]


def test_parts_that_overlap_are_silent_beside_their_stem_until_they_are_asked_for(
    player: MixerPage,
) -> None:
    player.press("Details of Vocals")
    assert heard(player) == ["drums", "vocals"]
    player.press("Solo Vocals: guitar")
    assert heard(player) == ["vocals__guitar"]


def test_the_digits_count_the_stems(player: MixerPage) -> None:
    player.press("Details of Drums")
    player.page.keyboard.press("2")
    assert heard(player) == ["vocals"]


def test_the_exported_mix_names_what_is_heard(player: MixerPage) -> None:
    player.press("Details of Drums")
    player.slide("Volume of Drums: kick", 50)
    with player.page.expect_request("**/mix/") as sent:
        player.press("Download the mix")
    told = (sent.value.post_data or "").replace("%22", '"')
    assert "drums__kick" in told
    assert '"drums"' not in told


def test_names_of_parts_are_never_cut(player: MixerPage) -> None:
    player.press("Details of Drums")
    player.press("Details of Vocals")
    for width in (360, 768, 1280, 1920):
        player.page.set_viewport_size({"width": width, "height": 800})
        assert player.cut_names() == []


def test_waveforms_stay_under_the_ruler_wide_and_on_a_phone(player: MixerPage) -> None:
    player.press("Details of Drums")
    for width in (1280, 360):
        player.page.set_viewport_size({"width": width, "height": 800})
        left = [
            player.page.locator(f"[data-lane={name}] [data-wave]").bounding_box()["x"]  # type: ignore[index]
            for name in ("drums", "drums__kick")
        ]
        assert left[0] == pytest.approx(left[1], abs=1.5)
        assert player.page.evaluate("document.documentElement.scrollWidth") <= width
