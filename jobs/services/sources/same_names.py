"""Which of an account's songs of one title a song is: the second "mixture" is number 2."""

from django.db.models import Max

from jobs.models import Source


def next_number(*, owner_id: int, title: str) -> int:
    """For a new song. Numbers of deleted songs are given again only where none above is left."""
    same = Source.objects.filter(owner_id=owner_id, song_title=title)
    highest: int | None = same.aggregate(highest=Max("name_number"))["highest"]
    return (highest or 0) + 1
