"""Loads untrusted YAML: plain values and tuples, but no tag that names code."""

from pathlib import Path

import yaml

from separation.errors import ModelUnavailable

MAX_BYTES = 1_000_000
"""Limit of one file; the definition of a model has a few thousand bytes."""

_MAX_DEPTH = 50
_MAX_EVENTS = 20_000
"""Limit of parser events. Published definitions have a few hundred values, and PyYAML takes a
second for this many events, on the web side too."""

_MAX_VALUES = 100_000
"""Limit of values with all references expanded."""

_LONGEST_VALUE = 10_000
_LARGEST = 2**63
"""No model has larger numbers, and Python refuses to print very long ones."""

_LONGEST_REASON = 200
_CODE = "tag:yaml.org,2002:python/"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with ``!!python/tuple``, which trainers write for bands and windows."""

    _merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Count the values that ``<<`` merges in: a few lines of nested merges can expand to any
        number of values."""
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for source in value.value if isinstance(value, yaml.SequenceNode) else (value,):
                    self._count_merged(source)
        super().flatten_mapping(node)

    def _count_merged(self, source: yaml.Node) -> None:
        if isinstance(source, yaml.MappingNode):
            self.flatten_mapping(source)
            self._merged += len(source.value)
        if self._merged > _MAX_VALUES:
            raise ValueError("its references stand for too many values")


def _tuple(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> tuple[object, ...]:
    return tuple(loader.construct_sequence(node, deep=True))


_Loader.add_constructor(f"{_CODE}tuple", _tuple)


def load_yaml(path: Path) -> object:
    """The one document in a file. Raises ``ModelUnavailable``."""
    return parse_yaml(_text(path), path.name)


def parse_yaml(text: str, name: str) -> object:
    """The one document in ``text``. ``name``: the file's name in errors. Raises
    ``ModelUnavailable``."""
    try:
        _check_size(text)
        content: object = yaml.load(text, Loader=_Loader)
        _count(content, {})
        return content
    except yaml.constructor.ConstructorError as error:
        raise ModelUnavailable(_refusal(error, name)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"{name} cannot be read as YAML: {_problem(error)}.") from error
    except (TypeError, LookupError, AttributeError) as error:
        # PyYAML raises these itself where a value does not match its tag: ``!!int ""``.
        raise ModelUnavailable(
            f"{name} cannot be read as YAML: a value in it is not of the kind that it should be."
        ) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ModelUnavailable(
                f"{path.name} has more than {MAX_BYTES // 1000} kB, which no definition of a "
                "model has."
            )
        return data.decode("utf-8")
    except OSError as error:
        raise ModelUnavailable(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ModelUnavailable(f"{path.name} is no text in UTF-8.") from error


def _check_size(text: str) -> None:
    """Check length and depth before any value is built. PyYAML recurses, so that deep nesting would
    end in a ``RecursionError`` at best."""
    depth = 0
    for place, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if place > _MAX_EVENTS:
            raise ValueError("it holds too many values")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > _LONGEST_VALUE:
            raise ValueError("a value in it is too long")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise ValueError("it is nested too deeply")


def _count(value: object, known: dict[int, int]) -> int:
    """Number of values with all references expanded: a few lines can expand to more than any memory
    holds, and a value can refer to itself. ``known``: counts keyed by identity."""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        raise ValueError("a number in it is too large")
    if not isinstance(value, dict | list | tuple):
        return 1
    if id(value) not in known:
        known[id(value)] = _MAX_VALUES  # Found again during the count if it contains itself.
        inside = (*value, *value.values()) if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count(one, known) for one in inside)
    if known[id(value)] >= _MAX_VALUES:
        raise ValueError("its references stand for too many values")
    return known[id(value)]


def _refusal(error: yaml.constructor.ConstructorError, name: str) -> str:
    problem = str(error.problem or "")
    if _CODE in problem:
        tag = problem[problem.index(_CODE) + len(_CODE) :].split("'")[0]
        return (
            f"{name} names code (!!python/{tag}) and was not read. Of such tags only "
            "!!python/tuple is known: write plain values instead."
        )
    return f"{name} cannot be read as YAML: {_problem(error)}."


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error or type(error).__name__)
    problem = problem.splitlines()[0].rstrip(".")[:_LONGEST_REASON]
    return f"{problem} (line {mark.line + 1})" if mark else problem
