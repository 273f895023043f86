"""Static files whose names contain a hash of their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

_NAMED = (
    r"""(?P<matched>import(?P<names>\s*\{[^}]*\})\s*from\s*["'](?P<url>\.{1,2}/[^"']+)["']\s*;)"""
)


class ModuleStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Also rewrites the imports of our own modules to hashed names, so that no browser mixes old
    and new modules. Django rewrites all scripts or none, and scripts of other projects import
    files that are not here."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", ((_NAMED, """import%(names)s from "%(url)s";"""),)),
    )
