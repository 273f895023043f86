"""Chooses the device and the engine, says why, and turns their failures into named errors."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from separation.engine.health import DeviceFailed as DeviceFailed
from separation.engine.health import note_failure
from separation.engine.host import GraphicsCard, HostReport, host_report
from separation.errors import InvalidOptions, ModelUnavailable, OutOfMemory
from separation.options import DeviceChoice
from separation.settings import EngineName, PrecisionName

_GPU_WORDS = ("cuda", "cudnn", "cublas", "nvidia")


@dataclass(frozen=True)
class Device:
    """``name``: torch's name. ``label``: for people. ``reason``: why it was chosen."""

    name: str
    label: str
    reason: str = ""


@dataclass(frozen=True)
class EngineChoice:
    """``fast``: half precision. ``reason``: why, in sentences for the log."""

    name: Literal["torch", "openvino"]
    fast: bool
    reason: str


def describe_host(device: Device) -> HostReport:
    """Describe the machine, and its GPUs where ``device`` is one; GPUs need torch."""
    if device.name == "cpu":
        return host_report()
    import torch

    cards = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        cards.append(GraphicsCard(torch.cuda.get_device_name(index), total, free))
    return host_report(tuple(cards))


def choose_engine(
    engine: EngineName,
    precision: PrecisionName,
    device: Device,
    host: HostReport,
    *,
    installed: bool | None = None,
) -> EngineChoice:
    """The engine for ``device``, and whether in half precision.

    ``auto`` takes OpenVINO on a CPU where it is installed, and half precision on a GPU and on a
    CPU that has instructions for it. ``fast`` on another CPU means float32, because half precision
    would be slower there. ``installed``: whether OpenVINO is installed; ``None``: check. Raises
    ``ModelUnavailable`` where OpenVINO was requested and is not installed, ``InvalidOptions``
    where it was requested on a GPU.
    """
    on_cpu = device.name == "cpu"
    if installed is None:
        installed = find_spec("openvino") is not None
    if engine == "openvino":
        _require_openvino(installed, on_cpu=on_cpu)
    fast = precision != "exact" and (not on_cpu or host.has_bfloat16)
    return EngineChoice(
        "openvino" if engine != "torch" and on_cpu and installed else "torch",
        fast,
        f"{_why_engine(engine, installed, on_cpu=on_cpu)} {_why_precision(precision, fast=fast)}",
    )


def _require_openvino(installed: bool, *, on_cpu: bool) -> None:
    if not installed:
        raise ModelUnavailable(
            "The engine openvino was asked for but is not installed here. Install it "
            "(pip install openvino), or set STEMSITE_ENGINE to auto or torch."
        )
    if not on_cpu:
        raise InvalidOptions(
            "The engine openvino computes on the CPU, but the device cuda was asked for. Choose "
            "the device cpu, or set STEMSITE_ENGINE to auto or torch."
        )


def _why_engine(engine: EngineName, installed: bool, *, on_cpu: bool) -> str:
    if engine != "auto":
        return f"The engine {engine} was asked for."
    if not on_cpu:
        return "The engine torch, for the GPU."
    if installed:
        return "The engine openvino, the faster one on a CPU."
    return "The engine torch, as openvino is not installed."


def _why_precision(precision: PrecisionName, *, fast: bool) -> str:
    if precision == "exact":
        return "Exact precision was asked for."
    if fast:
        return "Half precision, as the processor has instructions for it."
    return "Exact precision, as this CPU has no bfloat16 instructions."


def pick_device(choice: DeviceChoice) -> Device:
    """Choose the device to compute on; imports torch where there is a CUDA driver.

    ``auto`` takes CUDA where it works, else the CPU, and gives the reason. Raises
    ``InvalidOptions`` where ``cuda`` was requested and does not work.
    """
    if choice == "cpu":
        return Device("cpu", "CPU", "The CPU was asked for.")
    fault = _cuda_fault()
    if fault is None:
        import torch

        return Device("cuda", torch.cuda.get_device_name(0), "A working GPU was found.")
    if choice == "cuda":
        raise InvalidOptions(f"The device cuda was asked for, but {fault} Use auto or cpu.")
    return Device("cpu", "CPU", f"On the CPU, as {fault}")


def look_for_card() -> tuple[GraphicsCard | None, str]:
    """The GPU that ``cuda`` names, with the memory that a job of this process can use; or ``None``
    and the reason, which ends a sentence."""
    fault = _cuda_fault()
    if fault is not None:
        return None, fault
    import torch

    free, total = torch.cuda.mem_get_info(0)
    # torch reuses its unused cached memory for the next job.
    kept = torch.cuda.memory_reserved(0) - torch.cuda.memory_allocated(0)
    return GraphicsCard(torch.cuda.get_device_name(0), total, free + kept), ""


def _cuda_fault() -> str | None:
    """Why CUDA cannot be used, which ends a sentence; ``None`` where it works."""
    if not _has_driver():
        return "this machine has no CUDA driver."
    import torch

    if torch.version.cuda is None:
        return "this build of torch has no CUDA."
    if not torch.cuda.is_available():
        return "torch finds no usable CUDA device (no GPU, or its driver does not answer)."
    try:
        # A driver may list a GPU that cannot run a kernel of this build.
        (torch.ones(8, 8, device="cuda") @ torch.ones(8, 8, device="cuda")).sum().item()
    except RuntimeError as error:
        return f"the GPU failed a first calculation ({_first_line(error)})."
    return None


def _has_driver() -> bool:
    """Whether the driver library that torch's CUDA calls can be loaded. Importing torch to find out
    would take seconds."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


@contextmanager
def device_errors(device: str) -> Iterator[None]:
    """Turn torch's errors about memory or the device into named errors."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(_memory_words(device)) from error
    except (RuntimeError, AssertionError) as error:
        # A torch without CUDA refuses the device with an assertion.
        text = str(error).lower()
        # torch.cuda.OutOfMemoryError is a RuntimeError; the CPU allocator says "can't allocate".
        if "out of memory" in text or "can't allocate memory" in text:
            raise OutOfMemory(_memory_words(device)) from error
        if device != "cpu" and any(word in text for word in _GPU_WORDS):
            note_failure()
            raise DeviceFailed(_first_line(error)) from error
        raise


def release_memory(device: str) -> None:
    """Release the device's cached memory for other processes and for later stages."""
    if device == "cpu":
        _trim_heap()
        return
    import torch

    # After a fault on the GPU every call to it fails, and the fault was reported already.
    with suppress(RuntimeError, AssertionError):
        torch.cuda.empty_cache()


def _trim_heap() -> None:
    """Return the pages of freed tensors to the system. The runner's malloc settings would keep
    them, and later stages would allocate theirs on top. Does nothing without glibc's malloc."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _memory_words(device: str) -> str:
    where = "This machine" if device == "cpu" else "The GPU"
    return (
        f"{where} has too little free memory for this model. "
        "Try a smaller model, or a shorter segment."
    )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
