"""Finds the operator's own models in the folders of STEMSITE_MODEL_PATHS.

There are two layouts. Music-Source-Separation-Training: a YAML with the network's arguments beside
a checkpoint. Demucs: a YAML that lists networks (a bag) beside their files. Each named folder and
each folder in it may hold any number of both. A broken model is returned with its ``fault`` and
raises nothing, so that it does not hide the others.

Only names, sizes and YAML are read, never weights. Results are cached until a file in the folder
changes. Imports no torch.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from separation.base import SeparatorOptions
from separation.catalogue import CATALOGUE
from separation.catalogue.model import LicenceState
from separation.errors import ModelUnavailable
from separation.families import RESERVED_STEMS, invalid_stem_name
from separation.separators.own_models.definition import read_definition
from separation.separators.weights.safe_yaml import load_yaml
from separation.separators.weights.store import find_in_directory, safetensors_metadata
from separation.validation import first_fault

MSST = "msst"
DEMUCS = "demucs"
CARD = "card.json"

_YAML = (".yaml", ".yml")
_CHECKPOINTS = (".safetensors", ".ckpt", ".chpt", ".pt", ".pth", ".th", ".bin")
"""Where several files have the name of the YAML, the first suffix is preferred: safetensors cannot
hold code."""

_COUNTING = (*_YAML, *_CHECKPOINTS, ".json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FOLDERS = 500
"""Limit of folders read in one named folder, so that a wrong folder does not cost minutes."""


class FolderCard(BaseModel):
    """An operator's description of a model: ``card.json``, or the key ``card`` in its YAML.

    ``label``: its name for people. ``model_type``: the architecture, where the YAML does not name
    it. ``stems``: for a Demucs repository whose stems are known only after loading. ``sha256``: of
    the checkpoint; another file is refused. ``overlapping``: one sound may be in several stems, so
    that the stems are not a partition of the song.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field(default="", max_length=100)
    description: str = Field(default="", max_length=500)
    model_type: str | None = Field(default=None, max_length=60)
    stems: tuple[str, ...] = ()
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    licence: LicenceState = "not_stated"
    licence_text: str = Field(default="", max_length=500)
    training_data: str = Field(default="", max_length=500)
    source_url: str = Field(default="", max_length=500, pattern=r"^(https?://\S+)?$")
    overlapping: bool = False


NO_CARD = FolderCard()


@dataclass(frozen=True)
class OwnModel:
    """One model. ``fault``: why it cannot be used, as a sentence; empty where no fault is known.
    ``weights``: its files, all of them for a bag. ``definition``: its YAML. ``chunk_s``: the window
    of its network, 0 where it is unknown before loading."""

    separator: str
    name: str
    folder: Path
    weights: tuple[Path, ...] = ()
    definition: Path | None = None
    architecture: str = ""
    stems: tuple[str, ...] = ()
    chunk_s: float = 0.0
    size_bytes: int = 0
    card: FolderCard = NO_CARD
    fault: str = ""

    @property
    def label(self) -> str:
        return self.card.label or self.name

    @property
    def place(self) -> str:
        """The folder in printable characters."""
        return _escaped(str(self.folder))


@dataclass(frozen=True)
class _Files:
    """A folder's files by kind, each sorted by name."""

    folder: Path
    yamls: tuple[Path, ...]
    checkpoints: tuple[Path, ...]


def own_models(paths: Sequence[Path]) -> tuple[OwnModel, ...]:
    """Every model in ``paths``, broken ones too, in the order of the paths and then by name.

    A model that is alone in its folder has the folder's name, else the name of its YAML. The cost
    is a few calls of the file system for each unchanged folder.
    """
    found = [model for path in dict.fromkeys(paths) for model in _models_under(path)]
    seen = Counter(_catalogue_names())
    for place, model in enumerate(found):
        seen[model.name] += 1
        if seen[model.name] > 1 and not model.fault:
            found[place] = replace(model, fault=_TWICE)
    return tuple(map(_printable, found))


