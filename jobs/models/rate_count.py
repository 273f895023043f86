"""Counts of rate limits, and the table of the default cache, in the database: a flood of new
entries pushes no live one out."""

from datetime import datetime

from django.db import models


class RateCountQuerySet(models.QuerySet["RateCount"]):
    def ended(self, now: datetime) -> "RateCountQuerySet":
        """Counts whose period is over."""
        return self.filter(ends_at__lte=now)

    def running(self, now: datetime) -> "RateCountQuerySet":
        return self.filter(ends_at__gt=now)


class RateCount(models.Model):
    """How often an event occurred in a period that began with its first occurrence.

    ``key`` is a keyed digest, so the row reveals neither an address nor an account.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    objects = RateCountQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.count} until {self.ends_at:%Y-%m-%d %H:%M:%S}"


class CacheEntry(models.Model):
    """The table of ``jobs.services.kept_cache``, with the columns that Django's cache writes."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "cache entries"

    def __str__(self) -> str:
        return self.cache_key
