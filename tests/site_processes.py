"""The processes of one site of the tests, found by their environment: orphans are among them."""

from pathlib import Path


def processes_of(data_dir: Path | str) -> dict[int, str]:
    """Their commands by their numbers."""
    mine = f"STEMSITE_DATA_DIR={data_dir}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if mine in variables:
            found[int(process.name)] = command
    return found
