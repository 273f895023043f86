"""The page of a report."""

import re
from html.parser import HTMLParser
from typing import Any

from separation.evaluation.page import as_page
from separation.evaluation.report import FailedSong
from tests.separation.evaluation.reports import report, run, song

EVIL = "<script>alert(1)</script>&\"'"


class Tags(HTMLParser):
    """Names of the tags, and what is never closed."""

    VOID = ("meta", "rect", "circle", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]
        self.addresses += [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def page() -> str:
    first = run(song("A", vocals=1.25, drums=4.0), song("B", vocals=2.25, drums=None))
    return as_page(report(first, run(song("A", vocals=3.0), name="other")))


def test_the_page_stands_alone_without_script_and_is_well_formed() -> None:
    tags = Tags(page())
    assert tags.open == []
    assert tags.addresses == []
    assert "script" not in tags.names and "link" not in tags.names
    assert "url(" not in page() and "@import" not in page()


def test_it_is_made_for_light_and_dark() -> None:
    assert '<meta name="color-scheme" content="light dark">' in page()
    assert "prefers-color-scheme: dark" in page()


def test_every_plot_has_a_title_and_says_its_numbers_to_those_who_cannot_see_it() -> None:
    plots = re.findall(r"<svg.*?</svg>", page(), re.DOTALL)
    assert len(plots) == 4
    for plot in plots:
        assert 'role="img"' in plot
        assert re.search(r"<title>.+?</title><desc>.+?</desc>", plot)
    assert "spectral, vocals: 6.8 dB" in plots[0]
    assert "vocals: doing nothing -5.0 dB, separated 1.8 dB, ideal mask 10.0 dB" in plots[1]
    assert "spectral: 10.0" in plots[3]


def test_the_bars_are_as_long_as_the_gains() -> None:
    first = as_page(report(run(song("A", vocals=0.0, drums=5.0))))
    plot = re.findall(r"<svg.*?</svg>", first, re.DOTALL)[0]
    one, two = (float(width) for width in re.findall(r'<rect.*?width="([\d.]+)"', plot))
    # Gains of 5 and 10 dB; places are rounded to tenths.
    assert abs(two / one - 2) < 0.01


def test_figures_stand_in_tables_with_headings_by_song_and_together() -> None:
    text = page()
    for caption in (
        "spectral, all songs: SDR, whole song (MDX), dB",
        "A: SDR, BSS Eval v4, dB",
        "spectral against other: SDR, whole song (MDX), dB",
    ):
        assert f"<caption>{caption}</caption>" in text
    assert '<tr><th scope="row">vocals</th><td>1.75</td><td>6.75</td>' in text
    assert '<th scope="row">drums (silent)</th><td>-</td>' in text


def test_names_of_songs_stems_and_suites_are_text_whatever_they_hold() -> None:
    stems: dict[str, Any] = {EVIL: 1.0}
    failed = (FailedSong(EVIL, "corrupt_audio", EVIL),)
    told = as_page(report(run(song(EVIL, **stems), failed=failed), suite=EVIL))
    assert "<script" not in told
    assert "&lt;script&gt;" in told
    assert Tags(told).open == []


def test_a_song_without_figures_is_told_with_its_reason() -> None:
    failed = (FailedSong("D", "corrupt_audio", "It is damaged."),)
    told = as_page(report(run(song("A", vocals=1.0), failed=failed)))
    assert "D (spectral): corrupt_audio: It is damaged." in told


def test_quick_looks_are_told_as_such() -> None:
    told = as_page(report(run(song("A", vocals=1.0)), seconds=12.0, limited=True))
    assert "12 s of the middle of each" in told
    assert "not all of the suite" in told


def test_a_stem_without_any_figure_does_not_break_the_plots() -> None:
    assert Tags(as_page(report(run(song("A", vocals=None))))).open == []
