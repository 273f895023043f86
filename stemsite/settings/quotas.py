"""What one account may use."""

from stemsite import env

MAX_OPEN_UPLOADS = env.whole(
    "STEMSITE_MAX_OPEN_UPLOADS", 100, "unfinished uploads of one account", least=1
)
MAX_ACTIVE_JOBS = env.whole(
    "STEMSITE_MAX_ACTIVE_JOBS", 200, "waiting and running jobs of one account", least=1
)
MAX_RUNNING_JOBS = env.whole(
    "STEMSITE_MAX_RUNNING_JOBS", 0, "jobs of one account that run at once; 0: as many as can"
)
MAX_AUDIO_MINUTES_PER_DAY = env.whole(
    "STEMSITE_MAX_AUDIO_MINUTES_PER_DAY",
    0,
    "minutes of audio that one account may have separated in 24 hours; 0: no limit",
)
MAX_STORED_BYTES = env.whole(
    "STEMSITE_MAX_STORED_BYTES",
    0,
    "bytes of songs and tracks that one account may store; 0: no limit",
)
RESERVATION_S = env.whole(
    "STEMSITE_RESERVATION_S",
    300,
    "seconds for which an upload from which nothing arrives keeps the room that it reserved",
    least=30,
    most=1_000_000_000,
)
MAX_BATCH_SONGS = env.whole("STEMSITE_MAX_BATCH_SONGS", 500, "songs of one batch", least=2)
MAX_EMPTY_BATCHES = env.whole(
    "STEMSITE_MAX_EMPTY_BATCHES", 20, "batches of one account that hold no song yet", least=1
)
