"""The one place where Django's settings become the core's values."""

from django.conf import settings

from separation.settings import CoreSettings, IntakeLimits


def intake_limits() -> IntakeLimits:
    return IntakeLimits(
        max_bytes=settings.MAX_UPLOAD_BYTES,
        max_duration_s=settings.MAX_DURATION_S,
        min_free_bytes=settings.MIN_FREE_BYTES,
    )


def core_settings() -> CoreSettings:
    return CoreSettings(
        model_dir=settings.MODEL_DIR,
        offline=settings.OFFLINE,
        hub_timeout_s=settings.HUB_TIMEOUT_S,
        limits=intake_limits(),
    )
