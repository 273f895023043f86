"""Static files under names that change with their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_NAMED = r"""(?P<matched>import(?P<names>\s*\{[^}]*\})\s*from\s*["'](?P<url>\./[^"']+)["']\s*;)"""


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """What our own modules import is named by its content as well: no browser mixes an old module
    with a new one. Django can do that for all scripts or for none, and scripts of others import
    what is not here."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((_NAMED, """import%(names)s from "%(url)s";"""),)),
    )
