"""The decoding process has worked on hostile bytes: all that it says is understood or refused."""

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from separation.audio.decoding.child_process import parse_message
from separation.audio.decoding.decode import DecodedSong, SourceFacts
from separation.errors import CorruptAudio

HONEST: dict[str, Any] = {
    **{"container": "wav", "codec": "pcm_16", "bit_depth": 16, "measured": True, "tags": {}},
    **{"source_rate_hz": 44_100, "source_channels": 2, "source_frames": 9, "duration_s": 0.1},
    **{"has_cover": False, "warnings": [], "frames": 9, "peak": 0.5, "mean": 0.0, "std": 0.1},
    "input_digest": "0" * 64,
}
UNPRINTABLE = {"Cc", "Cs", "Co", "Zl", "Zp"}
"""Categories of Unicode. Text may hold joiners, and characters newer than Python's tables."""
odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        st.text(max_size=40),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
messages = st.dictionaries(
    st.sampled_from(["fraction", "peak_bytes", "done", "error", "detail", "other"]), odd
)


@given(st.one_of(messages.map(lambda said: json.dumps(said).encode()), st.binary(max_size=40)))
def test_a_line_is_understood_with_the_right_types_or_refused(line: bytes) -> None:
    try:
        said = parse_message(line)
    except CorruptAudio:
        return
    share = said.get("fraction")
    assert share is None or 0 <= share <= 1
    assert said.get("peak_bytes", 0) >= 0
    assert isinstance(said.get("done", {}), dict)
    assert isinstance(said.get("error", ""), str) and isinstance(said.get("detail", ""), str)


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"{}garbage"])
def test_a_line_that_breaks_parsers_is_refused(line: bytes) -> None:
    with pytest.raises(CorruptAudio):
        parse_message(line)


@pytest.mark.parametrize("kind", [SourceFacts, DecodedSong])
@given(st.sampled_from(sorted(HONEST)), odd)
def test_facts_are_of_a_sensible_kind_or_refused(
    kind: type[SourceFacts], field: str, value: Any
) -> None:
    known = {name: HONEST[name] for name in kind.model_fields}
    try:
        facts = kind.model_validate({**known, field: value})
    except ValidationError:
        return
    # Databases and pages take them.
    assert 0 <= facts.source_frames < 2**63 and facts.duration_s >= 0
    assert len(facts.codec) <= 32 and facts.codec.isascii() and facts.codec.isprintable()
    assert json.loads(facts.model_dump_json())
    text = "".join(facts.warnings)
    assert UNPRINTABLE.isdisjoint(unicodedata.category(character) for character in text)


def test_honest_facts_are_believed() -> None:
    assert DecodedSong.model_validate(HONEST).frames == 9
