import pytest
import torch

from separation.engine.devices import DeviceFailed, device_errors, pick_device
from separation.errors import InvalidOptions, OutOfMemory


def test_the_cpu_is_taken_when_asked_for() -> None:
    assert pick_device("cpu").name == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_auto_without_a_gpu_takes_the_cpu_and_says_why() -> None:
    device = pick_device("auto")
    assert device.name == "cpu"
    assert "CUDA" in device.reason


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_cuda_asked_for_and_not_there_is_refused_in_words() -> None:
    with pytest.raises(InvalidOptions, match="cuda was asked for"):
        pick_device("cuda")


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_every_way_of_running_out_of_memory_has_one_name(error: BaseException) -> None:
    with pytest.raises(OutOfMemory, match="smaller model"), device_errors("cuda"):
        raise error


def test_a_gpu_that_breaks_is_told_from_a_bug() -> None:
    with pytest.raises(DeviceFailed), device_errors("cuda"):
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    with pytest.raises(RuntimeError, match="shape"), device_errors("cuda"):
        raise RuntimeError("shape mismatch")
    with pytest.raises(RuntimeError, match="CUDA"), device_errors("cpu"):
        raise RuntimeError("CUDA is mentioned, but nothing runs there")
