"""Where people reach the site."""

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from stemsite import env
from stemsite.secret import stored_secret_key
from stemsite.settings.folders import DATA_DIR

DEBUG = env.boolean("STEMSITE_DEBUG", False, "Django's debug pages; never on a public host")
SECRET_KEY = env.text(
    "STEMSITE_SECRET_KEY", "", "signing key; empty: made once and kept in the data directory"
) or stored_secret_key(DATA_DIR)
SITE_NAME = env.text("STEMSITE_NAME", "stemsite", "name of the site in its header and its e-mails")
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
TIME_ZONE = env.time_zone("STEMSITE_TIME_ZONE", "UTC", "time zone of the pages")
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
ACCEL_PREFIX = env.text(
    "STEMSITE_ACCEL_PREFIX",
    "",
    "internal address under which nginx sends files itself (X-Accel-Redirect), such as /files",
)
