"""What the API says of files, pictures, options and price lists, in Chinese and English. Keys are kept in order."""

from typing import Final

FILE_MESSAGES: Final[dict[str, dict[str, str]]] = {
    "image_bytes": {"zh-CN": "图片最大 {most} MB。", "en": "A picture has at most {most} MB."},
    "image_pixels": {"zh-CN": "图片最多 {most} 百万像素。", "en": "A picture has at most {most} megapixels."},
    "image_type": {
        "zh-CN": "图片应为 JPEG、PNG、WebP 或 GIF。",
        "en": "A picture is a JPEG, PNG, WebP or GIF.",
    },
    "image_unreadable": {"zh-CN": "图片已损坏，无法读取。", "en": "This picture is damaged and cannot be read."},
    "import_brand_taken": {
        "zh-CN": "品牌代码 {brand} 已被占用，且不在模拟时间上。",
        "en": "A brand with the code {brand} is there already, and it does not live on simulated time.",
    },
    "import_category_depth": {
        "zh-CN": "分类最多 {most} 级，每级 1 到 {longest} 个字符。",
        "en": "A category has at most {most} levels of 1 to {longest} characters each.",
    },
    "import_code_twice": {"zh-CN": "与第 {row} 行的规格编码相同。", "en": "Row {row} has the same SKU code."},
    "import_column_missing": {"zh-CN": "缺少列：{columns}。", "en": "Columns are missing: {columns}."},
    "import_column_twice": {"zh-CN": "列“{column}”出现了两次。", "en": "The column {column} is there twice."},
    "import_column_unknown": {
        "zh-CN": "不认识列“{column}”。可用的列：{known}。",
        "en": "There is no column {column}. Those known are {known}.",
    },
    "import_fast_needs_empty": {
        "zh-CN": "--fast 只能导入还没有购物篮的品牌：补充导入请去掉 --fast。",
        "en": "--fast loads into a brand without baskets: leave it out to add those that are missing.",
    },
    "import_needs_realdata": {
        "zh-CN": "未安装数据包：pip install -e '.[realdata]'。",
        "en": "The data is not installed: pip install -e '.[realdata]'.",
    },
    "import_number": {"zh-CN": "至少为 1。", "en": "It must be at least 1."},
    "import_options_form": {
        "zh-CN": "规格项应写成“颜色=红;尺码=M”。",
        "en": "Options are written as colour=red;size=M.",
    },
    "import_out_of_order": {
        "zh-CN": "缺少早于上次导入的购物篮：请使用与上次相同的 --stores。",
        "en": "Baskets from before the last imported one are missing: give the same --stores as last time.",
    },
    "import_price_form": {
        "zh-CN": "价格“{text}”不是一个金额，例如 1299.99。",
        "en": "The price {text} is no amount such as 1299.99.",
    },
    "import_product_refused": {
        "zh-CN": "同一商品的第 {row} 行有误，整个商品未导入。",
        "en": "Row {row} of the same product is refused, so the product is not made.",
    },
    "import_titles_differ": {
        "zh-CN": "与同一商品第 {row} 行的名称不同。",
        "en": "Its title is not the one of row {row}, which is of the same product.",
    },
    "import_state_form": {"zh-CN": "状态应为 {known} 之一。", "en": "The state is one of {known}."},
    "import_stock_form": {
        "zh-CN": "库存“{text}”不是整数。",
        "en": "The stock {text} is no whole number.",
    },
    "import_weight_grams_form": {
        "zh-CN": "重量“{text}”不是整数克。",
        "en": "The weight {text} is no whole number of grams.",
    },
    "media_bytes": {"zh-CN": "文件最大 {most} MB。", "en": "A file has at most {most} MB."},
    "media_type": {
        "zh-CN": "只能上传图片、PDF 或 MP4 视频。",
        "en": "Only pictures, PDF files and MP4 films can be uploaded.",
    },
    "media_unknown": {"zh-CN": "没有这个已上传的文件。", "en": "There is no such uploaded file."},
    "option_count": {"zh-CN": "最多 {most} 个规格项。", "en": "A product has at most {most} options."},
    "option_repeated": {"zh-CN": "规格项或规格值不能重复。", "en": "Options and their values are named once each."},
    "option_value_count": {
        "zh-CN": "每个规格项应有 1 到 {most} 个值。",
        "en": "An option has 1 to {most} values.",
    },
    "option_value_unused": {
        "zh-CN": "没有规格使用“{value}”。",
        "en": "No SKU has the value {value}.",
    },
    "picture_count": {"zh-CN": "最多 {most} 张图片。", "en": "At most {most} pictures."},
    "picture_repeated": {"zh-CN": "同一张图片只能出现一次。", "en": "A picture may be named only once."},
    "price_list_count": {
        "zh-CN": "价目表应有 1 到 {most} 个价格。",
        "en": "A price list has 1 to {most} prices.",
    },
    "price_list_over": {"zh-CN": "结束时间不能早于现在。", "en": "It cannot end before now."},
    "price_list_period": {"zh-CN": "结束时间应晚于开始时间。", "en": "It must end after it begins."},
    "sheet_bytes": {"zh-CN": "文件最大 {most} MB。", "en": "A file has at most {most} MB."},
    "sheet_cell": {
        "zh-CN": "第 {row} 行有单元格超过 {most} 个字符。",
        "en": "A cell in row {row} is longer than {most} characters.",
    },
    "sheet_columns": {"zh-CN": "最多 {most} 列。", "en": "At most {most} columns."},
    "sheet_empty": {"zh-CN": "文件里没有数据。", "en": "There is nothing in the file."},
    "sheet_rows": {"zh-CN": "最多 {most} 行。", "en": "At most {most} rows."},
    "sheet_type": {"zh-CN": "文件应为 CSV 或 XLSX。", "en": "The file is a CSV or XLSX."},
    "sheet_unpacked": {"zh-CN": "解压后最大 {most} MB。", "en": "Unpacked it has at most {most} MB."},
    "sheet_unreadable": {"zh-CN": "文件已损坏，无法读取。", "en": "The file is damaged and cannot be read."},
    "sku_choice_unknown": {
        "zh-CN": "规格项“{option}”没有值“{value}”。",
        "en": "The option {option} has no value {value}.",
    },
    "sku_choices_missing": {
        "zh-CN": "每个规格应为每个规格项各选一个值。",
        "en": "A SKU has one value of each option.",
    },
    "sku_choices_taken": {"zh-CN": "已有相同组合的规格。", "en": "Another SKU has the same values."},
}
