"""Which address leads to which page for employees."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from app.web import (
    boss_pages,
    boss_shelf_pages,
    care_pages,
    customer_pages,
    guide_coupon_pages,
    guide_pages,
    guide_quotation_pages,
    guide_shelf_pages,
    invoice_pages,
    poster_pages,
    redeem_pages,
    share_pages,
    staff_after_sale_pages,
    staff_order_pages,
    toolbox_pages,
    withdrawal_pages,
)
from app.web.readers import StaffReader

StaffPage = Callable[[StaffReader], Awaitable[Response]]

PAGES: Final[tuple[tuple[str, StaffPage | None, StaffPage | None], ...]] = (
    ("/guide", guide_pages.show_home, None),
    ("/guide/code", guide_pages.show_code, guide_pages.make_code),
    ("/guide/posters", poster_pages.show_posters, poster_pages.make_poster),
    ("/guide/toolbox", toolbox_pages.show_toolbox, None),
    ("/guide/toolbox/{material_id}", toolbox_pages.show_material, toolbox_pages.share_material),
    ("/guide/shares", share_pages.show_shares, None),
    ("/guide/shares/{share_id}", share_pages.show_share, None),
    ("/guide/quotations", guide_quotation_pages.show_quotations, None),
    ("/guide/quotations/new", guide_quotation_pages.show_form, guide_quotation_pages.make),
    ("/guide/quotations/{quotation_id}", guide_quotation_pages.show_quotation, guide_quotation_pages.withdraw),
    ("/guide/customers", guide_pages.show_customers, None),
    ("/guide/care", care_pages.show_tasks, None),
    ("/guide/care/{task_id}", None, care_pages.close_task),
    ("/guide/coupons", guide_coupon_pages.show_all, guide_coupon_pages.make_code),
    ("/guide/customers/{customer_id}", customer_pages.show_customer, customer_pages.send_message),
    ("/guide/customers/{customer_id}/coupons", guide_coupon_pages.show_customer, guide_coupon_pages.give),
    ("/guide/commission", guide_pages.show_commission, None),
    ("/guide/orders", staff_order_pages.show_guide_orders, None),
    ("/guide/orders/{order_id}", staff_order_pages.show_order, staff_order_pages.act_on_order),
    ("/guide/shelf", guide_shelf_pages.show_shelf, guide_shelf_pages.arrange),
    ("/guide/shelf/{product_id}", guide_shelf_pages.show_item, guide_shelf_pages.change_item),
    ("/guide/shelf/{product_id}/picture", None, guide_shelf_pages.add_picture),
    ("/guide/redeem", redeem_pages.show_counter, redeem_pages.act),
    ("/guide/withdrawals", withdrawal_pages.show_own, withdrawal_pages.request),
    ("/boss", boss_pages.show_board, None),
    ("/boss/live", boss_pages.show_live, None),
    ("/boss/orders", staff_order_pages.show_boss_orders, None),
    ("/boss/orders/{order_id}", staff_order_pages.show_order, staff_order_pages.act_on_order),
    ("/boss/shelf", boss_shelf_pages.show_rules, boss_shelf_pages.act),
    ("/boss/after-sales", staff_after_sale_pages.show_all, None),
    ("/boss/after-sales/{after_sale_id}", staff_after_sale_pages.show_one, staff_after_sale_pages.act),
    ("/boss/invoices", invoice_pages.show_all, None),
    ("/boss/invoices/{invoice_id}", invoice_pages.show_one, invoice_pages.decide),
    ("/boss/withdrawals", withdrawal_pages.show_all, None),
    ("/boss/withdrawals/{withdrawal_id}", withdrawal_pages.show_one, withdrawal_pages.decide),
)
"""Address, what a GET shows, and what a form that was sent there does."""
