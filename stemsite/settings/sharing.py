"""Mixing, sharing and batches."""

from stemsite import env

BATCH_QUIET_S = env.number(
    "STEMSITE_BATCH_QUIET_S",
    20.0,
    "seconds without another song after which a batch whose songs have ended is told of by e-mail",
)
SHARE = env.boolean("STEMSITE_SHARE", True, "members may share finished songs by a link")
SHARE_MAX_DAYS = env.whole(
    "STEMSITE_SHARE_MAX_DAYS", 30, "days for which such a link can work", least=1, most=36_500
)
SHARE_MAX_LINKS = env.whole(
    "STEMSITE_SHARE_MAX_LINKS", 20, "links of one song that work at the same time", least=1
)
FRONT_DEMO = env.boolean(
    "STEMSITE_FRONT_DEMO",
    True,
    "the first page plays the demonstration song to visitors without an account",
)
MIX_S = env.number("STEMSITE_MIX_S", 240.0, "seconds that making one mix may take", least=0.1)
MIXES_AT_ONCE = env.whole(
    "STEMSITE_MIXES_AT_ONCE", 2, "mixes that are made at the same time", least=1
)
MIXER_STATE_BYTES = env.whole(
    "STEMSITE_MIXER_STATE_BYTES",
    16_384,
    "bytes in which a page tells how its mixer was left; more is refused",
    least=4096,
)
