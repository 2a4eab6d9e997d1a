"""What checkout, payment and orders say."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "checkout": ("确认订单", "Confirm your order"),
    "checkout_what": ("买什么", "What you buy"),
    "checkout_how": ("怎么拿", "How you get it"),
    "checkout_cost": ("要付多少", "What it costs"),
    "checkout_empty": ("没有要结算的商品", "There is nothing to check out"),
    "checkout_empty_text": ("刚下过单的话，在“我的订单”里能看到。", "If you have just ordered, look at your orders."),
    "delivery": ("快递到家", "Delivery"),
    "address_title": ("收货地址", "Where to"),
    "recipient": ("收货人", "Recipient"),
    "province": ("省份", "Province"),
    "city": ("城市", "City"),
    "district": ("区县", "District"),
    "street": ("街道和门牌", "Street and number"),
    "address_kept": ("地址加密保存，只用来送货。", "Kept encrypted, and used for this delivery alone."),
    "note": ("想对导购说的话（可不填）", "A word to your guide (optional)"),
    "consent_title": ("可以不选，不影响购买", "Optional; buying does not depend on it"),
    "consent_MARKETING": ("愿意收到新品和活动消息，随时能关", "Send me news and offers; I can stop them any time"),
    "consent_PROFILING": (
        "可以根据我买过的东西推荐，随时能关",
        "Recommend by what I have bought; I can stop it any time",
    ),
    "place_order": ("提交订单", "Place order"),
    "place_order_why": (
        "提交后先占住库存，{minutes} 分钟内付款有效。",
        "Stock is held for you; pay within {minutes} minutes.",
    ),
    "total_changed": (
        "价格变了：合计现在是 {total}，请再看一眼。",
        "The price has changed: the total is {total} now. Please look again.",
    ),
    "stock_changed": (
        "有商品刚被买走了，下面标出来了。没有下单，也没有扣钱。",
        "Something was just bought by others; it is marked below. Nothing was ordered or charged.",
    ),
    "form_incomplete": (
        "还差一点，看看标红的地方。没有下单。",
        "Not quite: see the marked fields. Nothing was ordered.",
    ),
    "order_again": ("这一页已经下过一单", "This page has placed its order"),
    "order_again_text": (
        "没有重复下单。要再买一份，请从购物袋或商品页重新结算。",
        "Nothing was ordered twice. To buy again, start from the bag or the item.",
    ),
}
