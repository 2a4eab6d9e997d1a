"""What tests of the clients' documents start from."""

import pytest

from app.platform.runtime import Runtime
from tests.commission.sold import Sale, make_sale


@pytest.fixture
async def sale(runtime: Runtime) -> Sale:
    return await make_sale(runtime)
