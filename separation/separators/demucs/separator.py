"""The demucs family: htdemucs and its relatives, and local repositories of weights.

Rouard, Massa and Defossez, "Hybrid Transformers for Music Source Separation" (ICASSP 2023);
Defossez, "Hybrid Spectrogram and Waveform Source Separation" (ISMIR MDX workshop 2021).
"""

from separation.base import SeparatorOptions, Validation
from separation.catalogue import find_model, models_for
from separation.errors import InvalidOptions, ModelUnavailable
from separation.progress import Report
from separation.separators.demucs.fetch import FailureMemory, fetch_demucs_model
from separation.separators.neural.bags import LoadedBag
from separation.separators.neural.separator import NeuralSeparator
from separation.separators.own_models.folders import DEMUCS, named_model, own_repository
from separation.separators.weights.store import (
    HUB_REPOSITORIES,
    WeightFiles,
    default_model_dir,
    find_weights,
    model_name,
)
from separation.storage.atomic_files import digest_of

_failures = FailureMemory()
_MB = 1_000_000


class DemucsSeparator(NeuralSeparator):
    """Runs demucs' own networks; equal to ``demucs.apply.apply_model``, streamed.

    Weights come from ``options.repo``, a folder of ``options.model_paths``, the model directory,
    the cache of huggingface_hub or, unless ``options.offline``, the hub at first use.
    """

    name = "demucs"
    packages = ("demucs",)
    convertible = True

    def __init__(self, options: SeparatorOptions) -> None:
        """Raises ``ModelUnavailable`` for a model of the operator's own that is broken."""
        super().__init__(own_repository(options))

    def validate(self) -> Validation:
        if missing := self.missing_packages():
            return Validation(False, missing)
        try:
            found = find_weights(self.options)
        except (InvalidOptions, ModelUnavailable) as error:
            return Validation(False, error.detail)
        if found is not None:
            return Validation(True, f"The weights of {found.name} are on this machine.")
        return self._validate_fetching()

    def stems_before_loading(self) -> tuple[str, ...] | None:
        found = find_weights(self.options)
        if found is not None and (stems := found.stems()):
            return stems
        name = found.name if found else model_name(self.options)
        if self.options.repo is None and name in HUB_REPOSITORIES:
            return find_model(name).stems
        return None

    def locate(self, report: Report) -> WeightFiles:
        found = find_weights(self.options) or self._fetch(report)
        self._check_digest(found)
        return found

    def load_bag(self, report: Report) -> LoadedBag:
        from separation.separators.demucs.models import load_bag

        found = self.locate(report)
        report(0.0, f"Loading {found.name}")
        bag = load_bag(found, self.options.segment_s)
        self._check_card(bag)
        return bag

    def _check_digest(self, found: WeightFiles) -> None:
        """Compare the digest with the card before anything is loaded, because the file may be a
        pickle."""
        own = named_model(DEMUCS, found.name, self.options.model_paths)
        if own is None or own.card.sha256 is None or own.folder != found.files[0].parent:
            return
        digests = {digest_of(path).sha256 for path in found.files}
        if digests != {own.card.sha256}:
            raise ModelUnavailable(
                f"The weights of {own.name} are not those that its card names: their SHA-256 is "
                f"{', '.join(sorted(digests))}. Fetch them again, or correct the card."
            )

    def _check_card(self, bag: LoadedBag) -> None:
        """Compare the stems with the card, because people chose among the stems that it names."""
        own = named_model(DEMUCS, bag.model, self.options.model_paths)
        if own is not None and own.stems and own.stems != bag.stems:
            raise ModelUnavailable(
                f"The card of {bag.model} names the stems {', '.join(own.stems)}, but the model "
                f"gives {', '.join(bag.stems)}. Correct the card."
            )

    def _validate_fetching(self) -> Validation:
        name = model_name(self.options)
        if name not in HUB_REPOSITORIES:
            return Validation(False, _unknown(name))
        if self.options.offline:
            return Validation(False, _what_to_do(name, "this server is set to work offline"))
        size = find_model(name).download_bytes // _MB
        return Validation(
            True,
            f"The weights of {name} are not on this machine; about {size} MB would be "
            "downloaded at first use.",
        )

    def _fetch(self, report: Report) -> WeightFiles:
        options, name = self.options, model_name(self.options)
        if name not in HUB_REPOSITORIES:
            raise InvalidOptions(_unknown(name))
        if options.offline:
            raise ModelUnavailable(_what_to_do(name, "this server is set to work offline"))
        reason = _failures.recall(name, options.hub_retry_s)
        if reason is None:
            try:
                return fetch_demucs_model(
                    name,
                    options.model_dir or default_model_dir(),
                    report=report,
                    timeout_s=options.hub_timeout_s,
                    legacy=False,
                )
            except ModelUnavailable as error:
                reason = error.detail.rstrip(".")
                _failures.remember(name, reason)
        raise ModelUnavailable(_what_to_do(name, reason))


def _unknown(name: str) -> str:
    known = ", ".join(model.name for model in models_for("demucs"))
    return f"There is no demucs model {name!r} here or to download. There are: {known}."


def _what_to_do(name: str, reason: str) -> str:
    return (
        f"The weights of {name} are not on this machine and could not be fetched ({reason}). "
        f"Run: python manage.py fetch_models {name}, or set STEMSITE_MODEL_DIR to a directory "
        "that holds them."
    )
