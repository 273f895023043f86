"""The signing key of an installation that was given none: made once, kept beside its data."""

import os
import secrets
from pathlib import Path


def stored_secret_key(data_dir: Path) -> str:
    """Read ``data_dir/secret_key``, or make it; two processes starting at once agree on one.

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
            pass  # another process was first; its key is as good
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii").strip()