def _printable(model: OwnModel) -> OwnModel:
    """Escape file names with bytes that are not text, which no page can show."""
    if (model.name + model.fault).isprintable():
        return model
    return replace(model, name=_escaped(model.name), fault=_escaped(model.fault))


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


_TWICE = "There is another model of this name. Rename the folder, or the YAML and its checkpoint."


def named_model(separator: str, name: str, paths: Sequence[Path]) -> OwnModel | None:
    """The model of this name, a usable one where there are several; ``None`` where there is
    none."""
    named = [one for one in own_models(paths) if (one.separator, one.name) == (separator, name)]
    return min(named, key=lambda one: bool(one.fault), default=None)


def usable_models(paths: Sequence[Path]) -> tuple[OwnModel, ...]:
    return tuple(model for model in own_models(paths) if not model.fault)


def own_repository(options: SeparatorOptions) -> SeparatorOptions:
    """The options, with the model's folder as ``repo`` where ``model`` is the operator's own Demucs
    model.

    Raises ``ModelUnavailable`` for a model that has a fault.
    """
    if options.repo is not None or options.model is None or not options.model_paths:
        return options
    own = named_model(DEMUCS, options.model, options.model_paths)
    if own is None or own.name in _catalogue_names():
        return options
    if own.fault:
        raise ModelUnavailable(f"The model {own.name} cannot be used: {own.fault}")
    return replace(options, repo=own.folder)


def _catalogue_names() -> set[str]:
    return {info.name for info in CATALOGUE}


def _models_under(path: Path) -> Iterator[OwnModel]:
    try:
        folders = [path, *_folders_in(path)]
    except OSError as error:
        reason = f"The folder in STEMSITE_MODEL_PATHS cannot be read: {error.strerror}."
        yield OwnModel(MSST, path.name or str(path), path, fault=reason)
        return
    for folder in folders[:_FOLDERS]:
        try:
            yield from _in_folder(folder, _signature(folder))
        except OSError as error:
            yield OwnModel(
                MSST, folder.name, folder, fault=f"The folder cannot be read: {error.strerror}."
            )


