"""What is said of stock in stores, transfers and hot products; part of the catalogue in `messages`."""

from typing import Final

STOCK: Final[dict[str, dict[str, str]]] = {
    "hot_products_of_guide": {
        "zh-CN": "导购没有自己的库存，请按门店或区域查看。",
        "en": "No stock is a guide's own: look at a store or branch.",
    },
    "in_store_elsewhere": {
        "zh-CN": "当场购买请在这位导购的门店进行。",
        "en": "Buying in the store is for the store of this shop's guide.",
    },
    "transfer_empty": {"zh-CN": "没有要发出的商品。", "en": "There is nothing to send."},
    "transfer_lines": {"zh-CN": "调拨单应有 1 到 {most} 种商品。", "en": "A transfer has 1 to {most} items."},
    "transfer_sku": {"zh-CN": "调拨单里没有这件商品。", "en": "The transfer has no such item."},
    "transfer_to_itself": {"zh-CN": "调出与调入不能是同一处。", "en": "Goods cannot be moved to where they are."},
}
