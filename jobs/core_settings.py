"""Builds the settings objects of ``separation`` from Django's settings; no other module does."""

from typing import cast

from django.conf import settings

from separation.settings import (
    CoreSettings,
    DialectName,
    EngineName,
    IntakeLimits,
    PrecisionName,
    RemoteSettings,
    RouteName,
)


def intake_limits() -> IntakeLimits:
    return IntakeLimits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        max_duration_s=settings.MAX_DURATION_S,
        max_channels=settings.MAX_CHANNELS,
        min_sample_rate_hz=settings.MIN_SAMPLE_RATE_HZ,
        max_sample_rate_hz=settings.MAX_SAMPLE_RATE_HZ,
        max_decode_ratio=settings.MAX_DECODE_RATIO,
        decode_wall_s=settings.DECODE_WALL_S,
        probe_count_s=settings.PROBE_COUNT_S,
        probe_wall_s=settings.PROBE_WALL_S,
        decode_memory_bytes=settings.DECODE_MEMORY_BYTES,
        min_free_bytes=settings.MIN_FREE_BYTES,
    )


def core_settings() -> CoreSettings:
    return CoreSettings(
        model_dir=settings.MODEL_DIR,
        model_paths=tuple(settings.MODEL_PATHS),
        offline=settings.OFFLINE,
        hub_timeout_s=settings.HUB_TIMEOUT_S,
        fetch_limit_s=settings.FETCH_LIMIT_S,
        checkpoint_s=settings.CHECKPOINT_S,
        limits=intake_limits(),
        engine=cast(EngineName, settings.ENGINE),
        precision=cast(PrecisionName, settings.PRECISION),
        routes=cast("tuple[RouteName, ...]", tuple(settings.ROUTES)),
        remote=remote_settings(),
        gpu_batch=settings.GPU_BATCH,
        licences=tuple(settings.MODEL_LICENCES),
    )


def remote_settings() -> RemoteSettings:
    return RemoteSettings(
        url=settings.REMOTE_URL,
        token=settings.REMOTE_TOKEN,
        dialect=cast(DialectName, settings.REMOTE_DIALECT),
        connect_s=settings.REMOTE_CONNECT_S,
        read_s=settings.REMOTE_READ_S,
        write_s=settings.REMOTE_WRITE_S,
        pool_s=settings.REMOTE_POOL_S,
        retries=settings.REMOTE_RETRIES,
        backoff=settings.REMOTE_BACKOFF,
        max_pause_s=settings.REMOTE_MAX_PAUSE_S,
        patience_s=settings.REMOTE_PATIENCE_S,
        keep=settings.REMOTE_KEEP,
    )