def _folders_in(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        names = [one.name for one in entries if one.name[0] != "." and _is(one.is_dir)]
    return [path / name for name in sorted(names)]


def _is(kind: Callable[[], bool]) -> bool:
    """False for a circular link, whose error must not hide the entries beside it."""
    try:
        return kind()
    except OSError:
        return False


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the relevant files; it changes when one of them does."""
    with os.scandir(folder) as entries:
        files = [one for one in entries if one.name[0] != "." and one.name.endswith(_COUNTING)]
        states = [(one.name, one.stat()) for one in files if _is(one.is_file)]
    return tuple(sorted((name, state.st_size, state.st_mtime_ns) for name, state in states))


@lru_cache(maxsize=1024)
def _in_folder(folder: Path, seen: tuple[tuple[str, int, int], ...]) -> tuple[OwnModel, ...]:
    files = [folder / name for name, _, _ in seen]
    content = _Files(
        folder,
        tuple(path for path in files if path.suffix in _YAML),
        tuple(path for path in files if path.suffix in _CHECKPOINTS),
    )
    bags = [path for path in content.yamls if _is_bag(path)]
    if bags or (not content.yamls and content.checkpoints and _are_of_demucs(content.checkpoints)):
        return tuple(_demucs_models(content, bags))
    return tuple(_msst_models(content))


def _is_bag(path: Path) -> bool:
    try:
        content = load_yaml(path)
    except ModelUnavailable:
        return False
    return isinstance(content, dict) and isinstance(content.get("models"), list)


def _are_of_demucs(checkpoints: tuple[Path, ...]) -> bool:
    """Whether all files are single demucs networks without a bag: ``.th`` is demucs' own suffix,
    and its safetensors name their class."""
    for path in checkpoints:
        try:
            is_demucs = path.suffix == ".th" or "klass" in safetensors_metadata(path)
        except ModelUnavailable:
            return False
        if not is_demucs:
            return False
    return True


def _demucs_models(files: _Files, bags: list[Path]) -> Iterator[OwnModel]:
    names = [path.stem for path in bags] or sorted(
        {path.stem.rsplit("-", 1)[0] for path in files.checkpoints}
    )
    for name in names:
        model = OwnModel(DEMUCS, name, files.folder, architecture="Demucs")
        try:
            yield _demucs_model(model, bag=next((b for b in bags if b.stem == name), None))
        except ModelUnavailable as error:
            yield replace(model, fault=error.detail)


def _demucs_model(model: OwnModel, bag: Path | None) -> OwnModel:
    card = _card(model.folder, model.name, {})
    found = find_in_directory(model.folder, model.name)
    _check_name(model.name)
    if found is None:
        raise ModelUnavailable("Its files are not there.")
    stems = card.stems or found.stems() or ()
    if (wrong := invalid_stem_name(stems)) is not None:
        raise ModelUnavailable(
            f"It names {wrong[:60]!r}, which cannot be a stem, or not twice: use letters, digits, "
            f"dashes and underscores, and none of {', '.join(sorted(RESERVED_STEMS))}."
        )
    if not stems:
        raise ModelUnavailable(
            "Its files tell their stems only when they are loaded. Name them, in the network's "
            f'order, in {CARD} beside the files: {{"stems": ["drums", "bass", "other", "vocals"]}}.'
        )
    return replace(
        model,
        weights=found.files,
        definition=bag,
        stems=stems,
        size_bytes=sum(path.stat().st_size for path in set(found.files)),
        card=card,
    )


def _msst_models(files: _Files) -> Iterator[OwnModel]:
    alone = len(files.yamls) == 1
    used: set[Path] = set()
    for path in files.yamls:
        name = files.folder.name if alone and len(files.checkpoints) <= 1 else path.stem
        fitting = [one for one in files.checkpoints if one.stem == path.stem]
        if not fitting and alone and len(files.checkpoints) == 1:
            fitting = list(files.checkpoints)
        used.update(fitting)
        model = OwnModel(MSST, name, files.folder, definition=path)
        try:
            yield _msst_model(model, path, fitting)
        except ModelUnavailable as error:
            yield replace(model, fault=error.detail)
    for checkpoint in files.checkpoints:
        if checkpoint not in used:
            yield OwnModel(
                MSST,
                checkpoint.stem,
                files.folder,
                size_bytes=checkpoint.stat().st_size,
                fault=f"There is no YAML for {checkpoint.name}: give the model's YAML the same "
                "name, or a folder for the two alone.",
            )


def _msst_model(model: OwnModel, definition: Path, fitting: list[Path]) -> OwnModel:
    config = load_yaml(definition)
    own_card = config.get("card") if isinstance(config, dict) else None
    card = _card(model.folder, definition.stem, own_card or {})
    read = read_definition(definition, card.model_type)
    _check_name(model.name)
    if not fitting:
        raise ModelUnavailable(
            f"There is no checkpoint for {definition.name}: give it the name of the YAML "
            f"({', '.join(_CHECKPOINTS)})."
        )
    checkpoint = min(fitting, key=lambda path: _CHECKPOINTS.index(path.suffix))
    return replace(
        model,
        weights=(checkpoint,),
        architecture=read.architecture.label,
        stems=read.stems,
        chunk_s=read.chunk_s,
        size_bytes=checkpoint.stat().st_size,
        card=card,
    )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ModelUnavailable(
            f"{name[:100]!r} cannot be a model's name: rename the folder (or the YAML and its "
            "checkpoint) with letters, digits, dots, dashes and underscores only."
        )


def _card(folder: Path, stem: str, in_yaml: object) -> FolderCard:
    """``<stem>.card.json``, else ``card.json``, else the card in the YAML. Raises
    ``ModelUnavailable``."""
    for name in (f"{stem}.{CARD}", CARD):
        path = folder / name
        if path.is_file():
            # JSON is YAML, and the YAML loader limits sizes already.
            return _checked_card(load_yaml(path), name)
    return _checked_card(in_yaml, "the key card of the YAML")


def _checked_card(content: object, where: str) -> FolderCard:
    try:
        return FolderCard.model_validate(content)
    except ValidationError as error:
        raise ModelUnavailable(f"What {where} says cannot be used: {first_fault(error)}") from None
