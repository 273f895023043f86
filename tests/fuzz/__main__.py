"""``python -m tests.fuzz``: every target for its share of the time, or one of them on given files.

Needs the packages of requirements-fuzz.txt. What was found stays under ``.fuzz/``: inputs that
reach new code, from which the next run goes on, and those that broke something.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".fuzz"
MAX_BYTES = 64 * 1024
HANGS_S = 20
MEMORY_MB = 2000


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--target", help="this one only")
    parser.add_argument("files", nargs="*", type=Path, help="run the target on these and end")
    options = parser.parse_args()
    _prepare()
    if options.files:
        return _again(options.target, options.files)
    if options.target:
        return _fuzz(options.target, options.seconds)
    return _all(options.seconds)


def _prepare() -> None:
    """Django with a data folder that nobody needs."""
    os.environ.setdefault("STEMSITE_DATA_DIR", tempfile.mkdtemp(prefix="stemsite-fuzz-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stemsite.settings")
    import django

    django.setup()


def _all(seconds: int) -> int:
    """One process each: a fuzzer ends its own."""
    from tests.fuzz.targets import TARGETS

    share_s = max(seconds // len(TARGETS), 1)
    failed = []
    for name in TARGETS:
        command = ["-m", "tests.fuzz", "--target", name, "--seconds", str(share_s)]
        if subprocess.run([sys.executable, *command], check=False).returncode:
            failed.append(name)
    for name in failed:
        sys.stderr.write(
            f"{name}: see above; once more: python -m tests.fuzz --target {name} FILE\n"
        )
    return 1 if failed else 0


def _fuzz(name: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["separation", "jobs", "mutagen", "email"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.seeds import seeds

    corpus, begin, found = (FOLDER / name / part for part in ("corpus", "seeds", "found"))
    for folder in (corpus, begin, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (begin / f"{number:03}").write_bytes(seed)
    flags = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        f"-timeout={HANGS_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup(["tests.fuzz", *flags, str(corpus), str(begin)], TARGETS[name])
    atheris.Fuzz()
    return 0


def _again(name: str, files: list[Path]) -> int:
    from tests.fuzz.targets import TARGETS

    for path in files:
        TARGETS[name](path.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
