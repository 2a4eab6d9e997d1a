"""Why an order is whose it is, in Chinese and English: a part of the catalogue of `messages`. In order of keys."""

from typing import Final

ATTRIBUTION: Final[dict[str, dict[str, str]]] = {
    "attribution_reason_binding_expired": {"zh-CN": "绑定已过有效期", "en": "The binding had run out"},
    "attribution_reason_binding_guide_gone": {"zh-CN": "绑定的导购已离职", "en": "The guide of the binding had left"},
    "attribution_reason_binding_live": {
        "zh-CN": "顾客与该导购的绑定有效",
        "en": "The customer was bound to this guide",
    },
    "attribution_reason_binding_never_taken_over": {
        "zh-CN": "顾客已绑定其他导购，规则不允许抢客",
        "en": "The customer was bound to another guide, and the policy allows no takeover",
    },
    "attribution_reason_binding_protected": {
        "zh-CN": "顾客与其他导购的绑定仍在保护期",
        "en": "The customer's binding to another guide was still protected",
    },
    "attribution_reason_binding_suspended": {"zh-CN": "绑定正在交接", "en": "The binding was waiting for its handover"},
    "attribution_reason_cashier_choice": {"zh-CN": "收银时指定了该导购", "en": "The cashier named this guide"},
    "attribution_reason_code_guide_gone": {"zh-CN": "专属码的导购已离职", "en": "The guide of the code had left"},
    "attribution_reason_explicit_code": {
        "zh-CN": "顾客带着该导购的专属码下单",
        "en": "The customer ordered with this guide's code",
    },
    "attribution_reason_last_touch": {
        "zh-CN": "顾客下单前最后接触的是该导购",
        "en": "This guide was the last one the customer met before ordering",
    },
    "attribution_reason_outranked_by_cashier_choice": {
        "zh-CN": "收银时指定的导购优先",
        "en": "The guide named by the cashier comes first",
    },
    "attribution_reason_outranked_by_explicit_code": {
        "zh-CN": "下单时带的专属码优先",
        "en": "The code that the order came with comes first",
    },
    "attribution_reason_outranked_by_last_touch": {
        "zh-CN": "最后接触的导购优先",
        "en": "The guide met last comes first",
    },
    "attribution_reason_outranked_by_live_binding": {
        "zh-CN": "有效绑定的导购优先",
        "en": "The guide whom the customer is bound to comes first",
    },
    "attribution_reason_outranked_by_quotation": {
        "zh-CN": "顾客接受了其他导购的报价单",
        "en": "The customer accepted another guide's quotation",
    },
    "attribution_reason_outranked_by_shop_guide": {
        "zh-CN": "店铺的导购优先",
        "en": "The guide of the shop comes first",
    },
    "attribution_reason_quotation": {
        "zh-CN": "顾客接受了该导购的报价单",
        "en": "The customer accepted this guide's quotation",
    },
    "attribution_reason_quotation_guide_gone": {
        "zh-CN": "报价单的导购已离职",
        "en": "The guide of the quotation had left",
    },
    "attribution_reason_self_purchase": {"zh-CN": "导购为自己下单", "en": "The guide bought for himself"},
    "attribution_reason_shop_guide": {"zh-CN": "订单来自该导购的店铺", "en": "The order came from this guide's shop"},
    "attribution_reason_shop_guide_gone": {"zh-CN": "店铺的导购已离职", "en": "The guide of the shop had left"},
    "attribution_reason_store": {
        "zh-CN": "没有导购符合条件，归门店",
        "en": "No guide had a claim, so the store has it",
    },
    "attribution_reason_touch_guide_gone": {"zh-CN": "最后接触的导购已离职", "en": "The guide met last had left"},
    "attribution_reason_touch_too_old": {
        "zh-CN": "接触已超过规则的有效天数",
        "en": "The contact was too long ago for the policy",
    },
    "attribution_rule_cashier_choice": {
        "zh-CN": "收银时指定了导购，订单归这位导购。",
        "en": "The cashier named a guide, so the sale is that guide's.",
    },
    "attribution_rule_explicit_code": {
        "zh-CN": "顾客带着一位在职导购的专属码下单，没有更强的绑定，订单归这位导购。",
        "en": "The order came with a guide's code, and no stronger binding stood against it.",
    },
    "attribution_rule_last_touch": {
        "zh-CN": "顾客没有有效绑定，订单归下单前最后接触的导购。",
        "en": "No binding was live, so the order is the guide's whom the customer met last.",
    },
    "attribution_rule_live_binding": {
        "zh-CN": "顾客与一位导购的绑定有效，订单归这位导购。",
        "en": "The customer was bound to a guide, so the order is that guide's.",
    },
    "attribution_rule_quotation": {
        "zh-CN": "顾客接受了一位在职导购的报价单，订单归这位导购，与绑定无关。",
        "en": "The customer accepted a guide's quotation, so the order is that guide's, whatever the bindings.",
    },
    "attribution_rule_shop_guide": {
        "zh-CN": "顾客没有有效绑定，近期也没有接触其他导购，订单归店铺的导购。",
        "en": "No binding was live and no other guide met lately, so the guide of the shop has it.",
    },
    "attribution_rule_store": {
        "zh-CN": "没有导购符合条件，订单归门店。",
        "en": "No guide had a claim, so the order is the store's.",
    },
    "attribution_self_purchase": {
        "zh-CN": "买家就是这位导购，已标记为自购，不计入排名。",
        "en": "The buyer is that guide: it is marked as the guide's own purchase and counts in no ranking.",
    },
    "attribution_version": {"zh-CN": "归属规则第 {version} 版。", "en": "Attribution policy, version {version}."},
}
