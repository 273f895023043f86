"""The source file of a job, which is only read."""

from collections.abc import Callable
from pathlib import Path

from separation.errors import CorruptAudio, FileUnavailable
from separation.storage.atomic_files import FileDigest, digest_of


def digest_source(path: Path, check: Callable[[], None]) -> FileDigest:
    """Return the file's digest; ``check`` is called while it is read. Raises ``CorruptAudio`` if
    the file is missing, and ``FileUnavailable`` if it cannot be read."""
    try:
        return digest_of(path, check)
    except FileNotFoundError:
        raise CorruptAudio("The source file is not there any more. Upload it again.") from None
    except OSError as error:
        raise FileUnavailable(f"The source file cannot be read ({error.strerror}).") from error
