"""The description of one option; :mod:`separation.options` has the options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

Kind = Literal["text", "words", "notation", "flag", "integer", "number", "choice"]
"""``words``: a list of words; ``notation``: text in a short notation, or JSON; ``choice``: one of
the row's values."""

Value = TypeVar("Value", covariant=True)


class Bounds(NamedTuple):
    """The smallest and the largest valid value."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:.10g}"


UNBOUNDED: Final = Bounds(float("-inf"), float("inf"))


@dataclass(frozen=True)
class Option(Generic[Value]):
    """``label``: above the option's field in a form. ``sentence``: what it does, as Markdown.

    ``range``: of an integer or a number, both ends included. ``step``: of a field in a form.
    ``unit``: of a number. ``values``: of a choice, with their labels. ``syntax``: the valid values
    of any other option, as Markdown. ``usual``: what applies without the option, in words, where
    the default does not say that itself. ``is_set_by_site``: an operator sets the default.
    ``is_for_operator``: available on the command line only. ``stage``: the optional stage that the
    option is about; a request with the option and without stages has that stage as well.
    """

    name: str
    kind: Kind
    label: str
    sentence: str
    default: Value
    range: Bounds = UNBOUNDED
    step: float | None = None
    unit: str = ""
    values: Mapping[Any, str] = field(default_factory=dict)
    syntax: str = ""
    usual: str = ""
    is_set_by_site: bool = False
    is_for_operator: bool = False
    stage: str = ""

    @property
    def plain_sentence(self) -> str:
        """The sentence without Markdown."""
        return self.sentence.replace("`", "")

    @property
    def is_number(self) -> bool:
        return self.kind in ("integer", "number")

    @property
    def accepted(self) -> str:
        """The valid values, as Markdown."""
        if self.kind == "flag":
            return "`true`, `false`"
        if self.is_number:
            return f"{self.range} {self.unit}".strip()
        return self.syntax or ", ".join(f"`{value}`" for value in self.values)

    @property
    def without_it(self) -> str:
        """What applies where the option is not given, as Markdown."""
        if self.is_set_by_site:
            return "the site's"
        if self.usual or self.default is None:
            return self.usual or "none"
        if self.kind == "flag":
            return "`true`" if self.default else "`false`"
        return f"{self.default:g}" if self.is_number else f"`{self.default}`"
