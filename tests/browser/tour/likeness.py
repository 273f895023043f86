"""Small pictures of pages, kept beside the tests, and how far a page of today is from them.

A picture has a quarter of the page's pixels in each direction, so that text is a shade of grey:
it shows where things stand, how large they are and in which colour, and hardly what they say. The
browser itself reads and compares them, so that no library for pictures is needed.
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Page

FOLDER = Path(__file__).with_name("pictures")
SCALE = 0.25
HEIGHT = 1600
"""Of what is kept of a page, in its own pixels: two screens."""

CELL = 4
"""Pixels of a picture, in each direction, whose mean colour is compared."""

FAR = 24
"""How much one of the three colours of a cell may differ, of 255: anti-aliasing and other words
stay below, another colour or place of a box does not."""

_SAMPLE = "Hamburgefonstiv 0123456789, Größe & Länge"
_WIDTH_OF_TEXT = """(text) => {
    const line = document.createElement("span");
    line.style.cssText = "position:absolute;white-space:nowrap;font-size:100px";
    line.textContent = text;
    document.body.append(line);
    const {width} = line.getBoundingClientRect();
    line.remove();
    return Math.round(width);
}"""
_COMPARE = """async ([before, now, cell, far]) => {
    const pixels = async (data) => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const canvas = new OffscreenCanvas(
            Math.ceil(image.width / cell), Math.ceil(image.height / cell));
        const context = canvas.getContext("2d");
        context.imageSmoothingQuality = "high";
        context.drawImage(image, 0, 0, canvas.width, canvas.height);
        return context.getImageData(0, 0, canvas.width, canvas.height);
    };
    const [a, b] = [await pixels(before), await pixels(now)];
    if (a.width !== b.width) return 1;
    const length = Math.min(a.data.length, b.data.length);
    let different = Math.abs(a.data.length - b.data.length) / 4;
    for (let k = 0; k < length; k += 4) {
        const distance = Math.max(...[0, 1, 2].map((c) => Math.abs(a.data[k + c] - b.data[k + c])));
        different += distance > far;
    }
    return different / (Math.max(a.data.length, b.data.length) / 4);
}"""


def width_of_text(page: Page) -> int:
    """That of a line of 100 px in the page's font: other fonts lay a page out in another way."""
    width: int = page.evaluate(_WIDTH_OF_TEXT, _SAMPLE)
    return width


def take(page: Page) -> bytes:
    """A PNG of the top of the page; ``page`` is of a context with ``SCALE``."""
    page.wait_for_timeout(300)  # for what scripts draw when the page is there
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    top = FloatRect(x=0, y=0, width=width, height=min(height, HEIGHT))
    return page.screenshot(full_page=True, clip=top)


@dataclass(frozen=True)
class Comparison:
    """A page without the site's content policy, in which two pictures are read."""

    page: Page

    @classmethod
    def of(cls, browser: Browser) -> "Comparison":
        return cls(browser.new_page())

    def share_that_differs(self, before: bytes, now: bytes) -> float:
        """Of the cells of two pictures, from 0 to 1; 1 for pictures of different widths."""
        data = [base64.b64encode(picture).decode() for picture in (before, now)]
        share: float = self.page.evaluate(_COMPARE, [*data, CELL, FAR])
        return share
