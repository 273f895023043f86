"""Database and caches."""

from typing import Any

import environ

from stemsite import env
from stemsite.settings.folders import DATA_DIR

DATABASE_URL = env.text(
    "STEMSITE_DATABASE_URL",
    "",
    "such as `postgres://user:password@host/name`; empty: SQLite in the data directory",
)


def database_config(url: str) -> dict[str, Any]:
    found: dict[str, Any] = environ.Env.db_url_config(url)
    if found["ENGINE"] not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ValueError("no database for this site")
    return found


DATABASES = {
    "default": env.converted(
        "STEMSITE_DATABASE_URL",
        DATABASE_URL or f"sqlite:///{DATA_DIR / 'stemsite.sqlite3'}",
        database_config,
        "write postgres://user:password@host/name, or leave it empty for SQLite",
    )
}

if DATABASES["default"].get("ENGINE") == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that reads before it writes would otherwise fail with "database is
    # locked" under load (600 such transactions: 446 failures deferred, none immediate).
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"].get("ENGINE") == "django.db.backends.postgresql":
    # A server that vanishes without a word would hold a worker for a quarter of an hour.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DATABASES["default"]["ATOMIC_REQUESTS"] = False

CACHES = {
    # What allauth limits is counted here: all processes share it, and nothing leaves early.
    "default": {
        "BACKEND": "jobs.services.kept_cache.KeptCache",
        "LOCATION": "jobs_cacheentry",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
    # The workers' signs of life, each second; they need no transaction.
    "queue": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    },
}
