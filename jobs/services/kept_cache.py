"""A cache in the database from which nothing is pushed out before its time.

allauth counts sign-ups and requests for mail in the default cache. Django's caches drop live
entries once there are many of them: whoever makes many would wash away what counts against them.
"""

from datetime import datetime
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections


class KeptCache(DatabaseCache):
    """Its ``MAX_ENTRIES`` only says from how many entries on ended ones are looked for."""

    _table: str

    def _cull(self, db: str, cursor: Any, now: datetime, num: int) -> None:
        operations = connections[db].ops
        table, expires = operations.quote_name(self._table), operations.quote_name("expires")
        cursor.execute(
            f"DELETE FROM {table} WHERE {expires} < %s",
            [operations.adapt_datetimefield_value(now)],
        )
