"""The list's filters, from the query of the address."""

from django.db.models import F, Q
from django.db.models.functions import Lower
from rest_framework import serializers

from jobs.models.job import JobQuerySet, JobStatus

SORTS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "title": "Title",
    "longest": "Longest first",
    "shortest": "Shortest first",
}


class JobFilterSerializer(serializers.Serializer[dict[str, str]]):
    status = serializers.ChoiceField(JobStatus.choices, required=False)
    separator = serializers.CharField(required=False)
    search = serializers.CharField(
        required=False, help_text="Part of the file's name, the title or the artist."
    )
    tag = serializers.CharField(required=False, help_text="Only jobs that carry this tag.")
    batch = serializers.UUIDField(required=False, help_text="Only songs of this batch.")
    favourite = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only favourites, or only others."
    )
    sort = serializers.ChoiceField(
        tuple(SORTS.items()), required=False, help_text="Newest first when it is left out."
    )


def filtered(jobs: JobQuerySet, query: dict[str, str]) -> JobQuerySet:
    """In the order asked for. Raises DRF's ``ValidationError`` for a status or an order that does
    not exist."""
    # `?status=` is what an untouched form sends: no filter.
    serializer = JobFilterSerializer(data={name: text for name, text in query.items() if text})
    serializer.is_valid(raise_exception=True)
    wanted = serializer.validated_data
    if "status" in wanted:
        jobs = jobs.filter(status=wanted["status"])
    if "separator" in wanted:
        jobs = jobs.filter(separator=wanted["separator"])
    if "search" in wanted:
        text = wanted["search"]
        jobs = jobs.filter(
            Q(source__original_name__icontains=text)
            | Q(source__title__icontains=text)
            | Q(source__artist__icontains=text)
        )
    if "tag" in wanted:
        jobs = jobs.filter(tags__name__iexact=wanted["tag"])
    if "batch" in wanted:
        jobs = jobs.filter(batch=wanted["batch"])
    if wanted["favourite"] is not None:
        jobs = jobs.filter(is_favourite=wanted["favourite"])
    return _sorted(jobs, wanted.get("sort", "newest"))


def _sorted(jobs: JobQuerySet, sort: str) -> JobQuerySet:
    length = F("source__duration_s")
    if sort == "oldest":
        return jobs.newest_first().reverse()
    if sort == "title":
        return jobs.newest_first(Lower("source__original_name"))
    if sort == "longest":
        return jobs.newest_first(length.desc())
    if sort == "shortest":
        return jobs.newest_first(length.asc())
    return jobs.newest_first()
