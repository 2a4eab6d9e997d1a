"""What the guide's page of one customer says: messages, why one was not sent, and writing one."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "missing_customer": ("没有找到这位顾客", "There is no such customer"),
    "missing_customer_text": (
        "可能已经不由你服务，也可能地址少了几个字。",
        "You may not serve this customer any more, or the address is incomplete.",
    ),
    "messages": ("发过的消息", "Messages"),
    "messages_empty": ("还没有给这位顾客发过消息。", "Nobody has written to this customer yet."),
    "message_new": ("发一条消息", "Write a message"),
    "message_by": ("用什么发", "Send it by"),
    "message_by_official_account": ("公众号", "Official account"),
    "message_by_sms": ("短信", "Text message"),
    "message_by_mail": ("邮件", "Mail"),
    "message_by_wecom": ("企业微信", "WeCom"),
    "message_by_subscription": ("订阅消息", "Subscription message"),
    "message_for": ("为了什么", "What for"),
    "message_for_care": ("关怀", "Care"),
    "message_for_share": ("推荐", "Something to show"),
    "message_for_coupon": ("优惠券", "A coupon"),
    "message_for_campaign": ("活动", "A campaign"),
    "message_text": ("内容", "Message"),
    "message_text_help": (
        "最多 {longest} 个字。短信会自动加上品牌签名和退订方式。",
        "Up to {longest} characters. A text message gets the brand's signature and the way to opt out by itself.",
    ),
    "message_send": ("发送", "Send"),
    "message_cannot": (
        "现在哪种方式都发不了，原因写在上面。",
        "Nothing can be sent now; the reasons stand above.",
    ),
    "message_channel_required": ("选一个。", "Choose one."),
    "message_now": ("现在可以发", "Can be sent now"),
    "message_waiting": ("等早上发", "Waits for the morning"),
    "message_allowed": ("发送中", "On its way"),
    "message_sent": ("已发送", "Sent"),
    "message_refused": ("没有发出", "Not sent"),
    "message_forgotten": ("内容已过期删除", "The text is not kept any more"),
    "message_why_quiet_hours": ("夜里不打扰，{moment} 再发", "It is night: it goes on {moment}"),
    "message_why_over_budget": ("这个渠道不再发了", "Nothing is sent this way"),
    "message_why_over_budget_until": ("发得够多了，{moment} 起可以再发", "Enough for now: again from {moment}"),
    "message_why_no_consent": ("顾客没有同意接收营销消息", "The customer has not agreed to marketing messages"),
    "message_why_no_address": ("没有顾客的手机号", "The customer's phone is not known"),
    "message_why_no_subscription": ("顾客没有可用的订阅授权", "The customer has granted no subscription"),
}
