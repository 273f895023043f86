"""System checks of the settings. Each has an id and a hint, and an error prevents the start."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

from jobs.queue.lanes import ALL, clusters, unknown
from jobs.services.email import mail_is_set_up
from jobs.services.site_models.available import broken_models, known_models, licence_rule
from separation.catalogue.licences import LicenceRule
from separation.catalogue.model import STATES
from separation.registry import SeparatorFactory
from separation.sandbox import sandbox_probe
from separation.separators.own_models.architectures import package_is_there
from separation.separators.own_models.folders import MSST

GUARD_CYCLES = (0.5, 1, 2)
"""django-q2 subtracts the guard cycle from a worker's remaining time and compares the float with
zero. Only steps that a float represents exactly reach zero."""


@register(Tags.compatibility)
def check_queue(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        message for name, cluster in clusters().items() for message in _of_cluster(name, cluster)
    ]


def _of_cluster(name: str, cluster: dict[str, Any]) -> Iterator[CheckMessage]:
    if cluster.get("retry", 60) <= (cluster.get("timeout") or float("inf")):
        yield Error(
            f"Q_CLUSTER: 'retry' is not above 'timeout' (cluster {name}).",
            hint="Otherwise a ticket that is still being worked on is handed out again.",
            id="stemsite.E001",
        )
    if cluster.get("guard_cycle", 0.5) not in GUARD_CYCLES:
        yield Error(
            f"Q_CLUSTER: 'guard_cycle' is {cluster['guard_cycle']} (cluster {name}).",
            hint="Use 0.5, 1 or 2; with other values the hard timeout never strikes.",
            id="stemsite.E002",
        )
    if cluster.get("max_attempts") != 1 or not cluster.get("ack_failures"):
        yield Error(
            f"Q_CLUSTER: 'max_attempts' is not 1, or 'ack_failures' is off (cluster {name}).",
            hint="A ticket that failed would come back without end. Jobs have attempts of their "
            "own: STEMSITE_MAX_ATTEMPTS.",
            id="stemsite.E006",
        )


@register(Tags.caches)
def check_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [*_of_shared_caches(), *_of_kept_cache()]


def _caches() -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", settings.CACHES)


def _of_shared_caches() -> Iterator[CheckMessage]:
    backends = [str(cache["BACKEND"]) for cache in _caches().values()]
    for backend in backends:
        if backend.endswith(("LocMemCache", "DummyCache")):
            yield Error(
                f"The cache {backend} is not shared between processes.",
                hint="Limits of the accounts' pages and the workers' signs of life need one that "
                "is, such as the site's own or Redis.",
                id="stemsite.E003",
            )


def _of_kept_cache() -> Iterator[CheckMessage]:
    backend = str(_caches()["default"]["BACKEND"])
    if backend.endswith(("FileBasedCache", "db.DatabaseCache")):
        yield Error(
            f"The cache {backend} drops live entries once there are many.",
            hint="Anybody who creates many entries could delete the limits for sign-up and for "
            "mails: use the site's own (jobs.services.kept_cache.KeptCache) or Redis.",
            id="stemsite.E011",
        )


@register(Tags.compatibility)
def check_requests(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    is_sqlite = str(database["ENGINE"]).endswith("sqlite3")
    if not (is_sqlite and database.get("ATOMIC_REQUESTS")):
        return []
    return [
        Error(
            "ATOMIC_REQUESTS is on with SQLite.",
            hint="An upload or download would hold the only write lock for as long as it lasts.",
            id="stemsite.E004",
        )
    ]


@register(Tags.compatibility)
def check_transactions(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    database = settings.DATABASES["default"]
    mode = str(database.get("OPTIONS", {}).get("transaction_mode"))
    if not str(database["ENGINE"]).endswith("sqlite3") or mode.upper() == "IMMEDIATE":
        return []
    return [
        Error(
            "SQLite's transaction_mode is not IMMEDIATE.",
            hint="Of two processes that read before they write, one would fail with 'database is "
            "locked', and two workers could pass a cap at once.",
            id="stemsite.E007",
        )
    ]


@register(Tags.compatibility)
def check_lanes(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    odd = unknown(settings.LANES)
    if settings.LANES and not odd:
        return []
    return [
        Error(
            f"STEMSITE_LANES names {', '.join(odd) or 'no lane'}.",
            hint=f"Choose from {', '.join(ALL)}; a worker takes jobs from no other lane.",
            id="stemsite.E008",
        )
    ]


@register(Tags.compatibility)
def check_separator(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEFAULT_SEPARATOR in SeparatorFactory.names():
        return []
    return [
        Error(
            f"STEMSITE_SEPARATOR is {settings.DEFAULT_SEPARATOR!r}, which is no separator.",
            hint=f"Choose one of {', '.join(SeparatorFactory.names())}.",
            id="stemsite.E013",
        )
    ]


@register(Tags.compatibility)
def check_limits(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.MIN_SAMPLE_RATE_HZ <= settings.MAX_SAMPLE_RATE_HZ:
        return []
    return [
        Error(
            f"STEMSITE_MIN_SAMPLE_RATE_HZ ({settings.MIN_SAMPLE_RATE_HZ}) is above "
            f"STEMSITE_MAX_SAMPLE_RATE_HZ ({settings.MAX_SAMPLE_RATE_HZ}).",
            hint="Every song would be refused.",
            id="stemsite.E012",
        )
    ]


@register(Tags.compatibility)
def check_lease(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    # A lease lasts three heartbeats: one may be late and one may be lost before a living worker
    # loses its job.
    if 0 < settings.HEARTBEAT_S * 3 <= settings.LEASE_S:
        return []
    return [
        Error(
            f"STEMSITE_HEARTBEAT_S ({settings.HEARTBEAT_S:g}) is not well below STEMSITE_LEASE_S "
            f"({settings.LEASE_S:g}).",
            hint="A living worker would lose its jobs: the lease must last three heartbeats.",
            id="stemsite.E005",
        )
    ]


@register(Tags.compatibility)
def check_mail(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return list(_of_mail()) if mail_is_set_up() else []


def _of_mail() -> Iterator[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
        yield Error(
            "STEMSITE_EMAIL_URL names no mail server.",
            hint="Write smtp+tls://user:password@host:587, or leave it empty to send no mail.",
            id="stemsite.E009",
        )
    if settings.DEFAULT_FROM_EMAIL.rpartition("@")[2] in ("", "localhost"):
        yield Warning(
            f"Mail is sent as {settings.DEFAULT_FROM_EMAIL}, which most servers refuse.",
            hint="Set STEMSITE_FROM_EMAIL to an address that the mail server may send for.",
            id="stemsite.W002",
        )
    if not settings.PUBLIC_URL:
        yield Warning(
            "E-mails about finished batches lead nowhere.",
            hint="Set STEMSITE_PUBLIC_URL to the address under which people reach the site.",
            id="stemsite.W003",
        )


@register(Tags.security)
def check_sending(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.ACCEL_PREFIX or settings.DATA_GROUP_READS:
        return []
    return [
        Warning(
            "nginx is to send files (STEMSITE_ACCEL_PREFIX) that only the site's account may read.",
            hint="Set STEMSITE_DATA_GROUP_READS=1 and put nginx's user into the site's group.",
            id="stemsite.W020",
        )
    ]


@register(Tags.security)
def check_sandbox(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    # The full probe starts a process, so it runs only where a feature seems to be missing.
    return (
        [] if sandbox_probe.likely_complete() else list(_of_sandbox(sandbox_probe.sandbox_state()))
    )


def _of_sandbox(state: sandbox_probe.SandboxState) -> Iterator[CheckMessage]:
    if not state.without_network:
        yield Warning(
            "Nothing on this host keeps the process that decodes uploads off the network.",
            hint="Run the site on Linux, on x86-64 or ARM64, with seccomp or user namespaces. "
            f"In force: {state.words}.",
            id="stemsite.W001",
        )
    if not state.files:
        yield Info(
            "Nothing on this host keeps the process that decodes uploads from files of this "
            "account.",
            hint=f"Linux 5.13 and later can, where Landlock is turned on. In force: {state.words}.",
            id="stemsite.I001",
        )


@register(Tags.compatibility)
def check_own_models(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return list(_of_own_models())


def _of_own_models() -> Iterator[CheckMessage]:
    for model in broken_models():
        yield Warning(
            f"The model {model.name} in STEMSITE_MODEL_PATHS cannot be used: {model.fault}",
            hint=f"It is in {model.place}; docs/bring-your-own-models.md says which files belong "
            "there.",
            id="stemsite.W012",
        )
    if any(row.separator == MSST for row in known_models()) and not package_is_there():
        yield Warning(
            "Models in STEMSITE_MODEL_PATHS need the package pymss-core, which is not installed "
            "here.",
            hint="pip install -r requirements-models.txt, wherever a worker runs.",
            id="stemsite.W013",
        )


@register(Tags.compatibility)
def check_licences(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return list(_of_licences(licence_rule()))


def _of_licences(rule: LicenceRule) -> Iterator[CheckMessage]:
    offered = rule.allowed(rule.rows)
    without = [row.name for row in offered if row.licence.state != "granted"]
    if unknown := rule.unknown_words(SeparatorFactory.names()):
        yield Warning(
            f"STEMSITE_MODEL_LICENCES names {', '.join(unknown)}, which is neither a state of a "
            "licence nor a model.",
            hint=f"Write all, or words from {', '.join(STATES)} and from `manage.py models`.",
            id="stemsite.W011",
        )
    if not offered or not rule.allows_choice(settings.DEFAULT_SEPARATOR):
        yield Error(
            "STEMSITE_MODEL_LICENCES leaves out what is used when nobody chooses "
            f"(STEMSITE_SEPARATOR, {settings.DEFAULT_SEPARATOR}).",
            hint="Add its model to the list, or name another separator.",
            id="stemsite.E010",
        )
    if settings.SIGNUP_OPEN and without:
        yield Warning(
            "Strangers may sign up, and this site offers them models whose owners have not granted "
            f"every use: {', '.join(without)}.",
            hint="Set STEMSITE_MODEL_LICENCES=granted, or STEMSITE_SIGNUP=0; docs/models.md has "
            "the evidence.",
            id="stemsite.W010",
        )
