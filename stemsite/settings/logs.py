"""Logs."""

from stemsite import env

LOG_LEVEL = env.text(
    "STEMSITE_LOG_LEVEL",
    "INFO",
    "detail of the log",
    choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "stemsite.hidden_links.HidingFormatter",
            "format": "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    # Django's own server writes its lines past all of the above otherwise.
    "loggers": {"django.server": {"handlers": ["console"], "propagate": False}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
