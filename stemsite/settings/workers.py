"""Workers and the queue."""

from stemsite import env
from stemsite.gpu_cards import cards

CHECKPOINT_S = env.number(
    "STEMSITE_CHECKPOINT_S", 30.0, "seconds between checkpoints inside a separation; 0 for none"
)
MAX_JOB_S = env.whole(
    "STEMSITE_MAX_JOB_S",
    6 * 3600,
    "seconds after which a job is given up",
    least=60,
    most=1_000_000_000,
)
DEADLINE_FACTOR = env.whole(
    "STEMSITE_DEADLINE_FACTOR",
    10,
    "a job is given up after so many times what it should take",
    least=2,
    most=1_000_000,
)
DEADLINE_FLOOR_S = env.whole(
    "STEMSITE_DEADLINE_FLOOR_S",
    900,
    "seconds that every job may take at least",
    least=60,
    most=1_000_000_000,
)
MAX_ATTEMPTS = env.whole(
    "STEMSITE_MAX_ATTEMPTS", 3, "times a job is tried when its worker is lost", least=1, most=1_000
)
LEASE_S = env.whole(
    "STEMSITE_LEASE_S", 90, "seconds a silent worker keeps its job", least=10, most=1_000_000
)
HEARTBEAT_S = env.number("STEMSITE_HEARTBEAT_S", 15.0, "seconds between signs of life of a job")
BACKOFF_S = env.number(
    "STEMSITE_BACKOFF_S", 2.0, "seconds until a lost job is tried again; four times more each time"
)
TURN_SHORT_S = env.number(
    "STEMSITE_TURN_SHORT_S",
    60.0,
    "seconds of other people's short songs for which a long job gives way at once; 0: never",
    most=86_400.0,
)
TURN_MIN_S = env.number(
    "STEMSITE_TURN_MIN_S",
    120.0,
    "seconds for which a job runs between two such turns",
    least=1.0,
    most=1_000_000.0,
)
STALL_S = env.whole(
    "STEMSITE_STALL_S",
    300,
    "seconds without a sign of life after which a running job's process is replaced",
    least=10,
    most=1_000_000_000,
)
RUNNER_MEMORY_MB = env.whole(
    "STEMSITE_RUNNER_MEMORY_MB",
    0,
    "megabytes of memory that a separating process may hold; 0: no limit",
)
DRAIN_S = env.whole(
    "STEMSITE_DRAIN_S",
    12,
    "seconds a stopping worker has to end by itself",
    least=3,
    most=1_000_000,
)
WORKERS = env.whole(
    "STEMSITE_WORKERS", 1, "jobs that run at once on this host", least=1, most=1_000
)
CARDS = cards()
GPU_WORKERS = env.whole(
    "STEMSITE_GPU_WORKERS",
    0,
    "jobs that a gpu worker runs at once; 0: one for each card",
    most=1_000,
)
LANES = env.words(
    "STEMSITE_LANES",
    ["interactive", "backfill"],
    "lanes that a worker serves when it is not told by --lanes",
)
BACKFILL_PENDING = env.whole(
    "STEMSITE_BACKFILL_PENDING", 2, "jobs that campaigns keep waiting in the queue at once", least=1
)

# Tried by hand: see docs/operations.md. Retry stays above timeout, or a running ticket is handed
# out twice; guard_cycle must be 0.5, 1 or 2, as the hard timeout compares a float with zero.
Q_CLUSTER = {
    "name": "stemsite",
    "workers": WORKERS,
    "queue_limit": max(2, WORKERS),
    "bulk": 1,
    "poll": 0.5,
    "timeout": MAX_JOB_S + 600,
    "retry": 3 * (MAX_JOB_S + 600) + 60,
    "max_attempts": 1,
    "ack_failures": True,
    "guard_cycle": 1,
    "catch_up": False,
    "recycle": 200,
    "save_limit": 100,
    "orm": "default",
    "cache": "queue",
    "label": "Queue",
    # What differs from the above. A worker of the gpu cluster has a card for itself.
    "ALT_CLUSTERS": {
        "gpu": {
            "workers": GPU_WORKERS or max(1, len(CARDS)),
            "queue_limit": 1,
            "timeout": MAX_JOB_S + 600,
            "retry": 3 * (MAX_JOB_S + 600) + 60,
        }
    },
}
