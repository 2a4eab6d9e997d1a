"""China's provinces as addresses name them, in many ways, and templates in one. Pure.

A region is a province (`广东省`), or a city of it (`广东省/深圳`). Provinces are the 34 of
GB/T 2260.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WRITTEN: Final = """
11 北京市 北京 Beijing|12 天津市 天津 Tianjin|13 河北省 河北 Hebei|14 山西省 山西 Shanxi
15 内蒙古自治区 内蒙古 Inner-Mongolia|21 辽宁省 辽宁 Liaoning|22 吉林省 吉林 Jilin|23 黑龙江省 黑龙江 Heilongjiang
31 上海市 上海 Shanghai|32 江苏省 江苏 Jiangsu|33 浙江省 浙江 Zhejiang|34 安徽省 安徽 Anhui
35 福建省 福建 Fujian|36 江西省 江西 Jiangxi|37 山东省 山东 Shandong|41 河南省 河南 Henan
42 湖北省 湖北 Hubei|43 湖南省 湖南 Hunan|44 广东省 广东 Guangdong|45 广西壮族自治区 广西 Guangxi
46 海南省 海南 Hainan|50 重庆市 重庆 Chongqing|51 四川省 四川 Sichuan|52 贵州省 贵州 Guizhou
53 云南省 云南 Yunnan|54 西藏自治区 西藏 Tibet|61 陕西省 陕西 Shaanxi|62 甘肃省 甘肃 Gansu
63 青海省 青海 Qinghai|64 宁夏回族自治区 宁夏 Ningxia|65 新疆维吾尔自治区 新疆 Xinjiang|71 台湾省 台湾 Taiwan
81 香港特别行政区 香港 Hong-Kong|82 澳门特别行政区 澳门 Macao
"""
_CITY_ENDINGS: Final = ("自治州", "地区", "市", "盟")
LONGEST_CITY: Final = 60


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold().replace("-", "")


def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _WRITTEN.replace("\n", "|").split("|"):
        if not entry:
            continue
        code, name, short, english = entry.split()
        bare = name.removesuffix("省").removesuffix("市").removesuffix("自治区").removesuffix("特别行政区")
        for way in (code, f"{code}0000", name, short, f"{short}省", f"{short}市", f"{short}自治区", bare, english):
            found[_folded(way)] = name
    return found


PROVINCES: Final[Mapping[str, str]] = MappingProxyType(_names())
"""The full name of a province by each way to write it: name, short name, code with two or six digits, English name."""
NAMES: Final = tuple(dict.fromkeys(PROVINCES.values()))


def province_of(text: str) -> str | None:
    """The province that somebody means; None where nobody can tell."""
    return PROVINCES.get(_folded(text))


def city_of(text: str) -> str:
    """A city without what only says that it is one, so that 深圳 and 深圳市 are the same."""
    city = _folded(text)
    for ending in _CITY_ENDINGS:
        if len(city) > len(ending) + 1 and city.endswith(ending):
            return city.removesuffix(ending)
    return city


def region_of(text: str) -> str | None:
    """A region of a template, `广东` or `广东/深圳市`, as it is kept; None for what is none."""
    province_text, slash, city_text = text.partition("/")
    province = province_of(province_text)
    if province is None or not slash:
        return province
    city = city_of(city_text)
    return f"{province}/{city}" if 1 < len(city) <= LONGEST_CITY and "/" not in city else None
