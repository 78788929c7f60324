"""The one desk that all tests of this folder share."""

from __future__ import annotations

import pytest

from tests.metamorphic.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("metamorphic"))
