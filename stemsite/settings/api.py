"""The API and how often it answers."""

from stemsite import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "jobs.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "jobs.api.parsers.JSONParser",
        "jobs.api.parsers.FormParser",
        "jobs.api.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "jobs.api.pagination.JobPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": [
        "jobs.http.throttles.UserThrottle",
        "jobs.http.throttles.AnonThrottle",
        "jobs.http.throttles.ScopedThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.rate("STEMSITE_RATE_USER", "3000/min", "API requests of one account"),
        "anon": env.rate("STEMSITE_RATE_ANON", "60/min", "API requests of one address, no token"),
        "upload": env.rate("STEMSITE_RATE_UPLOAD", "120/hour", "uploads of one account"),
        "bad_token": env.rate(
            "STEMSITE_RATE_BAD_TOKEN", "30/min", "tokens that open nothing, per address"
        ),
        # Six stems played through ask 110 times a minute, jumps and pictures several times that.
        "share": env.rate(
            "STEMSITE_RATE_SHARE", "1500/min", "requests of shared mixers, per address"
        ),
        "password": env.rate(
            "STEMSITE_RATE_PASSWORD", "10/hour", "passwords tried when an account is deleted"
        ),
        "export": env.rate("STEMSITE_RATE_EXPORT", "6/hour", "exports of one account's data"),
        "mix": env.rate("STEMSITE_RATE_MIX", "60/hour", "mixes made for one account"),
    },
    # `format` is the audio format of a job, never that of a response.
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "jobs.api.errors.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "stemsite",
    "DESCRIPTION": "Upload songs, get verified stems back.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "JobStatus": "jobs.models.job.JobStatus",
        "StageStatus": "jobs.models.stage.StageStatus",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # No badge from a validator on the internet: the page works offline.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "REDOC_DIST": "SIDECAR",
}
