"""Access for operators with shell access: a token without a code sent to a phone."""

from app.customers import profiles
from app.employees import phones, sessions, staff
from app.employees.values import Audience
from app.platform.db import Brand
from app.platform.errors import NotFound
from app.platform.runtime import Runtime


async def operator_token(runtime: Runtime, brand: Brand, *, phone: str, audience: str) -> str:
    """An access token of a new session for the employee or customer of a phone, in a transaction of its own.

    It lives for 15 minutes. `audience` is EMPLOYEE or CUSTOMER. Raises: InvalidInput (the phone), NotFound.
    """
    number = phones.read_phone(phone, "phone")
    own_audience = Audience(audience)
    async with runtime.database.transaction(brand) as session:
        if own_audience is Audience.EMPLOYEE:
            principal_id = await staff.employee_id_by_phone(session, number)
        else:
            principal_id = await profiles.customer_id_by_phone(session, number)
        if principal_id is None:
            raise NotFound(own_audience.value.capitalize(), path=("phone",))
        opened = await sessions.open_session(
            session,
            audience=own_audience,
            principal_id=principal_id,
            settings=runtime.settings,
            signing=runtime.secrets.signing,
            now=session.now,
        )
    return opened.access_token
