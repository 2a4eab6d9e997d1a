"""Names, places and addresses of the demo; the phones are in a range that nobody has."""

from dataclasses import dataclass
from random import Random

_SURNAMES = "林周沈陆顾许程宋韩苏叶方江秦温何唐傅夏白"
# fmt: off
_GIVEN = (
    "知夏", "予安", "清和", "书言", "若初", "南乔", "景行", "亦凡", "思远", "明月",
    "晚晴", "一诺", "语桐", "子衿", "星河", "以宁", "安然", "嘉木", "听雨", "可心",
    "望舒", "其琛", "念真", "佳禾", "时雨", "云舒", "怀瑾", "向晚", "木白", "青禾",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store of the demo with the area that it hangs on."""

    code: str
    name: str
    area: str
    city: str
    province: str
    district: str
    street: str


AREAS = (("EAST", "华东"), ("SOUTH", "华南"), ("WEST", "西南"))

STORES = (
    StorePlace("HZ01", "滨江一店", "EAST", "杭州", "浙江省", "滨江区", "江南大道 228 号"),
    StorePlace("SH01", "人民广场店", "EAST", "上海", "上海市", "黄浦区", "西藏中路 268 号"),
    StorePlace("GZ01", "天河店", "SOUTH", "广州", "广东省", "天河区", "天河路 208 号"),
    StorePlace("SZ01", "南山店", "SOUTH", "深圳", "广东省", "南山区", "海德三道 199 号"),
    StorePlace("CD01", "太古里店", "WEST", "成都", "四川省", "锦江区", "中纱帽街 8 号"),
    StorePlace("CQ01", "解放碑店", "WEST", "重庆", "重庆市", "渝中区", "民权路 28 号"),
)

ANNOUNCEMENTS = (
    "天冷了，新到一批盖毯和长绒棉。到店先摸摸料子，用得惯再买，不急。",
    "这周我每天下午都在店里。想看实物，来之前说一声，我先给你留着。",
    "换季的床品到了。尺寸拿不准就发我床垫的长宽，我帮你对。",
)


def name(number: int) -> str:
    """The name of person `number`: 600 different ones."""
    return _SURNAMES[number % 20] + _GIVEN[(number * 7 + number // 20 * 3) % 30]


def guide_phone(number: int) -> str:
    return f"199000000{11 + number:02d}"


def customer_phone(number: int) -> str:
    return f"1990000{1001 + number:04d}"


def address(rng: Random, recipient: str, phone: str) -> dict[str, str]:
    """A delivery address near one of the stores."""
    place = rng.choice(STORES)
    return {
        "recipient": recipient,
        "phone": phone,
        "province": place.province,
        "city": place.city + "市",
        "district": place.district,
        "street": f"样板路 {rng.randint(1, 300)} 号 {rng.randint(1, 30)} 单元",
    }
