"""Every sentence that the API says to people, in Chinese (default) and English. Keys are kept in order."""

from typing import Final

LANGUAGES: Final = ("zh-CN", "en")

CATALOGUE: Final[dict[str, dict[str, str]]] = {
    "amount_too_large": {"zh-CN": "金额超过可用的部分。", "en": "That is more than there is."},
    "barcode_form": {
        "zh-CN": "条码应为 4 到 32 个字母、数字或连字符。",
        "en": "A barcode has 4 to 32 letters, digits or hyphens.",
    },
    "barcode_taken": {"zh-CN": "这个条码已被使用。", "en": "This barcode is taken."},
    "brand_unknown": {"zh-CN": "没有这个品牌。", "en": "There is no such brand."},
    "category_depth": {"zh-CN": "分类最多 {most} 级。", "en": "Categories go at most {most} levels deep."},
    "category_name_taken": {"zh-CN": "同级分类中已有这个名称。", "en": "There is a category of this name beside it."},
    "code_kind_not_yet": {"zh-CN": "这种码还不能创建。", "en": "Codes of this kind cannot be made yet."},
    "code_target_required": {"zh-CN": "请指明这个码通向哪里。", "en": "Say where the code leads to."},
    "code_without_shop": {
        "zh-CN": "你还没有小店，不能创建商品码。",
        "en": "You have no shop that a product code could lead into.",
    },
    "consent_repeated": {"zh-CN": "每个用途只能出现一次。", "en": "Name each purpose once."},
    "consents_for_customers": {"zh-CN": "只有顾客登录时可以同意条款。", "en": "Consents are a customer's."},
    "cover_url_form": {
        "zh-CN": "封面应为 https:// 地址或 /media/ 下的路径，最多 {most} 个字符。",
        "en": "A cover is an https:// address or a path below /media/, of at most {most} characters.",
    },
    "employee_number_taken": {"zh-CN": "这个工号已被使用。", "en": "This employee number is in use already."},
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
    "member_code_taken": {"zh-CN": "这个会员号已被使用。", "en": "This member code is in use already."},
    "not_found": {"zh-CN": "没有找到。", "en": "Not found."},
    "number_range": {"zh-CN": "应在 {least} 到 {most} 之间。", "en": "It must be from {least} to {most}."},
    "opening_hours_form": {
        "zh-CN": "营业时间须为星期 1 至 7、HH:MM，先开后关且不重叠。",
        "en": "Opening hours: weekday 1 to 7, HH:MM, opening before closing, no overlaps, at most 21 lines.",
    },
    "org_unit_code_taken": {"zh-CN": "这个组织编码已被使用。", "en": "This unit code is in use already."},
    "org_unit_kind": {"zh-CN": "总部是根组织，不能再建。", "en": "Headquarters is the root; there is only one."},
    "phone_form": {
        "zh-CN": "请填写 11 位手机号，或以 +86 开头。",
        "en": "Give a mobile number of 11 digits, or with +86 before them.",
    },
    "phone_taken": {"zh-CN": "这个手机号已被使用。", "en": "This phone is in use already."},
    "price_changed": {
        "zh-CN": "价格有变化，请确认新的总价。",
        "en": "The price has changed; please confirm the new total.",
    },
    "rate_limited": {
        "zh-CN": "请求太频繁，请 {seconds} 秒后再试。",
        "en": "Too many requests; try again in {seconds} seconds.",
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
    "sku_repeated": {"zh-CN": "同一规格只能出现一次。", "en": "A SKU may be named only once."},
    "stock_below_reserved": {
        "zh-CN": "库存不能少于已预留的数量，最多可减 {available}。",
        "en": "Stock cannot fall below what is reserved; at most {available} can be taken away.",
    },
    "stock_change_zero": {"zh-CN": "变动数量不能为 0。", "en": "A change of 0 changes nothing."},
    "store_code_taken": {"zh-CN": "这个门店编码已被使用。", "en": "This store code is in use already."},
    "store_outside_unit": {"zh-CN": "门店不在这个组织内。", "en": "The store is not in this unit."},
    "text_form": {"zh-CN": "含有不允许的字符。", "en": "It holds characters that are not allowed."},
    "text_required": {"zh-CN": "请填写内容。", "en": "This must not be empty."},
    "text_too_long": {"zh-CN": "最多 {longest} 个字符。", "en": "At most {longest} characters."},
    "unit_or_store_required": {"zh-CN": "请指定组织或门店。", "en": "Name a unit or a store."},
    "url_form": {"zh-CN": "请填写网址，最多 500 个字符。", "en": "Give a web address of at most 500 characters."},
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
