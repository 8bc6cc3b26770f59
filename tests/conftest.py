"""Fixtures that every test shares: the cast, and a house of its own for each test's files."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.sql.compiler import SQLUpdateCompiler
from django.test import Client
from django.utils import translation
from hypothesis import settings as laws
from pytest_django import Settings

from labeller.learning import refresh, runs, selectors
from labeller.projects.models import Project, Role, User
from tests.cast import join, make_project, make_user

# A law is true or false, however busy the machine is: an example that takes long proves nothing.
laws.register_profile("labeller", deadline=None)
laws.load_profile("labeller")

TESTS = Path(__file__).parent
LABELLER = TESTS.parent / "labeller"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """SQLite on disk, as it is in earnest: in memory, threads share one cache and are refused instead of waiting."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def updates_of_one_table() -> Iterator[None]:
    """No update of Labeller's reaches across a relation: on PostgreSQL two claims of one row would both be granted (see
    `labeller.projects.conditions`). What SQLite, which has one writer, never shows."""
    ask = SQLUpdateCompiler.pre_sql_setup

    def ask_of_one_table(compiler: SQLUpdateCompiler) -> None:
        compiler.query.get_initial_alias()
        if compiler.query.count_active_tables() > 1:
            frames = (frame.filename for frame in reversed(traceback.extract_stack()) if ours(frame.filename))
            caller = next(frames, "")
            assert not caller.startswith(str(LABELLER)), f"{caller} updates across a relation; take of_project()"
        ask(compiler)

    def ours(file: str) -> bool:
        return file.startswith((str(LABELLER), str(TESTS))) and file != __file__

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SQLUpdateCompiler, "pre_sql_setup", ask_of_one_table)
        yield


@pytest.fixture(autouse=True)
def own_house(settings: Settings, tmp_path: Path) -> None:
    """Files go to the test's own folder, static files come straight from the source, passwords are hashed fast."""
    settings.ARTIFACTS = tmp_path / "artifacts"
    settings.UPLOADS = tmp_path / "uploads"
    settings.STATIC_ROOT = tmp_path / "static"
    for folder in (settings.ARTIFACTS, settings.UPLOADS, settings.STATIC_ROOT):
        folder.mkdir()
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    settings.WHITENOISE_AUTOREFRESH = True  # or every test client would list all static files first
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    selectors.forget_whether_the_queue_is_kept()
    translation.deactivate()  # a request leaves its language behind
    # Worker processes keep a project's draws by its id, and an emptied database may hand out the same ids again.
    if pools := sys.modules.get("labeller.learning.bridges.pool"):
        pools._draws.clear()


@pytest.fixture(autouse=True)
def no_beat_beside_what_is_not_committed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat has a connection of its own, which on PostgreSQL sees nothing of a test that commits nothing: where
    that takes longer than a beat, the run would be taken for somebody else's."""
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if not commits and not (marker and marker.kwargs.get("transaction")):
        for module in (runs, refresh):
            monkeypatch.setattr(module, "BEAT_S", 600.0)


@pytest.fixture
def alice(db: None) -> User:
    """Manages the project."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Annotates in the project."""
    return make_user("bob")


@pytest.fixture
def rita(db: None) -> User:
    """Reads the project."""
    return make_user("rita")


@pytest.fixture
def mallory(db: None) -> User:
    """Has an account and belongs nowhere."""
    return make_user("mallory")


@pytest.fixture
def project(alice: User, bob: User, rita: User) -> Project:
    """One label per text, three labels; Alice manages, Bob annotates, Rita reads."""
    project = make_project()
    join(project, alice, Role.MANAGER)
    join(project, bob, Role.ANNOTATOR)
    join(project, rita, Role.READER)
    return project


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """A browser in which this person is signed in. CSRF is checked only where a test asks for it."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in
