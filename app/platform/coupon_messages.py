"""What is said of coupons; part of the catalogue in `messages`."""

from typing import Final

COUPONS: Final[dict[str, dict[str, str]]] = {
    "care_words": {
        "zh-CN": "{customer}您好，您的「{title}」{day} 到期，还没有用上。看中什么我给您留着：{link}",
        "en": "Hello {customer}, your “{title}” ends on {day}. I gladly keep something for you: {link}",
    },
    "coupon_exchange_terms": {
        "zh-CN": "兑换券需指定商品，不能有金额或折扣。",
        "en": "An exchange coupon names its products, and neither amount nor percentage.",
    },
    "coupon_is_expired": {"zh-CN": "这张优惠券已过期。", "en": "This coupon has expired."},
    "coupon_is_issued": {"zh-CN": "请先领取这张优惠券。", "en": "Accept this coupon first."},
    "coupon_is_locked": {
        "zh-CN": "这张优惠券正用于另一笔待支付的订单。",
        "en": "This coupon is held by another order that waits for payment.",
    },
    "coupon_is_revoked": {"zh-CN": "这张优惠券已被收回。", "en": "This coupon has been revoked."},
    "coupon_is_transferred": {"zh-CN": "这张优惠券已转赠。", "en": "This coupon has been given to somebody else."},
    "coupon_is_used": {"zh-CN": "这张优惠券已使用。", "en": "This coupon has been used."},
    "coupon_notice_given": {
        "zh-CN": "导购送您一张「{title}」，{day} 前领取有效。",
        "en": "Your guide gives you “{title}”; accept it by {day}.",
    },
    "coupon_notice_taken": {
        "zh-CN": "朋友领走了您转赠的「{title}」。",
        "en": "Your friend has taken the “{title}” that you gave.",
    },
    "coupon_notice_unused": {
        "zh-CN": "您的「{title}」{day} 到期，还没有使用。",
        "en": "Your “{title}” ends on {day} and is not used yet.",
    },
    "coupon_limit_reached": {
        "zh-CN": "你已领取过上限数量。",
        "en": "You have as many of these as anybody can have.",
    },
    "coupon_minimum": {
        "zh-CN": "「{title}」还差 {short} 可用。",
        "en": "“{title}” can be used from {short} more on.",
    },
    "coupon_no_goods": {
        "zh-CN": "「{title}」不适用于这些商品。",
        "en": "“{title}” takes nothing off these items.",
    },
    "coupon_not_eligible": {"zh-CN": "这张优惠券不能这样领取。", "en": "This coupon is not for you to claim this way."},
    "coupon_not_together": {
        "zh-CN": "「{title}」不能与所选的其他优惠券同时使用。",
        "en": "“{title}” does not go together with the others chosen.",
    },
    "coupon_not_yet": {"zh-CN": "还没到领取时间。", "en": "It cannot be claimed yet."},
    "coupon_over": {"zh-CN": "领取时间已结束。", "en": "It can no longer be claimed."},
    "coupon_per_person": {"zh-CN": "每人可领 1 到 {most} 张。", "en": "One person can have 1 to {most}."},
    "coupon_quantity": {"zh-CN": "数量应为 1 到 {most}。", "en": "The quantity is 1 to {most}."},
    "coupon_sold_out": {"zh-CN": "已经领完了。", "en": "All of them are gone."},
    "coupon_terms": {
        "zh-CN": "减额应大于零，折扣应为 1 到 10000 个基点，门槛不能为负。",
        "en": "An amount is above zero, a percentage 1 to 10,000 basis points, a minimum spend not negative.",
    },
    "coupon_twice": {"zh-CN": "每张优惠券只能选一次。", "en": "Name each coupon once."},
    "coupon_valid_days": {"zh-CN": "有效期应为 1 到 {most} 天。", "en": "It is valid for 1 to {most} days."},
    "coupon_window": {
        "zh-CN": "领取结束时间应晚于开始时间，且在将来。",
        "en": "Claiming ends after it begins, and in the future.",
    },
}
