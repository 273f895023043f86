"""The address of a song, sent as JSON with any choices beside it, becomes a job."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from rest_framework.request import Request

from jobs.api.batch_choice import named_batch
from jobs.api.serializers.choices import choice_fields, read_choices
from jobs.models import Job
from jobs.services.job.choices import request_with_defaults
from jobs.services.uploads.url_import import check_url_import, import_song
from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def submit_import(request: Request) -> Job:
    """Raises ``UrlImportOff`` and all that :func:`jobs.services.uploads.url_import.import_song`
    raises."""
    check_url_import()
    fields: Mapping[str, Any] = request.data if isinstance(request.data, Mapping) else {}
    url = fields.get("url")
    if not isinstance(url, str) or not url.strip():
        raise InvalidOptions("Send the address of the song as `url`.")
    others = {name: value for name, value in fields.items() if name != "url"}
    chosen = request_with_defaults(choices=read_choices(choice_fields(others)))
    batch = named_batch(request, fields.get("batch"))
    return import_song(owner=cast("User", request.user), url=url, request=chosen, batch=batch)
