"""Filters that write numbers and names of jobs for people."""

import re
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from jobs.models.preferences import Theme
from jobs.script_texts import script_texts_address
from jobs.sentences import in_digits, translated
from jobs.services.account.preferences import theme_of
from jobs.services.email import mail_is_set_up
from jobs.services.sizes import size as size_in_english
from jobs.services.song_length import clock as length_as_clock
from jobs.services.timing.progress import about as length_in_words
from jobs.services.timing.progress import whole_percent
from jobs.wording import decibels, stage_label, took, track_label

register = template.Library()
register.filter("translated", translated)
register.filter("decibels", decibels)
register.filter("stage_label", stage_label)
register.filter("took", took)
register.filter("track_label", track_label)
register.filter("translated", translated)
register.filter("whole_percent", whole_percent)

_STEMS = ("vocals", "drums", "bass", "other", "guitar", "piano", "harmonic", "percussive")


@register.filter
def size(count: int) -> str:
    return in_digits(size_in_english(count))


@register.filter
def about(seconds: float) -> str:
    return in_digits(length_in_words(seconds))


@register.simple_tag
def site_name() -> str:
    return str(settings.SITE_NAME)


@register.simple_tag
def signup_is_open() -> bool:
    return bool(settings.SIGNUP_OPEN)


@register.simple_tag
def site_sends_mail() -> bool:
    return mail_is_set_up()


@register.simple_tag
def songs_may_leave() -> bool:
    """Whether songs may be sent to another machine, so that no page promises otherwise."""
    return bool(settings.REMOTE_URL)


@register.simple_tag
def offered_languages() -> list[tuple[str, str]]:
    """Code and name of each language of the site."""
    return list(settings.OFFERED_LANGUAGES)


@register.simple_tag
def script_texts() -> str:
    """The address of the scripts' texts in the language of the page; empty where none is needed."""
    return script_texts_address(translation.get_language() or "en")


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The person's theme; an error page that is made without a request follows the system."""
    user = context.get("user")
    return theme_of(user) if user is not None else Theme.SYSTEM


@register.filter
def element_id(name: str) -> str:
    """A name as a part of an HTML id; two names never become the same id."""
    return re.sub(r"[^A-Za-z0-9-]", lambda letter: f"_{ord(letter[0]):x}_", name)


@register.filter
def host(address: str) -> str:
    """The host name of a link."""
    return urlsplit(address).hostname or address


@register.filter
def stem_class(name: str) -> str:
    """The CSS class with the colour of a track's stem; sums have a neutral colour."""
    plain = (name.partition("__")[0] or name).removesuffix("_normalized").removesuffix("_denoised")
    return f"stem-{plain}" if plain in _STEMS else "stem-sum"


@register.filter
def clock(seconds: float | None) -> str:
    """The length of a song, as the mixer shows it."""
    return "" if seconds is None else length_as_clock(seconds)


@register.filter
def time_left(seconds: float | None) -> str:
    """A remaining time in words, rounded as an estimate should be."""
    if seconds is None:
        return ""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 90:
        return _("about %(time)s left") % {"time": f"{round(seconds / 5) * 5} s"}
    if seconds < 5400:
        return _("about %(time)s left") % {"time": f"{round(seconds / 60)} min"}
    return _("about %(time)s left") % {"time": in_digits(f"{seconds / 3600:.1f} h")}


@register.filter
def minute_in(times_real_time: float) -> str:
    """The time for a minute of audio at a speed in multiples of real time."""
    seconds = 60.0 / times_real_time
    if seconds < 10:
        return in_digits(f"{seconds:.1f} s")
    return _("about %(time)s") % {"time": in_digits(length_in_words(seconds))}


@register.filter
def times(factor: float) -> str:
    """A factor in words, rounded as an estimate should be."""
    shown = f"{factor:.1f}" if factor < 3 else f"{factor:.0f}"
    return _("%(factor)s times") % {"factor": in_digits(shown.removesuffix(".0"))}


@register.filter
def commands(sentence: str) -> SafeString:
    """A sentence as HTML; text between backquotes becomes ``<code>``."""
    escaped = conditional_escape(sentence)
    return mark_safe(re.sub("`([^`]*)`", r"<code>\1</code>", escaped))
