"""Django's settings, made from the node this process belongs to (`rongmei.config.node`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dj_database_url
from django.utils.translation import gettext_lazy as _

from rongmei.config import node as node_config

NODE = node_config.load()
PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = NODE.secret_key
DEBUG = NODE.debug
ALLOWED_HOSTS = ["*"] if NODE.demo else [NODE.url.split("://", 1)[-1].split(":")[0], NODE.host]
CSRF_TRUSTED_ORIGINS = [NODE.url]
SITE_NAME = NODE.name

# Rooms, upper first: templates and static files of an upper room win over a lower one's.
ROOMS = [
    "desk",
    "screen",
    "portal",
    "impact",
    "channels",
    "stories",
    "exemplars",
    "planning",
    "monitoring",
    "archive",
    "sources",
    "assets",
    "network",
    "kernel",
]

INSTALLED_APPS = [
    "rongmei.config",
    *(f"rongmei.{room}" for room in ROOMS),
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "wagtail.users",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "django_htmx",
    "heroicons",
    "ninja",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "rongmei.kernel.middleware.RequestContextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "rongmei.kernel.middleware.ErrorWordsMiddleware",
    "rongmei.network.middleware.MemberMiddleware",
]

ROOT_URLCONF = "rongmei.config.urls"
WSGI_APPLICATION = "rongmei.config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["rongmei.kernel.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rongmei.desk.context.shell",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {"default": dj_database_url.parse(NODE.database_url)}
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # One writer at a time, asked for at BEGIN: deferred transactions failed more than half of the
    # time with four writing processes. See docs/decisions/0003-sqlite.md.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
            " PRAGMA mmap_size=134217728; PRAGMA cache_size=-16000;"
        ),
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # As on SQLite nobody waits for ever: for a server, for a lock, for a statement, for a process
    # that died inside a transaction. `?options=…` in DATABASE_URL replaces them.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 10,
        "options": "-c lock_timeout=30s -c statement_timeout=120s"
        " -c idle_in_transaction_session_timeout=60s",
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "network.Member"
AUTHENTICATION_BACKENDS = [
    # Only ours: allauth's and Django's would answer permission questions from their own tables.
    "rongmei.network.backends.MatrixBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "rongmei.network.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = NODE.name
MFA_ADAPTER = "rongmei.network.accounts.MFAAdapter"
MFA_FORMS = {
    "authenticate": "rongmei.network.accounts.CodeForm",
    "reauthenticate": "rongmei.network.accounts.CodeOnceMoreForm",
    "activate_totp": "rongmei.network.accounts.FirstCodeForm",
}
ACCOUNT_FORMS = {
    "login": "rongmei.network.accounts.SignInForm",
    "change_password": "rongmei.network.accounts.NewPasswordForm",
    "reauthenticate": "rongmei.network.accounts.PasswordAgainForm",
}
# MemberMiddleware notes when somebody was last seen, every few minutes; allauth would write on
# every page.
USERSESSIONS_TRACK_ACTIVITY = False

# Cookies ignore ports, so two nodes on one machine would sign each other's people out.
SESSION_COOKIE_NAME = f"rm_session_{NODE.slug}"
CSRF_COOKIE_NAME = f"rm_csrf_{NODE.slug}"
LANGUAGE_COOKIE_NAME = f"rm_lang_{NODE.slug}"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = NODE.url.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 5000},
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "config" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["rongmei.config.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = NODE.home / "static"
MEDIA_URL = "/media/"
MEDIA_ROOT = NODE.data / "media"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Mail goes out when EMAIL_HOST is set; otherwise notices stay in the workbench and with robots.
_ENV = node_config.environment()
EMAIL_HOST = _ENV.get("EMAIL_HOST", "")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
EMAIL_PORT = int(_ENV.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = _ENV.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _ENV.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _ENV.get("EMAIL_USE_TLS", "") == "1"
EMAIL_USE_SSL = _ENV.get("EMAIL_USE_SSL", "") == "1"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = _ENV.get("DEFAULT_FROM_EMAIL", "rongmei@localhost")

WAGTAIL_SITE_NAME = NODE.name
WAGTAILADMIN_BASE_URL = NODE.url
WAGTAILIMAGES_IMAGE_MODEL = "assets.Picture"
WAGTAIL_I18N_ENABLED = False
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_RESET_ENABLED = False
WAGTAILADMIN_PERMITTED_LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
WAGTAILADMIN_LOGIN_URL = "/accounts/login/"
# Wagtail's database search finds little Chinese and is slow; search is the archive's.
WAGTAILSEARCH_BACKENDS: dict[str, Any] = {}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

# Rongmei's own settings, each documented in docs/reference/settings.md.
RONGMEI_NODE = NODE
RONGMEI_DELEGATION_DAYS = int(_ENV.get("RONGMEI_DELEGATION_DAYS", "30"))
RONGMEI_CLIP_MB = int(_ENV.get("RONGMEI_CLIP_MB", "2000"))
RONGMEI_UPLOAD_MB = int(_ENV.get("RONGMEI_UPLOAD_MB", "2048"))
RONGMEI_UPLOAD_QUOTA_MB = int(_ENV.get("RONGMEI_UPLOAD_QUOTA_MB", "4096"))
RONGMEI_EMBED_HOSTS = [one for one in _ENV.get("RONGMEI_EMBED_HOSTS", "").split(",") if one]
RONGMEI_SOURCES_PER_UNIT = int(_ENV.get("RONGMEI_SOURCES_PER_UNIT", "20000"))
