"""The digest of a manifest itself. It is kept outside the manifest: in the row of its job."""

import hashlib
import json
from typing import Any


def manifest_digest(manifest: dict[str, Any]) -> str:
    """sha256 (hex) of canonical JSON, so that neither the order of keys nor white space counts."""
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
