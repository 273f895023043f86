"""Many clients and slow ones."""

from stemsite import env

WEB_THREADS = env.whole(
    "STEMSITE_WEB_THREADS",
    32,
    "requests served at once, of which uploads take at most three quarters",
    least=2,
    most=10_000,
)
HEADER_S = env.number(
    "STEMSITE_HEADER_S", 10.0, "seconds in which the headers of a request must have come"
)
IDLE_S = env.number(
    "STEMSITE_IDLE_S", 15.0, "seconds for which a connection waits for its next request"
)
MAX_HEADER_BYTES = env.whole(
    "STEMSITE_MAX_HEADER_BYTES", 32 * 1024, "most bytes of a request's headers", least=1024
)
BUFFER_BYTES = env.whole(
    "STEMSITE_BUFFER_BYTES",
    256 * 1024,
    "bytes of a body, or of an answer, that wait for a slow client without a thread",
    least=1024,
)
PACE_S = env.number(
    "STEMSITE_PACE_S",
    45.0,
    "seconds of waiting for a client after which a body or a download must have kept its pace",
)
PACE_BYTES_PER_S = env.whole(
    "STEMSITE_PACE_BYTES_PER_S",
    1000,
    "that pace: bytes in a second of waiting, on average",
    least=1,
)
GIVE_WAY_S = env.number(
    "STEMSITE_GIVE_WAY_S",
    3.0,
    "seconds after which a client that is below the pace gives way to others that need its place",
)
MAX_CONNECTIONS = env.whole(
    "STEMSITE_MAX_CONNECTIONS", 2000, "connections to the web server at once", least=8
)
ADDRESS_CONNECTIONS = env.whole(
    "STEMSITE_ADDRESS_CONNECTIONS", 200, "of these, connections of one address", least=4
)
ADDRESS_THREADS = env.whole(
    "STEMSITE_ADDRESS_THREADS", 24, "requests of one address that are served at once", least=1
)
QUEUE_S = env.number(
    "STEMSITE_QUEUE_S", 60.0, "seconds for which a request waits to be served, before it gets a 503"
)
