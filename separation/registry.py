"""The registry of separators by name; it imports none of them.

The rows hold class paths; a class (and with it torch, demucs, ...) is imported only when a
separator is built. Other packages add separators through the entry-point group
``stemsite.separators``, whose value names a :class:`~separation.base.SeparatorModel`.
"""

import logging
from importlib.metadata import EntryPoint, entry_points
from pkgutil import resolve_name
from typing import Any, ClassVar

from separation.base import SeparatorModel, Validation
from separation.errors import InvalidOptions, ModelUnavailable
from separation.separator_options import parse_options

ENTRY_POINT_GROUP = "stemsite.separators"

BUILT_IN = {
    "auto": "separation.separators.auto:AutoSeparator",
    "spectral": "separation.separators.spectral:SpectralSeparator",
    "demucs": "separation.separators.demucs.separator:DemucsSeparator",
    "msst": "separation.separators.msst.separator:MsstSeparator",
    "remote": "separation.separators.remote:RemoteSeparator",
    "spleeter": "separation.separators.spleeter:SpleeterSeparator",
    "standard": "separation.separators.standard:StandardSeparator",
    "ensemble": "separation.separators.ensemble:EnsembleSeparator",
    "torchaudio_hdemucs": "separation.separators.torchaudio_hdemucs:TorchaudioHdemucsSeparator",
}

_log = logging.getLogger("separator.registry")


class SeparatorFactory:
    """The registry of separators; one for the process, like the import system."""

    _rows: ClassVar[dict[str, str | type[SeparatorModel]]] = dict(BUILT_IN)

    @classmethod
    def register_separator(cls, name: str, separator: str | type[SeparatorModel]) -> None:
        """Add or replace a row: a class, or its path as ``package.module:Class``."""
        if not name.isidentifier():
            raise InvalidOptions(
                f"{name!r} cannot name a separator: use letters, digits and underscores, "
                "as the name also names a folder."
            )
        cls._rows[name] = separator

    @classmethod
    def unregister_separator(cls, name: str) -> None:
        """Remove a row, or put the built-in one back; unknown names are ignored."""
        if name in BUILT_IN:
            cls._rows[name] = BUILT_IN[name]
        else:
            cls._rows.pop(name, None)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Every name: first the rows of this process, then plug-ins by name. Imports nothing."""
        return (*cls._rows, *sorted(set(_plug_ins()) - set(cls._rows)))

    @classmethod
    def separator_class(cls, name: str) -> type[SeparatorModel]:
        """Import the class behind a name.

        Raises ``InvalidOptions`` for an unknown name and ``ModelUnavailable`` where the module
        cannot be imported here.
        """
        row = cls._rows.get(name) or _plug_ins().get(name)
        if row is None:
            raise InvalidOptions(
                f"There is no separator {name!r}. There are: {', '.join(cls.names())}."
            )
        found = row if isinstance(row, type) else _import_class(name, row)
        if not (isinstance(found, type) and issubclass(found, SeparatorModel)):
            raise ModelUnavailable(f"The plug-in {name!r} is not a SeparatorModel: {found!r}.")
        return found

    @classmethod
    def create_separator(cls, name: str, **options: Any) -> SeparatorModel:
        """Build a separator; ``options`` are the fields of :class:`SeparatorOptions`.

        Nothing heavy is loaded yet. Raises ``InvalidOptions`` or ``ModelUnavailable``.
        """
        checked = parse_options(**options)
        return cls.separator_class(name)(checked)

    @classmethod
    def validate(cls, name: str, **options: Any) -> Validation:
        """Whether a separator can run here with these options; a reason instead of an exception."""
        try:
            return cls.create_separator(name, **options).validate()
        except (InvalidOptions, ModelUnavailable) as error:
            return Validation(False, error.detail)


def _plug_ins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def _import_class(name: str, row: str | EntryPoint) -> object:
    # A plug-in may raise any error: the person gets one sentence, the log has the traceback.
    try:
        return row.load() if isinstance(row, EntryPoint) else resolve_name(row)
    except Exception as error:
        _log.warning("separator %s cannot be imported", name, exc_info=True)
        raise ModelUnavailable(
            f"The separator {name!r} cannot be loaded on this machine: "
            f"{type(error).__name__}: {error}"
        ) from error
