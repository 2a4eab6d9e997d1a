"""What the counter says, and the codes that customers show there."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "redeem": ("核销", "Redeem"),
    "redeem_text": ("取货码、券码，都在这里。", "Pickup codes and coupon codes, all here."),
    "redeem_code": ("顾客出示的码", "The customer's code"),
    "redeem_code_help": (
        "8 位取货码或 16 位券码；也可以用相机扫顾客的二维码。",
        "8 digits of a pickup or 16 of a coupon; or scan the picture with the camera.",
    ),
    "redeem_look": ("查一查", "Look"),
    "redeem_at": ("在{store}核销", "In {store}"),
    "redeem_piece": ("兑换哪一件", "Which piece"),
    "redeem_no_piece": ("店里没有可以兑换的商品。", "The store has nothing to give for it."),
    "redeem_spend": ("适用商品的收银金额（元）", "What its goods come to at the till"),
    "redeem_spend_help": ("例如 128 或 128.50", "Such as 128 or 128.50"),
    "redeem_receipt": ("小票号（可不填）", "Receipt number (optional)"),
    "redeem_coupon": ("核销这张券", "Take the coupon"),
    "redeem_another": ("换一个码", "Another code"),
    "redeemed_worth": ("已核销，抵 {amount}。", "Done: worth {amount}."),
    "app_guide": ("导购台", "Guide"),
    "app_boss": ("老板台", "Boss"),
    "show_in_store": ("到店出示", "Show it in the store"),
    "show_in_store_text": ("店员扫码或输入数字，一张只能用一次。", "Staff scan it or type the digits; it works once."),
    "show_code_picture": ("给店员扫的二维码", "The code for staff to scan"),
}
