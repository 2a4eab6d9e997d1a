"""What is said of shelves and of codes shown in stores; part of the catalogue in `messages`."""

from typing import Final

SHELF: Final[dict[str, dict[str, str]]] = {
    "redeem_code_form": {
        "zh-CN": "请输入 8 位取货码或 16 位券码。",
        "en": "Type a pickup code of 8 digits or a coupon code of 16.",
    },
    "redeem_coupon_not_yet": {
        "zh-CN": "这张券还没有被领取，请顾客先收下。",
        "en": "Nobody has accepted this coupon yet: the customer does that first.",
    },
    "redeem_elsewhere": {
        "zh-CN": "这个取货码是{store}的，请到那家店取货。",
        "en": "This pickup code is for {store}: the goods wait there.",
    },
    "redeem_expired": {"zh-CN": "这张券已于 {time} 过期。", "en": "This coupon ended on {time}."},
    "redeem_gift": {
        "zh-CN": "这是转赠链接，不能直接核销。请朋友先领取，再出示自己的券码。",
        "en": "This is the link of a gift and is not redeemed itself: the friend takes it first, then shows the code.",
    },
    "redeem_gift_taken": {
        "zh-CN": "这份转赠已被领取，请领取的人出示自己的券码。",
        "en": "This gift was taken: whoever took it shows the code.",
    },
    "redeem_minimum": {
        "zh-CN": "还差 {short} 才能用这张券。",
        "en": "This coupon can be used from {short} more on.",
    },
    "redeem_nothing_off": {"zh-CN": "这张券在这里减不了钱。", "en": "This coupon takes nothing off here."},
    "redeem_sku": {"zh-CN": "请选择这张券能兑换的商品。", "en": "Choose an item that this coupon is good for."},
    "redeem_spend": {
        "zh-CN": "请填写适用商品的收银金额。",
        "en": "Say what the goods that it is for come to at the till.",
    },
    "redeem_store": {"zh-CN": "请指明门店。", "en": "Say which store it is."},
    "redeem_unknown": {"zh-CN": "没有这个码，请核对后再试。", "en": "There is no such code: look again."},
    "redeem_used_in_order": {
        "zh-CN": "这张券已于 {time} 用在订单里。",
        "en": "This coupon was used for an order on {time}.",
    },
    "redeem_used_in_store": {
        "zh-CN": "这张券已于 {time} 在{store}核销。",
        "en": "This coupon was redeemed in {store} on {time}.",
    },
    "redeem_used_pickup": {
        "zh-CN": "这个取货码已用过，货已于 {time} 交给顾客。",
        "en": "This pickup code was used: the goods were handed over on {time}.",
    },
    "shelf_item_far": {
        "zh-CN": "只能逐一移动前 {most} 件商品，请先置顶。",
        "en": "Only the first {most} products are moved one by one.",
    },
    "shelf_item_pinned": {
        "zh-CN": "总部置顶的商品不能隐藏或移动。",
        "en": "What headquarters has pinned is neither hidden nor moved.",
    },
    "shelf_pictures": {"zh-CN": "最多 {most} 张自己的图片。", "en": "At most {most} pictures of your own."},
    "shelf_rule_position": {"zh-CN": "只有置顶有次序。", "en": "Only a pin has a position."},
    "shelf_rule_product": {
        "zh-CN": "置顶和禁售要指明商品；禁言不能指明商品。",
        "en": "A pin and a ban name their product; a ban of words does not.",
    },
    "shelf_rule_reason": {"zh-CN": "请写明原因，导购看得到。", "en": "Say why: guides read it."},
    "shelf_rules": {"zh-CN": "生效中的规则最多 {most} 条。", "en": "At most {most} decisions at a time."},
    "shelf_section_full": {"zh-CN": "一个分区最多 {most} 件商品。", "en": "A section holds at most {most} products."},
    "shelf_section_taken": {"zh-CN": "已有同名的分区。", "en": "There is a section of this name."},
    "shelf_sections": {"zh-CN": "最多 {most} 个分区。", "en": "At most {most} sections."},
    "shelf_words_forbidden": {
        "zh-CN": "总部暂不允许自己写推荐语或放图片。",
        "en": "Headquarters lets guides say nothing of their own for now.",
    },
    "shelf_words_taken_down": {
        "zh-CN": "这段话或图片已被总部撤下，请换一个。",
        "en": "Headquarters took this down: say something else.",
    },
    "sku_forbidden_here": {
        "zh-CN": "总部规定这家店不能销售这件商品。",
        "en": "Headquarters does not let this shop sell this item.",
    },
}
