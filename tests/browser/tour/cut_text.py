"""Text of a page of which a part cannot be seen."""

from playwright.sync_api import Page

_FIND = """() => {
    const apart = ".visually-hidden, .skip-link, option, noscript, script, style, svg, [data-cut]";
    const shown = {visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true};
    const beyond = (text, box) => text.left < box.left - 1 || text.right > box.right + 1
        || text.top < box.top - 1 || text.bottom > box.bottom + 1;
    const cutBy = (text, element) => {
        for (let each = element; each !== document.body; each = each.parentElement) {
            const {overflowX, overflowY} = getComputedStyle(each);
            const both = [overflowX, overflowY];
            if (both.some((how) => how === "auto" || how === "scroll")) return null;
            if (both.every((how) => how === "visible")) continue;
            const box = each.getBoundingClientRect();
            if (beyond(text, box)) return each.className || each.localName;
        }
        const page = {left: 0, right: innerWidth, top: -Infinity, bottom: Infinity};
        return beyond(text, page) ? "the page" : null;
    };
    const found = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const node = texts.currentNode;
        const element = node.parentElement;
        if (!node.data.trim() || element.closest(apart)) continue;
        if (!element.checkVisibility(shown)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const line of range.getClientRects()) {
            const cut = line.width > 1 ? cutBy(line, element) : null;
            if (cut) found.add(`"${node.data.trim().slice(0, 40)}" by ${cut}`);
        }
    }
    return [...found];
}"""

_SCROLLS = """() => {
    const wide = [...document.querySelectorAll("body *")].filter((each) => {
        const how = getComputedStyle(each).overflowX;
        return (how === "auto" || how === "scroll") && each.scrollWidth > each.clientWidth + 1
            && each.checkVisibility() && !each.closest("[data-scrolls], textarea, input");
    });
    return wide.map((each) => `${each.className || each.localName} holds ${each.scrollWidth} px`);
}"""


def cut_texts(page: Page) -> list[str]:
    """Each text that its own box, a box around it or the window cuts off. Text for screen readers
    and what is marked with ``data-cut`` (it can be read elsewhere) do not count."""
    found: list[str] = page.evaluate(_FIND)
    return found


def sideways(page: Page) -> list[str]:
    """What scrolls from side to side: the page itself, and boxes that are not made for it
    (``data-scrolls``)."""
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    wide = [f"the page is {width[0]} px wide"] if width[0] > width[1] else []
    found: list[str] = page.evaluate(_SCROLLS)
    return [*wide, *found]
