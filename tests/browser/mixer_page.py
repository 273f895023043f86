"""The mixer as a person uses it: buttons, sliders, and where the song is."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitor

CUT_NAMES = """(names) => names
    .filter((name) => name.checkVisibility())
    .filter((name) => {
        const { left, right } = name.getBoundingClientRect();
        const desk = name.closest(".lane__desk").getBoundingClientRect();
        return name.scrollWidth > name.clientWidth || name.scrollHeight > name.clientHeight
            || left < desk.left || right > desk.right + 0.5;
    })
    .map((name) => `${name.textContent} at ${innerWidth} px`)"""
"""The names of lanes of which a part cannot be seen."""


@dataclass(frozen=True)
class MixerPage:
    person: Visitor

    @property
    def page(self) -> Page:
        return self.person.page

    @property
    def mixer(self) -> Locator:
        return self.page.get_by_role("region", name="Mixer")

    def call(self, script: str) -> Any:
        """Run ``script``, to which ``mixer`` is the player of the page."""
        return self.page.evaluate(
            f"(({{mixer}}) => {script})(document.querySelector('[data-mixer]'))"
        )

    def as_at_first(self) -> None:
        """Whatever another test left in it, for an account that both have."""
        self.call("mixer.persistence.reset()")

    def state(self) -> str:
        return str(self.mixer.get_attribute("data-state"))

    def position(self) -> float:
        return float(self.call("mixer.engine.position()"))

    def press_play(self) -> None:
        self.page.get_by_role("button", name="Play", exact=True).click()
        self.until_it_sounds()

    def until_it_sounds(self) -> None:
        """Playing, and past the crossfade from what sounded before."""
        expect(self.mixer).to_have_attribute("data-state", "playing")
        self.page.wait_for_timeout(200)

    def seek(self, seconds: float) -> None:
        self.call(f"mixer.engine.seek({seconds})")
        self.until_it_sounds()

    def slide(self, name: str, value: float) -> None:
        slider = self.page.get_by_role("slider", name=name, exact=True)
        slider.fill(str(value))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def cut_names(self) -> list[str]:
        found: list[str] = self.page.locator(".lane__name span").evaluate_all(CUT_NAMES)
        return found

    def lane(self, name: str) -> Locator:
        return self.page.locator(f"[data-lane={name}]")
