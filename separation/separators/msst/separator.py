"""Runs networks of Music-Source-Separation-Training from folders that the operator names.

BS-RoFormer and Mel-Band RoFormer (Lu et al., "Music Source Separation with Band-Split RoPE
Transformer", 2023; Wang et al., "Mel-Band RoFormer for Music Source Separation", 2023), SCNet (Tong
et al., 2024), MDX23C (Kim et al., "TFC-TDF v3", 2023), Bandit (Watcharasupat et al., 2023) and
Apollo (Li and Luo, 2024). The networks' code is the optional package pymss-core. The overlap-add is
that of ``demix`` in ZFTurbo/Music-Source-Separation-Training, streamed.
"""

from pathlib import Path
from typing import ClassVar

from separation.base import SeparatorOptions, Validation
from separation.errors import InvalidOptions, ModelUnavailable, SeparationError
from separation.progress import Report, ignore_progress
from separation.separators.neural.bags import LoadedBag
from separation.separators.neural.separator import NeuralSeparator
from separation.separators.own_models.architectures import PACKAGE
from separation.separators.own_models.folders import MSST, OwnModel, named_model, usable_models
from separation.separators.weights.store import WeightFiles, default_model_dir

WHAT_TO_INSTALL = (
    "Models of this kind need the package pymss-core, which is not installed here: "
    "pip install -r requirements-models.txt"
)


class MsstSeparator(NeuralSeparator):
    """Runs one network over windows with the length and overlap that its YAML states.

    ``options.overlap`` and ``options.shifts`` have no effect. With a network for one stem, the
    residual of the song is a second stem. The network always computes in float32, because its masks
    are complex and torch has no complex bfloat16. Without ``options.model`` the first model runs.
    """

    name = MSST
    packages = (PACKAGE,)
    half_precision: ClassVar[bool] = False

    def __init__(self, options: SeparatorOptions) -> None:
        super().__init__(options)
        self._loaded_from: list[tuple[Path, int, int]] = []

    def missing_packages(self) -> str:
        missing = super().missing_packages()
        return WHAT_TO_INSTALL if PACKAGE in missing else missing

    def load(self, *, report: Report = ignore_progress) -> None:
        # A loaded model is kept between songs until its files change: an operator may replace them.
        now = self._files()
        if now != self._loaded_from:
            self.close()
        super().load(report=report)
        self._loaded_from = now

    def validate(self) -> Validation:
        try:
            model = self._model()
        except SeparationError as error:
            return Validation(False, error.detail)
        if missing := self.missing_packages():
            return Validation(False, missing)
        return Validation(True, f"The weights of {model.name} are on this machine.")

    def stems_before_loading(self) -> tuple[str, ...]:
        return self._model().stems

    @property
    def is_overlapping(self) -> bool:
        return self._model().card.overlapping

    def locate(self, report: Report) -> WeightFiles:
        model = self._model()
        return WeightFiles(model.name, model.weights, model.definition)

    def load_bag(self, report: Report) -> LoadedBag:
        from separation.separators.msst.loading import load_model

        model = self._model()
        report(0.0, f"Loading {model.name}")
        directory = self.options.model_dir or default_model_dir()
        return load_model(model, directory, self.options.segment_s, report)

    def _files(self) -> list[tuple[Path, int, int]]:
        """The model's files with their sizes and modification times."""
        model = self._model()
        paths = [path for path in (*model.weights, model.definition) if path is not None]
        states = [(path, path.stat()) for path in paths]
        return [(path, state.st_size, state.st_mtime_ns) for path, state in states]

    def _model(self) -> OwnModel:
        """The model that the options name, else the first usable one. Raises ``InvalidOptions`` for
        an unknown name, ``ModelUnavailable`` for a model that has a fault."""
        paths, name = self.options.model_paths, self.options.model
        usable = [one for one in usable_models(paths) if one.separator == MSST]
        model = next(iter(usable), None) if name is None else named_model(MSST, name, paths)
        if model is None:
            raise InvalidOptions(self._which(usable))
        if model.fault:
            raise ModelUnavailable(f"The model {model.name} cannot be used: {model.fault}")
        return model

    def _which(self, usable: list[OwnModel]) -> str:
        if not usable:
            return (
                "There is no model of this kind here. Put one into a folder and name that in "
                "STEMSITE_MODEL_PATHS."
            )
        names = ", ".join(model.name for model in usable)
        return f"There is no {self.name} model {self.options.model!r}. There are: {names}."
