"""``python -m separation.demo FILE``: write the demonstration song as FLAC."""

import sys
from pathlib import Path

from separation.demo.song import write_song


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m separation.demo FILE.flac")
    write_song(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
