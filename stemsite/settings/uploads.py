"""Songs that come in."""

from stemsite import env

MAX_UPLOAD_BYTES = env.whole(
    "STEMSITE_MAX_UPLOAD_BYTES", 500 * 1024 * 1024, "largest source file", least=1
)
MAX_FIELDS_BYTES = env.whole(
    "STEMSITE_MAX_FIELDS_BYTES", 64 * 1024, "most bytes of an API request that has no song", least=1
)
URL_IMPORT = env.boolean(
    "STEMSITE_URL_IMPORT", False, "members may have songs fetched from links to audio files"
)
URL_IMPORT_S = env.number(
    "STEMSITE_URL_IMPORT_S", 120.0, "seconds that fetching one such song may take", least=0.1
)
URL_IMPORTS_AT_ONCE = env.whole(
    "STEMSITE_URL_IMPORTS_AT_ONCE", 2, "songs that are fetched at the same time", least=1
)
URL_IMPORT_NETWORKS = env.networks(
    "STEMSITE_URL_IMPORT_NETWORKS",
    "networks that may be asked though they are not public, such as 10.1.2.0/24",
)
MAX_DURATION_S = env.optional_number("STEMSITE_MAX_DURATION_S", "longest song in seconds")
MAX_CHANNELS = env.whole("STEMSITE_MAX_CHANNELS", 64, "channels of a source file", least=1)
MIN_SAMPLE_RATE_HZ = env.whole(
    "STEMSITE_MIN_SAMPLE_RATE_HZ", 1_000, "lowest sample rate of a source file", least=1
)
MAX_SAMPLE_RATE_HZ = env.whole(
    "STEMSITE_MAX_SAMPLE_RATE_HZ", 768_000, "highest sample rate of a source file", least=1
)
MAX_DECODE_RATIO = env.number(
    "STEMSITE_MAX_DECODE_RATIO", 4_000.0, "decoded bytes for each byte of a source file", least=1.0
)
DECODE_WALL_S = env.number(
    "STEMSITE_DECODE_WALL_S", 3_600.0, "seconds that decoding may take", least=0.1
)
PROBE_COUNT_S = env.number(
    "STEMSITE_PROBE_COUNT_S",
    5.0,
    "seconds of decoding an upload to measure it; of what is left the header is believed",
    least=0.1,
)

# Nine, so that with starting and ending a process every answer is there within ten.
PROBE_WALL_S = env.number(
    "STEMSITE_PROBE_WALL_S", 9.0, "seconds after which looking at an upload is given up", least=0.1
)
DECODE_MEMORY_BYTES = env.whole(
    "STEMSITE_DECODE_MEMORY_BYTES", 1_000_000_000, "address space of a decoding process", least=1
)
UPLOAD_HOURS = env.whole(
    "STEMSITE_UPLOAD_HOURS",
    24,
    "hours after its last byte for which an unfinished upload can go on, and keeps its room",
    least=1,
    most=876_000,
)
UPLOAD_STALL_S = env.number(
    "STEMSITE_UPLOAD_STALL_S",
    30.0,
    "seconds without a byte after which an upload's connection counts as lost",
    least=0.1,
)
