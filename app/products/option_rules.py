"""Rules of options: a SKU of a product with options stands for one combination of their values. Pure."""

from collections.abc import Sequence

from app.products.values import Problem, ProductOption

MOST_OPTIONS = 3
MOST_VALUES = 30
LONGEST_OPTION = 20
LONGEST_VALUE = 30


def options_problem(options: Sequence[ProductOption], path: Sequence[str] = ()) -> Problem | None:
    """At most three options of 1 to 30 values; names, and the values of one option, differ."""
    if len(options) > MOST_OPTIONS:
        return Problem("option_count", (*path, "options"), {"most": MOST_OPTIONS})
    for at, option in enumerate(options):
        own = (*path, "options", str(at))
        if not 1 <= len(option.values) <= MOST_VALUES:
            return Problem("option_value_count", (*own, "values"), {"most": MOST_VALUES})
        if option.name in [other.name for other in options[:at]]:
            return Problem("option_repeated", (*own, "name"))
        for number, value in enumerate(option.values):
            if value in option.values[:number]:
                return Problem("option_repeated", (*own, "values", str(number)))
    return None


def matrix_problem(
    options: Sequence[ProductOption], choices: Sequence[Sequence[str]], paths: Sequence[tuple[str, ...]]
) -> Problem | None:
    """Every SKU has one known value of each option, no two have the same ones, and no value is without a SKU.

    A combination without a SKU is one that is not sold. `paths` lead to the SKUs, in the order of `choices`.
    """
    seen: set[tuple[str, ...]] = set()
    for chosen, path in zip(choices, paths, strict=True):
        if len(chosen) != len(options):
            return Problem("sku_choices_missing", (*path, "choices"))
        for at, (value, option) in enumerate(zip(chosen, options, strict=True)):
            if value not in option.values:
                facts = {"option": option.name, "value": value}
                return Problem("sku_choice_unknown", (*path, "choices", str(at)), facts)
        if options and tuple(chosen) in seen:
            return Problem("sku_choices_taken", (*path, "choices"))
        seen.add(tuple(chosen))
    root = paths[0][:-2] if paths else ()
    for at, option in enumerate(options):
        used = {chosen[at] for chosen in choices}
        for number, value in enumerate(option.values):
            if value not in used:
                unused = (*root, "options", str(at), "values", str(number))
                return Problem("option_value_unused", unused, {"value": value})
    return None
