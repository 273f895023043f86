"""Accounts, tokens and e-mail."""

import environ

from stemsite import env
from stemsite.settings.site import SITE_NAME

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
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
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
SESSION_ENGINE = "stemsite.sessions"
SESSION_COOKIE_HTTPONLY = True

# knox's own way to a token with more fields: it takes this model wherever it deals with tokens.
KNOX_TOKEN_MODEL = "jobs.ApiToken"
TOKEN_DAYS = env.whole(
    "STEMSITE_TOKEN_DAYS", 90, "most days for which an API token works", least=1, most=36_500
)
MAX_TOKENS = env.whole("STEMSITE_MAX_TOKENS", 200, "API tokens of one account", least=1)
