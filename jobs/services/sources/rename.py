"""A song gets the title that its owner gives it. The name of its file stays as it was sent."""

from typing import TYPE_CHECKING

from django.db import transaction

from jobs.models import Source
from jobs.models.account_lock import lock_account
from jobs.services.sources.same_names import next_number
from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TITLE_LENGTH = 255


def rename(*, owner: "User", source: Source, title: str) -> None:
    """An empty title brings back the first one, of the tags or the file.

    Raises ``InvalidOptions`` for a title that is too long.
    """
    # Importing the audio core takes a while, and most requests need none of it.
    from separation.audio.names import one_line

    title = one_line(title).strip() or source.first_title
    if len(title) > MAX_TITLE_LENGTH:
        raise InvalidOptions(f"A title has at most {MAX_TITLE_LENGTH} characters. Shorten it.")
    with transaction.atomic():
        lock_account(owner)
        song = Source.objects.get(pk=source.pk)
        if title != song.song_title:
            song.name_number = next_number(owner_id=owner.pk, title=title)
            song.song_title = title
            song.save(update_fields=["song_title", "name_number"])
    source.refresh_from_db(fields=["song_title", "name_number"])
