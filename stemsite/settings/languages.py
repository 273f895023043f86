"""Languages of the pages."""

from stemsite import env
from stemsite.settings.folders import BASE_DIR
from stemsite.settings.site import HTTPS

# Each in its own words, as whoever looks for it reads it.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("es", "Español")]
_CODES = tuple(code for code, _ in LANGUAGES)
_OFFERED = (
    env.words(
        "STEMSITE_LANGUAGES",
        _CODES,
        "languages of the pages, of which people choose one",
        choices=_CODES,
    )
    or _CODES
)
OFFERED_LANGUAGES = [(code, name) for code, name in LANGUAGES if code in _OFFERED]
SITE_LANGUAGE = env.text(
    "STEMSITE_LANGUAGE",
    "en" if "en" in _OFFERED else _OFFERED[0],
    "language for people whose account and browser ask for none of these",
    choices=tuple(_OFFERED),
)

# What is stored, logged and answered to programs is English. `stemsite.languages` activates the
# language of a person for a page, `jobs.services.account.language` for a mail.
LANGUAGE_CODE = "en"
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "stemsite" / "locale"]
FORMAT_MODULE_PATH = "stemsite.formats"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 86_400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = HTTPS
