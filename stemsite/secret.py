"""The signing key of an installation without STEMSITE_SECRET_KEY, kept in its data directory."""

import os
import secrets
from pathlib import Path


def stored_secret_key(data_dir: Path) -> str:
    """Read ``data_dir/secret_key``, or create it; processes that start at once use the same key.

    The key is written to a private name and linked into place, so a reader never sees half of it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    file = data_dir / "secret_key"
    if not file.exists():
        draft = data_dir / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        try:
            file.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was first, and its key is used
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()
