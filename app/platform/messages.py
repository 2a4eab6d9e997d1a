"""Every sentence that the API says to people, in Chinese (default) and English. Keys are kept in order."""

from typing import Final

from app.platform import poster_messages
from app.platform.attribution_messages import ATTRIBUTION
from app.platform.coupon_messages import COUPONS
from app.platform.file_messages import FILE_MESSAGES
from app.platform.invoice_messages import INVOICES
from app.platform.shelf_messages import SHELF
from app.platform.stock_messages import STOCK

LANGUAGES: Final = ("zh-CN", "en")

CATALOGUE: Final[dict[str, dict[str, str]]] = {
    **poster_messages.CATALOGUE,
    **FILE_MESSAGES,
    **INVOICES,
    **SHELF,
    **STOCK,
    "address_required": {"zh-CN": "请填写收货地址。", "en": "Give the address to send to."},
    "after_sale_nothing_left": {
        "zh-CN": "这件商品已全部申请售后。",
        "en": "Every piece of this item is in an after-sale already.",
    },
    "after_sale_nothing_to_return": {
        "zh-CN": "商品尚未发出，请选择仅退款。",
        "en": "Nothing has been sent yet, so nothing can come back: ask for a refund only.",
    },
    "amount_too_large": {"zh-CN": "金额超过可用的部分。", "en": "That is more than there is."},
    **ATTRIBUTION,
    "audience_too_many": {"zh-CN": "一次最多指明 {most} 个。", "en": "Name {most} at most."},
    "audience_unknown": {"zh-CN": "有的不在本品牌里。", "en": "Some of these are not the brand's."},
    "barcode_form": {
        "zh-CN": "条码应为 4 到 32 个字母、数字或连字符。",
        "en": "A barcode has 4 to 32 letters, digits or hyphens.",
    },
    "barcode_taken": {"zh-CN": "这个条码已被使用。", "en": "This barcode is taken."},
    "brand_code_form": {
        "zh-CN": "品牌代码应为 2 到 32 个小写字母、数字或连字符。",
        "en": "A brand's code has 2 to 32 small letters, digits or hyphens.",
    },
    "brand_code_taken": {"zh-CN": "这个品牌代码已被使用。", "en": "This brand code is in use already."},
    "brand_currency": {"zh-CN": "币种应为 {currencies} 之一。", "en": "The currency is one of {currencies}."},
    "brand_name_length": {
        "zh-CN": "品牌名称应为 1 到 {longest} 个字符。",
        "en": "A brand's name has 1 to {longest} characters.",
    },
    "brand_time_zone": {"zh-CN": "没有这个时区。", "en": "There is no such time zone."},
    "brand_unknown": {"zh-CN": "没有这个品牌。", "en": "There is no such brand."},
    "breakdown_later": {"zh-CN": "还不能按这一项细分。", "en": "This is not broken down by yet."},
    "breakdown_no_store": {"zh-CN": "无门店", "en": "No store"},
    "breakdown_nobody": {"zh-CN": "门店（无导购）", "en": "The store, no guide"},
    "category_depth": {"zh-CN": "分类最多 {most} 级。", "en": "Categories go at most {most} levels deep."},
    "category_name_taken": {"zh-CN": "同级分类中已有这个名称。", "en": "There is a category of this name beside it."},
    "code_target_required": {"zh-CN": "请指明这个码通向哪里。", "en": "Say where the code leads to."},
    "code_of_quotation": {
        "zh-CN": "每张报价单自带专属链接，不用另外生成。",
        "en": "Each quotation has a link of its own: none is made beside it.",
    },
    "code_without_shop": {
        "zh-CN": "你还没有小店，不能创建这种码。",
        "en": "You have no shop that such a code could lead into.",
    },
    "consent_repeated": {"zh-CN": "每个用途只能出现一次。", "en": "Name each purpose once."},
    "consents_for_customers": {"zh-CN": "只有顾客登录时可以同意条款。", "en": "Consents are a customer's."},
    **COUPONS,
    "cover_url_form": {
        "zh-CN": "封面应为 https:// 地址或 /media/ 下的路径，最多 {most} 个字符。",
        "en": "A cover is an https:// address or a path below /media/, of at most {most} characters.",
    },
    "employee_number_taken": {"zh-CN": "这个工号已被使用。", "en": "This employee number is in use already."},
    "evidence_url_form": {
        "zh-CN": "凭证应为 https:// 地址或 /media/ 下的路径。",
        "en": "A picture is an https:// address or a path below /media/.",
    },
    "evidence_urls_too_many": {"zh-CN": "最多 {most} 张凭证。", "en": "At most {most} pictures."},
    "freight_estimate": {"zh-CN": "运费（填写收货地址后确定）", "en": "Freight (settled by the address)"},
    "freight_flat": {"zh-CN": "运费", "en": "Freight"},
    "freight_free": {"zh-CN": "满 {amount} 免运费", "en": "Free freight from {amount}"},
    "functions_for_headquarters": {
        "zh-CN": "只有总部人员和老板可以有职能。",
        "en": "Functions are for headquarters' people and the owner.",
    },
    "idempotency_conflict": {
        "zh-CN": "这个幂等键已用于另一个请求。",
        "en": "This idempotency key was used for a different request.",
    },
    "idempotency_key_length": {
        "zh-CN": "幂等键应为 16 到 64 个字符。",
        "en": "An idempotency key has 16 to 64 characters.",
    },
    "insufficient_stock": {"zh-CN": "有商品库存不足。", "en": "Some items are short in stock."},
    "invalid_id": {"zh-CN": "编号无效。", "en": "This id is not valid."},
    "market_price_below_price": {"zh-CN": "划线价不能低于售价。", "en": "A market price is never below the price."},
    "material_attachment_form": {
        "zh-CN": "附件应为 http(s) 地址或 /media/ 下的路径，最长 {most} 个字符。",
        "en": "An attachment is an http(s) address or a path below /media/, at most {most} characters.",
    },
    "material_product_unknown": {
        "zh-CN": "有的商品不在本品牌里。",
        "en": "Some of these products are not the brand's.",
    },
    "material_script_placeholder": {
        "zh-CN": "话术里的大括号只能是 {{guide}}、{{store}}、{{customer}} 或 {{link}}。",
        "en": "Braces in a script hold {{guide}}, {{store}}, {{customer}} or {{link}}, nothing else.",
    },
    "material_script_placeholders": {
        "zh-CN": "话术里最多用 {most} 个占位符。",
        "en": "A script has {most} placeholders at most.",
    },
    "material_too_many_attachments": {"zh-CN": "最多 {most} 个附件。", "en": "{most} attachments at most."},
    "material_too_many_products": {"zh-CN": "最多 {most} 件商品。", "en": "{most} products at most."},
    "member_code_taken": {"zh-CN": "这个会员号已被使用。", "en": "This member code is in use already."},
    "not_found": {"zh-CN": "没有找到。", "en": "Not found."},
    "missing_number": {"zh-CN": "缺货数量请填数字。", "en": "Say how many are missing in digits."},
    "missing_pieces": {
        "zh-CN": "这个规格待发 {most} 件，缺货数量应在 1 到 {most} 之间。",
        "en": "{most} of this SKU are to be sent; say 1 to {most} of them are missing.",
    },
    "number_range": {"zh-CN": "应在 {least} 到 {most} 之间。", "en": "It must be from {least} to {most}."},
    "opening_hours_form": {
        "zh-CN": "营业时间须为星期 1 至 7、HH:MM，先开后关且不重叠。",
        "en": "Opening hours: weekday 1 to 7, HH:MM, opening before closing, no overlaps, at most 21 lines.",
    },
    "order_lines_out_of_range": {
        "zh-CN": "每种商品的数量应为 1 到 {pieces} 件。",
        "en": "Order 1 to {pieces} pieces of each item.",
    },
    "order_lines_required": {"zh-CN": "请至少选择一件商品。", "en": "Choose at least one item."},
    "order_lines_too_many": {
        "zh-CN": "一个订单最多 {lines} 种商品。",
        "en": "An order holds at most {lines} different items.",
    },
    "order_search_form": {
        "zh-CN": "请输入订单号、手机号或手机号后四位。",
        "en": "Search by an order number, a phone, or the last four digits of one.",
    },
    "org_unit_code_taken": {"zh-CN": "这个组织编码已被使用。", "en": "This unit code is in use already."},
    "org_unit_kind": {"zh-CN": "总部是根组织，不能再建。", "en": "Headquarters is the root; there is only one."},
    "outbound_clock_form": {"zh-CN": "请按 21:00 的格式填写时间。", "en": "Write the time as 21:00."},
    "outbound_days_fixed": {
        "zh-CN": "这个渠道的周期不能修改。",
        "en": "The period of this channel cannot be changed.",
    },
    "outbound_kind_owed": {
        "zh-CN": "登录、付款、配送和售后通知由系统发送。",
        "en": "Messages about sign-in, payment, delivery and after-sales are sent by themselves.",
    },
    "outbound_sms": {"zh-CN": "【{brand}】{text} 拒收请回复R", "en": "【{brand}】{text} Reply R to opt out"},
    "outbound_sms_owed": {"zh-CN": "【{brand}】{text}", "en": "【{brand}】{text}"},
    "outbound_text_signature": {
        "zh-CN": "短信签名会自动加上，请不要使用【】。",
        "en": "The signature is added by itself: leave 【】 out.",
    },
    "payment_provider_not_offered": {"zh-CN": "暂不支持这种支付方式。", "en": "This way of paying is not offered."},
    "payouts_not_offered": {"zh-CN": "这里暂不支持付款。", "en": "Nothing can be paid out here."},
    "period_backwards": {"zh-CN": "开始日期不能晚于结束日期。", "en": "The first day must not come after the last."},
    "period_both": {
        "zh-CN": "请选择预设期间或起止日期，不能同时给出。",
        "en": "Give a preset, or from and to, not both.",
    },
    "period_neither": {"zh-CN": "请选择预设期间，或同时给出起止日期。", "en": "Give a preset, or both from and to."},
    "period_too_long": {"zh-CN": "期间最多 {longest} 天。", "en": "A period has at most {longest} days."},
    "phone_form": {
        "zh-CN": "请填写 11 位手机号，或以 +86 开头。",
        "en": "Give a mobile number of 11 digits, or with +86 before them.",
    },
    "phone_taken": {"zh-CN": "这个手机号已被使用。", "en": "This phone is in use already."},
    "pickup_code_form": {"zh-CN": "取货码是 8 位数字。", "en": "A pickup code has 8 digits."},
    "pickup_code_wrong": {"zh-CN": "取货码不正确。", "en": "This is not the order's pickup code."},
    "pickup_sms": {
        "zh-CN": "订单 {number} 已备好，请到{store}取货，取货码 {code}。请到店后再出示。",
        "en": "Order {number} is ready at {store}. Your pickup code is {code}; show it in the store only.",
    },
    "pickup_store_required": {"zh-CN": "请选择自提门店。", "en": "Choose the store to fetch it from."},
    "plan_above_whole": {
        "zh-CN": "各角色的全品牌费率合计不能超过 100%。",
        "en": "The brand-wide rates of all roles together are at most 100 %.",
    },
    "plan_forbidden": {
        "zh-CN": "一条规则只能指定商品或分类之一。",
        "en": "A rule names a product or a category, not both.",
    },
    "plan_hold_days": {
        "zh-CN": "冻结天数应在 {shortest} 到 {longest} 之间。",
        "en": "The days of hold go from {shortest} to {longest}.",
    },
    "plan_out_of_range": {
        "zh-CN": "费率应在 0 到 10000 个基点之间。",
        "en": "A rate goes from 0 to 10,000 basis points.",
    },
    "plan_required": {"zh-CN": "至少需要一条规则。", "en": "A plan needs at least one rule."},
    "plan_rule_duplicate": {
        "zh-CN": "有两条规则的角色和范围相同。",
        "en": "Two rules of a role name the same goods and place.",
    },
    "plan_too_many": {"zh-CN": "最多 {most} 条规则。", "en": "A plan has at most {most} rules."},
    "plan_unknown_name": {"zh-CN": "没有这个商品、分类或组织。", "en": "There is no such product, category or unit."},
    "policy_forbidden": {"zh-CN": "永久绑定不能设置有效天数。", "en": "A permanent binding has no days of validity."},
    "policy_longer_than_validity": {
        "zh-CN": "保护期不能长于有效期。",
        "en": "Protection cannot be longer than validity.",
    },
    "policy_out_of_range": {"zh-CN": "超出允许的范围。", "en": "This is outside the allowed range."},
    "policy_required": {"zh-CN": "这种规则需要填写天数。", "en": "This kind of policy needs a number of days."},
    "price_changed": {
        "zh-CN": "价格有变化，请确认新的总价。",
        "en": "The price has changed; please confirm the new total.",
    },
    "quotation_expiry": {
        "zh-CN": "报价的有效期为 1 小时到 30 天。",
        "en": "A quotation is good for an hour to 30 days.",
    },
    "rate_limited": {
        "zh-CN": "请求太频繁，请 {seconds} 秒后再试。",
        "en": "Too many requests; try again in {seconds} seconds.",
    },
    "return_window_over": {"zh-CN": "已超过无理由退货的期限。", "en": "The days for returns are over."},
    "shop_without_seller": {
        "zh-CN": "这家店铺暂时没有人服务，请到其他店铺购买。",
        "en": "Nobody serves this shop at present; please buy in another one.",
    },
    "sign_in_code_form": {"zh-CN": "验证码是 6 位数字。", "en": "A sign-in code has 6 digits."},
    "sign_in_refused": {"zh-CN": "验证码或登录凭证不正确。", "en": "The code or token is not right."},
    "sign_in_sms": {
        "zh-CN": "【{brand}】验证码 {code}，{minutes} 分钟内有效。请勿告诉他人。",
        "en": "[{brand}] Your code is {code}, valid for {minutes} minutes. Tell nobody.",
    },
    "sku_code_form": {
        "zh-CN": "规格编码应为 1 到 40 个字母、数字或 . _ -，以字母或数字开头。",
        "en": "A SKU code has 1 to 40 letters, digits or . _ -, and begins with a letter or digit.",
    },
    "sku_code_taken": {"zh-CN": "这个规格编码已被使用。", "en": "This SKU code is taken."},
    "sku_count": {"zh-CN": "每个商品应有 1 到 {most} 个规格。", "en": "A product has 1 to {most} SKUs."},
    "sku_not_for_sale": {"zh-CN": "这个商品已下架。", "en": "This item is not on sale."},
    "sku_repeated": {"zh-CN": "同一规格只能出现一次。", "en": "A SKU may be named only once."},
    "stock_below_reserved": {
        "zh-CN": "库存不能少于已预留的数量，最多可减 {available}。",
        "en": "Stock cannot fall below what is reserved; at most {available} can be taken away.",
    },
    "stock_change_zero": {"zh-CN": "变动数量不能为 0。", "en": "A change of 0 changes nothing."},
    "store_code_taken": {"zh-CN": "这个门店编码已被使用。", "en": "This store code is in use already."},
    "store_outside_unit": {"zh-CN": "门店不在这个组织内。", "en": "The store is not in this unit."},
    "subscriptions_enough": {
        "zh-CN": "最多可累积 {most} 次提醒。",
        "en": "At most {most} reminders can wait.",
    },
    "text_form": {"zh-CN": "含有不允许的字符。", "en": "It holds characters that are not allowed."},
    "text_required": {"zh-CN": "请填写内容。", "en": "This must not be empty."},
    "text_too_long": {"zh-CN": "最多 {longest} 个字符。", "en": "At most {longest} characters."},
    "unit_or_store_required": {"zh-CN": "请指定组织或门店。", "en": "Name a unit or a store."},
    "url_form": {"zh-CN": "请填写网址，最多 500 个字符。", "en": "Give a web address of at most 500 characters."},
    "withdrawal_minimum": {"zh-CN": "每次至少提现 {amount}。", "en": "Withdraw at least {amount}."},
    "wrong_state": {"zh-CN": "当前状态不允许这样做。", "en": "The present state does not allow this."},
}


def text(key: str, language: str = "zh-CN", **facts: object) -> str:
    """The sentence of a key. An unknown language falls back to Chinese."""
    sentences = CATALOGUE[key]
    return sentences.get(language, sentences["zh-CN"]).format(**facts)


def language_of(accept_language: str) -> str:
    """The best language of ours for an Accept-Language header: `en` only where it is asked for before Chinese."""
    best, best_weight = "zh-CN", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.split("=", 1)[1]) if "=" in parameters else 1.0
        except ValueError:
            continue
        primary = tag.strip().lower().split("-")[0]
        name = {"en": "en", "zh": "zh-CN"}.get(primary)
        if name is not None and weight > best_weight:
            best, best_weight = name, weight
    return best
