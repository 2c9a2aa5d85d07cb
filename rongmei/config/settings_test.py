"""Settings for tests: a throw-away home, an in-memory database (or the PostgreSQL of DATABASE_URL)."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("RONGMEI_HOME", tempfile.mkdtemp(prefix="rongmei-test-"))
os.environ.setdefault("RONGMEI_SECRET_KEY", "only-for-tests")
os.environ.setdefault("RONGMEI_SLUG", "test")
os.environ.setdefault("RONGMEI_NAME", "测试节点")

from rongmei.config.settings import *  # noqa: F403
from rongmei.config.settings import DATABASES, IS_SQLITE, STATIC_ROOT

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder
if IS_SQLITE:
    DATABASES["default"]["TEST"] = {
        "NAME": os.environ["RONGMEI_HOME"] + "/test.sqlite3",
        "MIGRATE": False,
    }
    # Test databases may be lost: skip the disk.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
elif os.environ.get("RONGMEI_TEST_TEMPLATED"):
    # tools/with_postgres.py made the test databases as copies of a migrated one.
    DATABASES["default"]["TEST"] = {"MIGRATE": False}
