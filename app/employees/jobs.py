"""What employees online does outside a request: sending sign-in codes."""

import asyncio
from uuid import UUID

from app.employees import sign_in_codes
from app.employees.events import SignInCodeRequested
from app.platform import messages
from app.platform.db import Brand
from app.platform.integrations.sms import SmsMessage, open_sms_sender
from app.platform.outbox import Delivery
from app.platform.runtime import Runtime


def send_sign_in_code(runtime: Runtime) -> Delivery:
    """The delivery for SignInCodeRequested: texts the code while it can still be used. May run again after a crash."""
    sender = open_sms_sender(runtime.settings)

    async def deliver(brand: Brand, event: SignInCodeRequested, event_id: UUID) -> None:
        async with runtime.database.reading(brand) as session:
            found = await sign_in_codes.code_to_send(session, sign_in_code_id=event.sign_in_code_id)
        if found is None:
            return
        words = messages.text("sign_in_sms", brand=brand.name, code=found.code, minutes=max(1, found.ttl_seconds // 60))
        message = SmsMessage(id=event_id, to=found.phone, text=words, code=found.code)
        await asyncio.to_thread(sender.send, message)

    return deliver
