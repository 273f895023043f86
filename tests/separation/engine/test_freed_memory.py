"""What a separation needed is given back before the stages that follow take theirs."""

import os
import platform
import subprocess
import sys

import pytest

from separation.runner.client import MALLOC_ENVIRONMENT

_PROBE = """
import sys, numpy as np
from separation.engine.devices import release_memory

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

# A layer's worth at a time, the last one kept, as a heap can always be cut at its end.
layers = [np.ones(4_000_000, np.float32) for _ in range(16)]
held, layers = layers.pop(), None
before = resident_mb()
if sys.argv[1] == "release":
    release_memory("cpu")
print(before - resident_mb())
"""


def _given_back_mb(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, how],
        env={**os.environ, **MALLOC_ENVIRONMENT},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps freed pages so")
def test_pages_of_freed_tensors_go_back_when_a_separation_ends() -> None:
    assert _given_back_mb("keep") < 10
    assert _given_back_mb("release") > 150
