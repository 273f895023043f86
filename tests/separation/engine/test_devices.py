from typing import Any

import pytest
import torch

from separation.engine.devices import (
    Device,
    DeviceFailed,
    choose_engine,
    describe_host,
    device_errors,
    pick_device,
)
from separation.engine.host import HostReport
from separation.errors import InvalidOptions, ModelUnavailable, OutOfMemory


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


CPU, GPU = Device("cpu", "CPU"), Device("cuda", "Card 9000")
PLAIN = HostReport("a processor", 2, ("avx2",), 1, 1)
MODERN = HostReport("a processor", 2, ("avx2", "avx512_bf16"), 1, 1)


@pytest.mark.parametrize(
    ("asked", "device", "host", "installed", "expected"),
    [
        (("auto", "auto"), CPU, MODERN, True, ("openvino", True)),
        (("auto", "auto"), CPU, PLAIN, True, ("openvino", False)),
        (("auto", "exact"), CPU, MODERN, True, ("openvino", False)),
        (("auto", "fast"), CPU, PLAIN, True, ("openvino", False)),
        (("auto", "auto"), CPU, MODERN, False, ("torch", True)),
        (("auto", "auto"), GPU, PLAIN, True, ("torch", True)),
        (("auto", "exact"), GPU, PLAIN, True, ("torch", False)),
        (("torch", "exact"), CPU, MODERN, True, ("torch", False)),
        (("torch", "fast"), CPU, MODERN, True, ("torch", True)),
        (("openvino", "exact"), CPU, MODERN, True, ("openvino", False)),
    ],
)
def test_engine_and_precision_follow_the_wish_and_the_host(
    asked: Any, device: Device, host: HostReport, installed: bool, expected: Any
) -> None:
    engine, precision = asked
    choice = choose_engine(engine, precision, device, host, installed=installed)
    assert (choice.name, choice.fast) == expected
    assert choice.reason


def test_an_engine_that_is_not_installed_is_refused_in_words() -> None:
    with pytest.raises(ModelUnavailable, match="pip install openvino"):
        choose_engine("openvino", "auto", CPU, PLAIN, installed=False)


def test_openvino_on_a_gpu_is_refused_in_words() -> None:
    with pytest.raises(InvalidOptions, match="on the CPU"):
        choose_engine("openvino", "auto", GPU, PLAIN, installed=True)


def test_the_host_is_described_without_a_card_when_the_cpu_computes() -> None:
    assert describe_host(CPU).cards == ()
