"""A cache in the database that drops no entry before it expires.

allauth counts sign-ups and requests for mail in the default cache. Django's caches drop live
entries when there are many, so an attacker could delete the counts against them by creating many.
"""

from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections


class KeptCache(DatabaseCache):
    """A database cache that only culls expired entries. ``MAX_ENTRIES`` is the number of entries
    above which it looks for expired ones."""

    _table: str

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        operations = connections[db].ops
        table, expires = operations.quote_name(self._table), operations.quote_name("expires")
        cursor.execute(
            f"DELETE FROM {table} WHERE {expires} < %s",
            [operations.adapt_datetimefield_value(now)],
        )
