"""The separator ``remote``: sends the song to a service, waits, and fetches the stems."""

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
from separation.separators.remote.service_adapter import JobFailed, RemoteRequest
from separation.separators.remote.state import RemoteState, request_digest
from separation.settings import RemoteSettings
from separation.storage.atomic_files import digest_of

USUAL_STEMS = ("drums", "bass", "other", "vocals")
"""Stems of a model that is not in the catalogue."""


class RemoteSeparator(SeparatorModel):
    """Runs a separator on another machine.

    ``options.model`` names what runs there: a model of the catalogue, ``separator/model`` or the
    name of a separator; ``None``: the service's default.
    """

    name = "remote"

    def __init__(self, options: SeparatorOptions) -> None:
        check_options(options)
        super().__init__(options)
        self._request = _remote_request(options)
        self._reported: SeparatorIdentity | None = None

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
        """Check once whether the service can take this job. Raises ``RemoteFailed``."""
        with connected(self._settings(), CancellableWait(), retries=0) as adapter:
            adapter.check(self._request)

    def get_supported_tracks(self) -> list[str]:
        return list(choose_stems(self._model_stems(), self.options).outputs)

    def load(self, *, report: Report = ignore_progress) -> None:
        # The next song may run on another model than the previous one.
        self._reported = None

    def identity(self) -> SeparatorIdentity:
        """What ran for the last song; before that, what was requested."""
        request = self._request
        return self._reported or SeparatorIdentity(
            separator=request.separator or self.name,
            model=request.model or "default",
            version="",
            weights_digest="",
            engine="remote",
            precision="remote",
            device="remote",
        )

    def separate(
        self, input_path: Path, output_dir: Path, *, report: Report = ignore_progress
    ) -> dict[str, Path]:
        settings, waiter = self._settings(), CancellableWait(report)
        choice = choose_stems(self._model_stems(), self.options)
        stems = tuple(self._model_stems()[index] for index in choice.computed)
        waiter.report_progress(0.0, "Looking at the song")
        digest = digest_of(input_path, waiter.beat)
        with connected(settings, waiter) as adapter:
            key = request_digest(digest, settings, adapter.name, self.options)
            # Beside the stage's folder, which is deleted with the attempt.
            state = RemoteState(output_dir.parent, key)
            remote_job = RemoteJob(adapter, state, waiter, self._request)
            song = SongFile(input_path, lambda share: waiter.note(SENT_AT * share))
            try:
                remote_job.run(song, stems, output_dir)
            except (Cancelled, RemoteFailed) as error:
                if isinstance(error, JobFailed) and not settings.keep:
                    remote_job.clean_up()
                # After a crash, in contrast, the next attempt continues the remote job.
                remote_job.cancel()
                raise
            reported, warnings = remote_job.reported_identity()
            if not settings.keep:
                remote_job.clean_up()
            state.forget()
            host = adapter.host
        self._reported = self._identity(reported, warnings, host)
        return arranged(choice, stems, output_dir)

    def _identity(
        self, reported: SeparatorIdentity, warnings: tuple[str, ...], host: str
    ) -> SeparatorIdentity:
        where = f"Separated on the remote service {host}."
        return replace(
            reported,
            device=f"remote {reported.device}",
            notes=(where, *(f"{host}: {warning}" for warning in warnings)),
        )

    def _settings(self) -> RemoteSettings:
        usable = self.validate()
        if self.options.remote is None or not usable:
            raise RemoteFailed(usable.reason)
        return self.options.remote

    def _model_stems(self) -> tuple[str, ...]:
        for model in CATALOGUE:
            if model.name == self._request.model:
                return model.stems
        known = models_for(self._request.separator or "")
        return known[0].stems if known else USUAL_STEMS


def _remote_request(options: SeparatorOptions) -> RemoteRequest:
    if options.model is None:
        return RemoteRequest(None, None, options)
    owners = {model.name: model.separator for model in CATALOGUE}
    if options.model in owners:
        return RemoteRequest(owners[options.model], options.model, options)
    separator, _, model = options.model.partition("/")
    if not separator.isidentifier() or separator == RemoteSeparator.name:
        raise InvalidOptions(
            f"{options.model!r} cannot be asked of a remote service: name a model, a separator, "
            "or both as separator/model."
        )
    return RemoteRequest(separator, model or None, options)
