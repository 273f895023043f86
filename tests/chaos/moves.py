"""A diary of the job table that the database itself keeps, by triggers: whatever process moves a
job, however short it lives, and whatever the software believes, the move is there.

It is what makes "exactly once" a thing to count instead of a thing to infer from the last state.
"""

from django.db import connection

SQLITE = (
    """
    CREATE TABLE chaos_move (
        id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT, before TEXT, after TEXT,
        attempt INTEGER, token TEXT, at REAL)
    """,
    """
    CREATE TRIGGER chaos_moves AFTER UPDATE ON jobs_job
    WHEN old.status <> new.status OR old.lease_token IS NOT new.lease_token
    BEGIN
        INSERT INTO chaos_move (job, before, after, attempt, token, at) VALUES (
            new.id, old.status, new.status, new.attempt, new.lease_token,
            (julianday('now') - 2440587.5) * 86400.0);
    END
    """,
)
POSTGRES = (
    """
    CREATE TABLE chaos_move (
        id bigserial PRIMARY KEY, job text, before text, after text,
        attempt integer, token text, at double precision)
    """,
    """
    CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO chaos_move (job, before, after, attempt, token, at) VALUES (
            replace(new.id::text, '-', ''), old.status, new.status, new.attempt,
            new.lease_token::text, extract(epoch FROM clock_timestamp()));
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER chaos_moves AFTER UPDATE ON jobs_job FOR EACH ROW
    WHEN (old.status <> new.status OR old.lease_token IS DISTINCT FROM new.lease_token)
    EXECUTE FUNCTION chaos_note()
    """,
)
COLUMNS = ("job", "before", "after", "attempt", "token", "at")


def install() -> None:
    statements = POSTGRES if connection.vendor == "postgresql" else SQLITE
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def all_moves() -> list[dict[str, object]]:
    """In their order; ``job`` is the id without hyphens."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM chaos_move ORDER BY id")
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def forget_life_before(job: str) -> None:
    """Of a job that was tried again by hand: what came before is no second end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chaos_move WHERE job = %s AND id <= (SELECT max(id) FROM chaos_move "
            "WHERE job = %s AND before IN ('failed', 'cancelled'))",
            [job.replace("-", "")] * 2,
        )
