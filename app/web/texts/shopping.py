"""What shop, product, cart and checkout say."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "guide": ("导购", "Guide"),
    "store": ("门店", "Store"),
    "guide_left": (
        "原来的导购已经离开，现在由{name}照顾这个货架。",
        "The guide has left; {name} looks after this shelf now.",
    ),
    "guide_advice": (
        "告诉{name}你看中了哪一件，或到店里摸摸看，不急。",
        "Tell {name} what you like, or come and touch it. No hurry.",
    ),
    "store_advice": ("{name}会帮你。到店里来，或问问店员。", "{name} will help you. Come by, or ask the staff."),
    "shop_nav": ("小店", "Shop"),
    "cart_nav": ("购物袋", "Bag"),
    "orders_nav": ("我的订单", "My orders"),
    "shelf_of": ("{name}的货架，{brand}", "{name}'s shelf, {brand}"),
    "featured_by": ("{name}主推", "{name}'s choice"),
    "featured": ("主推", "Featured"),
    "shelf": ("货架", "Shelf"),
    "shelf_count": ("共 {count} 件", "{count} items"),
    "shelf_empty": ("货架上还没有商品", "The shelf is empty"),
    "shelf_empty_text": (
        "新品上架后就会出现在这里，也可以先到店里看看。",
        "New items will appear here; meanwhile come by the store.",
    ),
    "shelf_more": ("再看一些", "Show more"),
    "shelf_first": ("回到货架开头", "Back to the start"),
    "served_by": ("{brand} · {name}为你服务", "{brand} · {name} at your service"),
    "gone": ("暂时缺货", "Out of stock"),
    "from_price": ("起", "and up"),
    "store_info": ("门店信息", "About the store"),
    "store_address": ("地址", "Address"),
    "store_welcome": ("欢迎到店里来。", "Come by."),
    "store_no_shop": (
        "这家店的网上货架还没有开。到店里来，店员会帮你。",
        "This store has no online shelf yet. Come by, the staff will help.",
    ),
    "weekdays": ("周一 周二 周三 周四 周五 周六 周日", "Mon Tue Wed Thu Fri Sat Sun"),
    "days_to": ("{first}至{last}", "{first} to {last}"),
    "every_day": ("每天", "Every day"),
    "closed": ("休息", "Closed"),
}
