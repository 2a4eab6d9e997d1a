"""What is said of invoices and freight; part of the catalogue in `messages`."""

from typing import Final

INVOICES: Final[dict[str, dict[str, str]]] = {
    "email_form": {"zh-CN": "请填写有效的邮箱。", "en": "Give a mail address."},
    "freight_begins_before": {"zh-CN": "生效时间不能早于现在。", "en": "It cannot begin before now."},
    "freight_nowhere": {"zh-CN": "至少要有一个可以配送的地区。", "en": "There must be somewhere to send to."},
    "freight_out_of_range": {
        "zh-CN": "金额应从 0 起，件数或克数应从 1 起，且不过大。",
        "en": "Amounts are 0 or more, pieces and grams 1 or more, and none too large.",
    },
    "freight_region_twice": {"zh-CN": "一个地区只能出现一次。", "en": "Name each region once."},
    "freight_region_unknown": {
        "zh-CN": "地区应为省级名称或代码，或“省/市”。",
        "en": "A region is a province by name or code, or province/city.",
    },
    "freight_required": {
        "zh-CN": "请给出其他地区的运费（不写地区的一行）。",
        "en": "Say what sending to the rest of the country costs: a rate without regions.",
    },
    "freight_rest_twice": {"zh-CN": "不写地区的一行只能有一行。", "en": "There is one rate without regions."},
    "freight_too_many": {
        "zh-CN": "最多 {rates} 行、{regions} 个地区。",
        "en": "There are at most {rates} rates and {regions} regions.",
    },
    "invoice_asked_for": {"zh-CN": "这个订单已经申请过发票。", "en": "An invoice was asked for already."},
    "invoice_rate": {"zh-CN": "税率应在 0 到 100% 之间。", "en": "A rate is 0 to 100 %."},
    "invoice_recipient": {
        "zh-CN": "请填写接收发票的邮箱或手机号。",
        "en": "Give a mail address or phone to send it to.",
    },
    "invoice_window_over": {
        "zh-CN": "付款 {days} 天后不能再申请发票。",
        "en": "An invoice is asked for within {days} days of payment.",
    },
    "invoices_not_offered": {
        "zh-CN": "这里还没有接通开票服务。",
        "en": "No service that issues invoices is connected here.",
    },
    "region_not_delivered": {"zh-CN": "{region} 暂不配送。", "en": "Nothing is sent to {region}."},
    "region_unknown": {
        "zh-CN": "没有认出省份“{region}”，请写全称，如“广东省”。",
        "en": "There is no province {region}; write it in full.",
    },
    "tax_number_form": {
        "zh-CN": "税号应为 18 位统一社会信用代码，或 15 位旧税号，请核对。",
        "en": "A tax number has 18 signs, or 15 from before, and its check sign agrees.",
    },
    "tax_number_of_nobody": {"zh-CN": "个人抬头没有税号。", "en": "A person's title has no tax number."},
    "tax_number_required": {"zh-CN": "企业抬头请填写税号。", "en": "A company's title needs its tax number."},
}
