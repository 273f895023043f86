"""``python -m separation.mixdown``: render the task on standard input.

Exits with 0 and ``{"done": name of the file}`` on standard output, or with 3 and ``{"error": code,
"detail": sentence}`` after an expected error. The first argument is the process id of the parent.
"""

import errno
import json
import sys

from separation.system.processes import end_with_parent

REFUSED = 3


def main() -> None:
    end_with_parent(parent=int(sys.argv[1]))
    # Imported afterwards: the imports take so long that the parent may be killed meanwhile.
    from separation.errors import DiskFull, SeparationError
    from separation.mixdown.render import render
    from separation.mixdown.request import MixTask

    try:
        mix = render(MixTask.model_validate_json(sys.stdin.buffer.read()))
    except SeparationError as error:
        _refuse(error.code, error.detail)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _refuse(DiskFull.code, "The mix could not be written: the server's disk is full.")
    else:
        sys.stdout.write(json.dumps({"done": mix.name}))


def _refuse(code: str, detail: str) -> None:
    sys.stdout.write(json.dumps({"error": code, "detail": detail}))
    sys.exit(REFUSED)


if __name__ == "__main__":
    main()
