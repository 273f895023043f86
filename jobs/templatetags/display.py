"""How numbers and names of jobs are written for people."""

import re
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from jobs.models.preferences import Theme
from jobs.services.preferences import theme_of
from jobs.services.progress import about
from jobs.services.sizes import size
from separation.families import spoken_name

register = template.Library()
register.filter("size", size)
register.filter("about", about)

_STAGES = {
    "prepare": "Prepare",
    "separation": "Separate stems",
    "details": "Split stems again",
    "denoise": "Reduce noise",
    "listening": "Make playable",
    "harmonic_percussive": "Split harmonic and percussive",
    "composite": "Build composites",
    "normalization": "Normalize",
    "quality": "Check quality",
    "score": "Compare with the true stems",
    "export": "Encode and verify",
}
_TRACKS = {"ni_stems": "All stems in one file"}
_STEMS = ("vocals", "drums", "bass", "other", "guitar", "piano", "harmonic", "percussive")


@register.simple_tag
def songs_may_leave() -> bool:
    """Whether a page must not promise that everything stays on this server."""
    return bool(settings.REMOTE_URL)


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """What the person chose; a page of error that is made without a request follows the system."""
    user = context.get("user")
    return theme_of(user) if user is not None else Theme.SYSTEM


@register.filter
def host(address: str) -> str:
    """Where a link leads, without the rest of its address."""
    return urlsplit(address).hostname or address


@register.filter
def stage_label(name: str) -> str:
    return _STAGES.get(name, name.replace("_", " ").capitalize())


@register.filter
def track_label(name: str) -> str:
    return _TRACKS.get(name) or spoken_name(name).capitalize()


@register.filter
def stem_class(name: str) -> str:
    """The class that gives a track the colour of its stem; sums have the neutral one."""
    plain = (name.partition("__")[0] or name).removesuffix("_normalized").removesuffix("_denoised")
    return f"stem-{plain}" if plain in _STEMS else "stem-sum"


@register.filter
def clock(seconds: float | None) -> str:
    """Length of a song, as a player shows it."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def time_left(seconds: float | None) -> str:
    """An estimate in words, no more exact than an estimate is."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds left"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s left"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min left"
    return f"about {seconds / 3600:.1f} h left"


@register.filter
def took(seconds: float | None) -> str:
    """How long a stage ran."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


@register.filter
def minute_in(times_real_time: float) -> str:
    """How long a minute of audio takes at a speed."""
    seconds = 60.0 / times_real_time
    return f"{seconds:.1f} s" if seconds < 10 else time_left(seconds).removesuffix(" left")


@register.filter
def times(factor: float) -> str:
    """How many times as much, as coarse as an estimate is."""
    shown = f"{factor:.1f}" if factor < 3 else f"{factor:.0f}"
    return f"{shown.removesuffix('.0')} times"


@register.filter
def decibels(value: float | None, unit: str) -> str:
    """One decimal with a true minus sign; silence has no level."""
    if value is None:
        return "silent"
    return f"{value:.1f} {unit}".replace("-", "\N{MINUS SIGN}")


@register.filter
def commands(sentence: str) -> SafeString:
    """A sentence with what is to be typed marked as such: it stands between backquotes."""
    escaped = conditional_escape(sentence)
    return mark_safe(re.sub("`([^`]*)`", r"<code>\1</code>", escaped))
