"""The scan of a code, by anybody: the code leads to the brand."""

from typing import Any
from uuid import UUID

from app.customers import reads as customers_reads
from app.customers import visitors
from app.marketing import codes, material_reads
from app.platform.db import Brand, BrandSession
from app.platform.errors import NotFound
from app.products import reads as products_reads
from graphql_schema.context import Context
from graphql_schema.customers.types import to_binding, to_touchpoint
from graphql_schema.marketing.inputs import CodeScanInput
from graphql_schema.marketing.payloads import CodeScanPayload
from graphql_schema.marketing.toolbox_types import to_material
from graphql_schema.products.types import to_shop
from graphql_schema.transaction import Result, mutate
from graphql_schema.user_errors import to_user_error


async def scan_code(context: Context, input: CodeScanInput) -> Any:
    """Record the scan; the payload, or the user error."""
    actor = await context.actor()
    found = await _find(context, input.code)
    if found is None:
        return await to_user_error(NotFound("Code", path=("code",)), context.language)
    brand, code_id = found
    context.enter_brand(brand)

    async def act(session: BrandSession) -> Result:
        scan = await codes.scan(
            session,
            actor,
            token=input.code,
            visitor_token=input.visitor_token,
            channel=input.channel,
            now=session.now,
        )
        return {
            "visitor_id": scan.visitor_id,
            "touchpoint_id": scan.touchpoint_id,
            "shop_id": scan.shop_id,
            "binding_id": scan.binding_id,
            "material_id": scan.material_id,
        }

    return await mutate(
        context,
        brand,
        operation="codeScan",
        actor=actor,
        body=input,
        act=act,
        answer=_answer,
        key=input.idempotency_key,
        principal=actor.principal if actor.is_customer or actor.is_employee else f"code:{code_id}",
    )


async def _answer(session: BrandSession, made: Result) -> CodeScanPayload:
    touchpoint_id = UUID(made["touchpoint_id"])
    touchpoint = (await customers_reads.touchpoints_by_id(session, [touchpoint_id]))[touchpoint_id]
    shop = None if made["shop_id"] is None else await products_reads.shop_facts(session, UUID(made["shop_id"]))
    binding = None
    if made["binding_id"] is not None:
        binding_id = UUID(made["binding_id"])
        binding = (await customers_reads.bindings_by_id(session, [binding_id]))[binding_id]
    # A scan that was remembered before materials were shared says nothing of one.
    material = None
    if made.get("material_id") is not None:
        material = await material_reads.by_id(session, UUID(made["material_id"]))
    return CodeScanPayload(
        visitor_token=visitors.token_of(session.vault, session.brand_id, UUID(made["visitor_id"])),
        touchpoint=to_touchpoint(touchpoint),
        shop=None if shop is None else to_shop(shop),
        binding=None if binding is None else to_binding(binding),
        material=None if material is None or material.is_withdrawn else to_material(material),
    )


async def _find(context: Context, token: str) -> tuple[Brand, UUID] | None:
    """Brand and code of a genuine token; another brand's code is not there for who is signed in to this one."""
    if not codes.is_genuine(context.runtime.database.vault, token):
        return None
    found = await context.runtime.database.resolve(codes.CODE_TOKEN, token)
    is_foreign = found is not None and context.claims is not None and context.claims.brand_id != found[0].id
    return None if is_foreign else found
