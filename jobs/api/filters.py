"""The list's filters, from the query of the address."""

from django.db.models import Q
from rest_framework import serializers

from jobs.models.job import JobQuerySet, JobStatus


class JobFilterSerializer(serializers.Serializer[dict[str, str]]):
    status = serializers.ChoiceField(JobStatus.choices, required=False)
    separator = serializers.CharField(required=False)
    search = serializers.CharField(
        required=False, help_text="Part of the file's name, the title or the artist."
    )


def filtered(jobs: JobQuerySet, query: dict[str, str]) -> JobQuerySet:
    """Raises DRF's ``ValidationError`` for a status that does not exist."""
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
    return jobs
