"""The address of a song, sent as JSON with any choices beside it, becomes a job."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from django.http import QueryDict
from rest_framework.request import Request

from jobs.api.batch_choice import named_batch
from jobs.api.serializers.choices import read_choices
from jobs.models import Job
from jobs.services.choices import request_with_defaults
from jobs.services.url_import import check_url_import, import_song
from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def submit_import(request: Request) -> Job:
    """Raises ``UrlImportOff`` and all that :func:`jobs.services.url_import.import_song` raises."""
    check_url_import()
    fields: Mapping[str, Any] = request.data if isinstance(request.data, Mapping) else {}
    url = fields.get("url")
    if not isinstance(url, str) or not url.strip():
        raise InvalidOptions("Send the address of the song as `url`.")
    others = {name: value for name, value in fields.items() if name != "url"}
    chosen = request_with_defaults(choices=read_choices(_as_form(others)))
    batch = named_batch(request, fields.get("batch"))
    return import_song(owner=cast("User", request.user), url=url, request=chosen, batch=batch)


def _as_form(fields: Mapping[str, Any]) -> QueryDict:
    """The same choices as a form would have them, so that they are judged in one place."""
    form = QueryDict(mutable=True)
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        form.setlist(name, [_text(name, one) for one in values if one is not None])
    return form


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict | list):
        raise InvalidOptions(f"{name}: send a word, a number, true or false, or a list of words.")
    return str(value).lower() if isinstance(value, bool) else str(value)
