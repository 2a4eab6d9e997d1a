"""Every sentence that the API says to people, in Chinese (default) and English. Keys are kept in order."""

from typing import Final

LANGUAGES: Final = ("zh-CN", "en")

CATALOGUE: Final[dict[str, dict[str, str]]] = {
    "amount_too_large": {"zh-CN": "金额超过可用的部分。", "en": "That is more than there is."},
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
    "not_found": {"zh-CN": "没有找到。", "en": "Not found."},
    "price_changed": {"zh-CN": "价格有变化，请确认新的总价。", "en": "The price has changed; please confirm the new total."},
    "rate_limited": {"zh-CN": "请求太频繁，请 {seconds} 秒后再试。", "en": "Too many requests; try again in {seconds} seconds."},
    "sign_in_refused": {"zh-CN": "验证码或登录凭证不正确。", "en": "The code or token is not right."},
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
