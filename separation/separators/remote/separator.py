"""The separator ``remote``: sends the song to a service, waits, and brings the stems back."""

from dataclasses import replace
from pathlib import Path

from separation.base import SeparatorIdentity, SeparatorModel, SeparatorOptions, Validation
from separation.catalogue import CATALOGUE, models_for
from separation.errors import Cancelled, InvalidOptions, RemoteFailed
from separation.progress import Report, ignore_progress
from separation.separator_options import check_options
from separation.separators.neural.stems import choose_stems
from separation.separators.remote.audio import SongFile
from separation.separators.remote.backoff import CancellableWait
from separation.separators.remote.connect import connected
from separation.separators.remote.remote_job import SENT_AT, RemoteJob, arranged
from separation.separators.remote.service_adapter import JobFailed, Wanted
from separation.separators.remote.state import RemoteState, question_of
from separation.settings import RemoteSettings
from separation.storage.atomic_files import digest_of

USUAL_STEMS = ("drums", "bass", "other", "vocals")
"""Of a model that the catalogue does not know."""


class RemoteSeparator(SeparatorModel):
    """The stems of another machine behind the usual contract.

    ``options.model`` says what is to run there: a model of the catalogue, ``separator/model``, the
    name of a separator, or None for what the service takes by default.
    """

    name = "remote"

    def __init__(self, options: SeparatorOptions) -> None:
        check_options(options)
        super().__init__(options)
        self._wanted = _wanted(options)
        self._told: SeparatorIdentity | None = None

    def validate(self) -> Validation:
        settings = self.options.remote
        if settings is None or not settings.url:
            return Validation(False, "No remote service is set here (STEMSITE_REMOTE_URL).")
        if self.options.repo is not None:
            return Validation(
                False, "A repository of weights on this machine is not there on another."
            )
        return Validation(True)

    def check(self) -> None:
        """Ask the service, once, whether it can take this job. Raises ``RemoteFailed``."""
        with connected(self._settings(), CancellableWait(), retries=0) as dialect:
            dialect.check(self._wanted)

    def get_supported_tracks(self) -> list[str]:
        return list(choose_stems(self._model_stems(), self.options).outputs)

    def load(self, *, report: Report = ignore_progress) -> None:
        # What ran for the song before says nothing about the next one.
        self._told = None

    def identity(self) -> SeparatorIdentity:
        """Before a song is done, only what was asked for."""
        wanted = self._wanted
        return self._told or SeparatorIdentity(
            separator=wanted.separator or self.name,
            model=wanted.model or "default",
            version="",
            weights_digest="",
            engine="remote",
            precision="remote",
            device="remote",
        )

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        settings, heart = self._settings(), CancellableWait(report)
        choice = choose_stems(self._model_stems(), self.options)
        stems = tuple(self._model_stems()[index] for index in choice.computed)
        heart.tell(0.0, "Looking at the song")
        digest = digest_of(input_path, heart.beat)
        with connected(settings, heart) as dialect:
            question = question_of(digest, settings, dialect.name, self.options)
            # Beside the stage's folder, which goes with the attempt.
            state = RemoteState(output_dir.parent, question)
            errand = RemoteJob(dialect, state, heart, self._wanted)
            song = SongFile(input_path, lambda share: heart.note(SENT_AT * share))
            try:
                errand.run(song, stems, output_dir)
            except (Cancelled, RemoteFailed) as error:
                if isinstance(error, JobFailed) and not settings.keep:
                    errand.clear_up()
                # After a crash, in contrast, the remote job is taken up again.
                errand.give_up()
                raise
            told, said = errand.told_identity()
            if not settings.keep:
                errand.clear_up()
            state.forget()
            host = dialect.host
        self._told = self._identity(told, said, host)
        return arranged(choice, stems, output_dir)

    def _identity(
        self, told: SeparatorIdentity, said: tuple[str, ...], host: str
    ) -> SeparatorIdentity:
        where = f"Separated on the remote service {host}."
        return replace(
            told, device=f"remote {told.device}", notes=(where, *(f"{host}: {s}" for s in said))
        )

    def _settings(self) -> RemoteSettings:
        usable = self.validate()
        if self.options.remote is None or not usable:
            raise RemoteFailed(usable.reason)
        return self.options.remote

    def _model_stems(self) -> tuple[str, ...]:
        for model in CATALOGUE:
            if model.name == self._wanted.model:
                return model.stems
        known = models_for(self._wanted.separator or "")
        return known[0].stems if known else USUAL_STEMS


def _wanted(options: SeparatorOptions) -> Wanted:
    if options.model is None:
        return Wanted(None, None, options)
    owners = {model.name: model.separator for model in CATALOGUE}
    if options.model in owners:
        return Wanted(owners[options.model], options.model, options)
    separator, _, model = options.model.partition("/")
    if not separator.isidentifier() or separator == RemoteSeparator.name:
        raise InvalidOptions(
            f"{options.model!r} cannot be asked of a remote service: name a model, a separator, "
            "or both as separator/model."
        )
    return Wanted(separator, model or None, options)
