"""Backups, disk space and how long things are kept."""

from stemsite import env

BACKUP_DIR = env.optional_path(
    "STEMSITE_BACKUP_DIR", "folder for backups, which a worker then makes; empty: none are made"
)
BACKUP_HOURS = env.whole(
    "STEMSITE_BACKUP_HOURS",
    24,
    "hours from one of these backups to the next",
    least=1,
    most=876_000,
)
BACKUP_KEEP = env.whole("STEMSITE_BACKUP_KEEP", 7, "how many of these backups are kept", least=1)
MIN_FREE_BYTES = env.whole(
    "STEMSITE_MIN_FREE_BYTES", 512 * 1024 * 1024, "disk space that uploads and jobs leave free"
)
RESERVE_BYTES = env.whole(
    "STEMSITE_RESERVE_BYTES",
    32 * 1024 * 1024,
    "disk space that is kept for signing in and deleting on a full disk",
)
RETENTION_DAYS = env.whole(
    "STEMSITE_RETENTION_DAYS", 0, "days after which audio is deleted; 0 keeps it", most=36_500
)
WORK_RETENTION_HOURS = env.whole(
    "STEMSITE_WORK_RETENTION_HOURS",
    24,
    "hours for which a failed job can resume mid-way",
    most=876_000,
)
SCRUB_DAYS = env.whole(
    "STEMSITE_SCRUB_DAYS",
    30,
    "days after which a delivered file is compared with its digest again; 0: never",
    most=36_500,
)
