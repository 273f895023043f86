"""Where networks run, and a service elsewhere."""

from stemsite import env

ROUTES = env.words(
    "STEMSITE_ROUTES",
    ["local_gpu", "remote", "local_cpu"],
    "where networks may run; the first of these that can take a job does",
    choices=("local_gpu", "remote", "local_cpu"),
)
REMOTE_URL = env.url(
    "STEMSITE_REMOTE_URL", "separation service or other stemsite; empty: there is none"
)
REMOTE_TOKEN = env.text("STEMSITE_REMOTE_TOKEN", "", "token that the remote service knows; secret")
REMOTE_DIALECT = env.text(
    "STEMSITE_REMOTE_DIALECT",
    "auto",
    "what the remote service speaks; auto asks it whether it is a stemsite",
    choices=("auto", "generic", "stemsite"),
)
REMOTE_CONNECT_S = env.number(
    "STEMSITE_REMOTE_CONNECT_S", 10.0, "seconds to reach the remote service", least=0.1
)
REMOTE_READ_S = env.number(
    "STEMSITE_REMOTE_READ_S", 30.0, "seconds without a byte from the remote service", least=0.1
)
REMOTE_WRITE_S = env.number(
    "STEMSITE_REMOTE_WRITE_S", 10.0, "seconds in which the remote service takes no byte", least=0.1
)
REMOTE_POOL_S = env.number(
    "STEMSITE_REMOTE_POOL_S",
    10.0,
    "seconds to wait for a free connection to the remote service",
    least=0.1,
)
REMOTE_RETRIES = env.whole(
    "STEMSITE_REMOTE_RETRIES", 20, "times that a failed request to the remote service is repeated"
)
REMOTE_BACKOFF = env.number(
    "STEMSITE_REMOTE_BACKOFF", 1.5, "how much longer each pause between such requests is", least=1.0
)
REMOTE_MAX_PAUSE_S = env.number(
    "STEMSITE_REMOTE_MAX_PAUSE_S", 30.0, "longest of these pauses, in seconds"
)
REMOTE_PATIENCE_S = env.number(
    "STEMSITE_REMOTE_PATIENCE_S",
    300.0,
    "longest pause, in seconds, that the remote service may ask for (Retry-After)",
)
REMOTE_KEEP = env.boolean(
    "STEMSITE_REMOTE_KEEP", False, "leave jobs on the remote stemsite when their stems are fetched"
)
