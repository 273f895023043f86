"""Filters and order of the list of jobs, from the query of the address."""

from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from jobs.models.job import JobQuerySet, JobStatus

SORTS = {
    "newest": _("Newest first"),
    "oldest": _("Oldest first"),
    "title": _("Title"),
    "longest": _("Longest first"),
    "shortest": _("Shortest first"),
}


class JobFilterSerializer(serializers.Serializer[dict[str, str]]):
    status = serializers.ChoiceField(JobStatus.choices, required=False)
    separator = serializers.CharField(required=False)
    search = serializers.CharField(
        required=False, help_text="Part of the title, the artist or the file's name."
    )
    tag = serializers.CharField(required=False, help_text="Only jobs that carry this tag.")
    batch = serializers.UUIDField(required=False, help_text="Only songs of this batch.")
    set_list = serializers.UUIDField(required=False, help_text="Only songs of this set list.")
    favourite = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only favourites, or only others."
    )
    sort = serializers.ChoiceField(
        tuple(SORTS), required=False, help_text="Newest first when it is left out."
    )


def filtered(jobs: JobQuerySet, query: dict[str, str]) -> JobQuerySet:
    """The jobs that the query selects, in its order.

    Raises DRF's ``ValidationError`` for a status or an order that does not exist.
    """
    # An untouched form sends `?status=`, which is no filter.
    serializer = JobFilterSerializer(data={name: text for name, text in query.items() if text})
    serializer.is_valid(raise_exception=True)
    filters = serializer.validated_data
    if "status" in filters:
        jobs = jobs.filter(status=filters["status"])
    if "separator" in filters:
        jobs = jobs.filter(separator=filters["separator"])
    if "search" in filters:
        text = filters["search"]
        jobs = jobs.filter(
            Q(source__song_title__icontains=text)
            | Q(source__original_name__icontains=text)
            | Q(source__title__icontains=text)
            | Q(source__artist__icontains=text)
        )
    if "tag" in filters:
        jobs = jobs.filter(tags__name__iexact=filters["tag"])
    if "batch" in filters:
        jobs = jobs.filter(batch=filters["batch"])
    if "set_list" in filters:
        jobs = jobs.filter(set_list_entries__set_list=filters["set_list"])
    if filters["favourite"] is not None:
        jobs = jobs.filter(is_favourite=filters["favourite"])
    return _sorted(jobs, filters.get("sort", "newest"))


def _sorted(jobs: JobQuerySet, sort: str) -> JobQuerySet:
    length = F("source__duration_s")
    if sort == "oldest":
        return jobs.newest_first().reverse()
    if sort == "title":
        return jobs.newest_first(Lower("source__song_title"))
    if sort == "longest":
        return jobs.newest_first(length.desc())
    if sort == "shortest":
        return jobs.newest_first(length.asc())
    return jobs.newest_first()
