"""What a model suggests is set up here as it is for the tests of annotation."""

from tests.annotation.conftest import labels, ranked  # noqa: F401  # fixtures
