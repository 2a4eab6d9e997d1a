"""What the API says about posters and their templates, in Chinese and English. Keys are kept in order."""

from typing import Final

CATALOGUE: Final[dict[str, dict[str, str]]] = {
    "poster_box": {
        "zh-CN": "位置应为 [左, 上, 宽, 高] 四个整数，且在画布之内。",
        "en": "A box is four whole numbers [left, top, width, height] inside the canvas.",
    },
    "poster_canvas": {
        "zh-CN": "画布最多 {most} 个像素。",
        "en": "A canvas has at most {most} pixels.",
    },
    "poster_choice": {
        "zh-CN": "应为其中之一：{choices}。",
        "en": "It is one of: {choices}.",
    },
    "poster_code_covered": {
        "zh-CN": "二维码上面不能有别的图层。",
        "en": "Nothing may lie on the code.",
    },
    "poster_code_small": {
        "zh-CN": "二维码的边长至少 {least} 像素，否则扫不出来。",
        "en": "A code's box measures at least {least} pixels a side, or it cannot be read.",
    },
    "poster_colour": {
        "zh-CN": "颜色应为 #rrggbb，或 {names} 之一。",
        "en": "A colour is #rrggbb, or one of {names}.",
    },
    "poster_field_missing": {
        "zh-CN": "缺少这一项。",
        "en": "This field is missing.",
    },
    "poster_field_unknown": {
        "zh-CN": "模板没有这一项。",
        "en": "A template has no such field.",
    },
    "poster_layers": {
        "zh-CN": "图层应为 1 到 {most} 层。",
        "en": "A template has 1 to {most} layers.",
    },
    "poster_needs_product": {
        "zh-CN": "这个模板要选一件商品。",
        "en": "This template needs a product.",
    },
    "poster_number": {
        "zh-CN": "应为 {least} 到 {most} 的数。",
        "en": "It is a number from {least} to {most}.",
    },
    "poster_object": {
        "zh-CN": "应为一个对象。",
        "en": "It is an object.",
    },
    "poster_one_code": {
        "zh-CN": "模板应有且只有一个二维码。",
        "en": "A template has exactly one code.",
    },
    "poster_one_target": {
        "zh-CN": "商品和素材只能选一个。",
        "en": "Choose a product or a material, not both.",
    },
    "poster_placeholder": {
        "zh-CN": "占位符应为 {names} 之一。",
        "en": "A placeholder is one of {names}.",
    },
    "poster_sign_missing": {
        "zh-CN": "字体里没有这些字，画出来会是空框：{signs}",
        "en": "No font has these signs, they would be empty boxes: {signs}",
    },
    "poster_source": {
        "zh-CN": "图片应为 COVER，或 /media/ 下的路径。",
        "en": "A picture is COVER, or a path below /media/.",
    },
    "poster_text": {
        "zh-CN": "文字应为 1 到 {most} 个字符。",
        "en": "A text has 1 to {most} characters.",
    },
    "poster_text_room": {
        "zh-CN": "文字放不下：至少要高 {height}、宽 {width} 像素。",
        "en": "The text has no room: it takes at least {height} pixels of height and {width} of width.",
    },
    "poster_title_taken": {
        "zh-CN": "已有同名的海报模板。",
        "en": "There is a poster template of this title.",
    },
    "poster_unreadable": {
        "zh-CN": "按这个模板画出来的二维码读不出来。",
        "en": "The code of a poster like this cannot be read.",
    },
    "poster_weight": {
        "zh-CN": "字重应为 400 或 700。",
        "en": "A weight is 400 or 700.",
    },
    "poster_without_price": {
        "zh-CN": "这件商品没有可以卖的规格。",
        "en": "This product has no variant to sell.",
    },
    "poster_without_shop": {
        "zh-CN": "你还没有小店，不能做海报。",
        "en": "You have no shop that a poster could lead into.",
    },
}
