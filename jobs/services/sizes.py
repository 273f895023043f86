"""Formats numbers of bytes for people."""


def size(count: int) -> str:
    """A size in decimal units, in the same notation as the pages' script."""
    if count < 1_000_000:
        return f"{-(-count // 1000)} kB"
    if count < 100_000_000:
        return f"{count / 1e6:.1f} MB"
    return f"{count / 1e6:.0f} MB" if count < 1_000_000_000 else f"{count / 1e9:.2f} GB"
