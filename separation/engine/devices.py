"""Which device computes, and what its failures mean."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from separation.errors import InvalidOptions, OutOfMemory

DeviceChoice = Literal["auto", "cpu", "cuda"]
_GPU_WORDS = ("cuda", "cudnn", "cublas", "nvidia")


class DeviceFailed(Exception):
    """An accelerator broke during a run; the same work may succeed on the CPU."""


@dataclass(frozen=True)
class Device:
    """``name``: what torch calls it. ``label``: for people. ``reason``: why this one."""

    name: str
    label: str
    reason: str = ""


def pick_device(choice: DeviceChoice) -> Device:
    """The device to compute on; imports torch.

    ``auto`` takes CUDA where it answers, else the CPU and says why. Raises ``InvalidOptions``
    where ``cuda`` was asked for and cannot be had.
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


def _cuda_fault() -> str | None:
    """Why CUDA cannot be used, ending a sentence; ``None`` where it computes."""
    import torch

    if torch.version.cuda is None:
        return "this build of torch has no CUDA."
    if not torch.cuda.is_available():
        return "torch finds no usable CUDA device (no GPU, or its driver does not answer)."
    try:
        # A driver may list a card that cannot run a kernel of this build.
        (torch.ones(8, 8, device="cuda") @ torch.ones(8, 8, device="cuda")).sum().item()
    except RuntimeError as error:
        return f"the GPU failed a first calculation ({_first_line(error)})."
    return None


@contextmanager
def device_errors(device: str) -> Iterator[None]:
    """Turn what torch raises when memory or the device fails into named errors."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(_memory_words(device)) from error
    except (RuntimeError, AssertionError) as error:
        # An assertion is how a torch without CUDA refuses the device.
        text = str(error).lower()
        # torch.cuda.OutOfMemoryError is a RuntimeError; the CPU allocator says "can't allocate".
        if "out of memory" in text or "can't allocate memory" in text:
            raise OutOfMemory(_memory_words(device)) from error
        if device != "cpu" and any(word in text for word in _GPU_WORDS):
            raise DeviceFailed(_first_line(error)) from error
        raise


def release_memory(device: str) -> None:
    """Give cached memory of the device back to other processes."""
    if device != "cpu":
        import torch

        # After a fault on the card every call to it fails, and the fault was told already.
        with suppress(RuntimeError, AssertionError):
            torch.cuda.empty_cache()


def _memory_words(device: str) -> str:
    where = "This machine" if device == "cpu" else "The GPU"
    return (
        f"{where} has too little free memory for this model. "
        "Try a smaller model, or a shorter segment."
    )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
