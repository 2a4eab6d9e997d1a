"""What pages say about parcels, receipts and pickups."""

from typing import Final

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "confirm_receipt": ("确认收货", "I have it"),
    "confirm_receipt_text": (
        "拿到手再点，七天内还能退。",
        "Once you have the goods; they can still go back for seven days.",
    ),
    "parcels": ("物流", "Parcels"),
    "parcel_unnumbered": ("已发出，没有单号", "Sent without a number"),
    "pickup": ("到店自提", "Pickup at the store"),
    "pickup_free": ("到店自提，不收运费", "Pickup, no freight"),
    "pickup_store": ("到哪家店取", "Which store"),
    "pickup_store_needed": ("请选一家店。", "Choose a store."),
    "pickup_help": (
        "备好以后，取货码会发到你的手机，这里也能看到。",
        "The code comes to your phone, and is shown here.",
    ),
    "pickup_code": ("取货码", "Pickup code"),
    "pickup_code_help": (
        "到店给店员看。只能用一次，别发给别人。",
        "Show it in the store. It works once; give it to nobody.",
    ),
    "in_store": ("当场拿走", "Take it now"),
    "in_store_free": ("当场拿走，不收运费", "Taken in the store, no freight"),
    "in_store_help": (
        "在{store}付款后，店员当场把商品交给你。请确认你就在店里。",
        "Pay in {store} and the staff hand you the goods at once. Make sure that you are there.",
    ),
    "store_has_it": ("{store}（有货）", "{store} (in stock)"),
    "store_lacks_it": ("{store}（缺货）", "{store} (out of stock)"),
    "pickup_at": ("在{store}取", "At {store}"),
}
