"""What a YAML may say, and what is said of one that is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from separation.errors import ModelUnavailable
from separation.separators.own_models.architectures import NAMES
from separation.separators.own_models.definition import parse_definition, read_definition
from tests.separation.msst_models import ARCHITECTURES, small_config, write_config


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_is_recognised_by_its_arguments(name: str) -> None:
    assert parse_definition(small_config(name)).architecture.name == name


def test_every_architecture_has_a_small_network_here() -> None:
    assert set(ARCHITECTURES) == set(NAMES)


@pytest.mark.parametrize(
    "where", [{}, {"model": {"model_type": "scnet"}}, {"training": {"model_type": "scnet"}}]
)
def test_what_is_declared_counts_more_than_arguments(where: dict[str, Any]) -> None:
    config = small_config("scnet", **where)
    for argument in ("band_SR", "band_stride", "band_kernel"):
        del config["model"][argument]
    if not where:
        config["model_type"] = "SCNet"
    assert parse_definition(config).architecture.name == "scnet"


def test_what_is_told_beside_the_yaml_counts_most() -> None:
    config = {**small_config("bs_roformer"), "model_type": "scnet"}
    assert parse_definition(config, "bs_roformer").architecture.name == "bs_roformer"


def test_a_yaml_that_does_not_tell_says_which_key_to_add() -> None:
    config = small_config("bs_roformer")
    del config["model"]["freqs_per_bands"]
    with pytest.raises(ModelUnavailable, match=r"Add a line to it, such as model_type: "):
        parse_definition(config)


def test_an_unknown_architecture_is_named() -> None:
    with pytest.raises(ModelUnavailable, match=r"'segm_models'.*Known are: bs_roformer"):
        parse_definition({**small_config("scnet"), "model_type": "segm_models"})


def test_the_window_and_its_overlap_are_the_yamls() -> None:
    definition = parse_definition(small_config("scnet", inference={"num_overlap": 8}))
    assert (definition.chunk_frames, definition.overlap) == (128 * 63, 8)


def test_the_window_for_separating_wins_over_that_for_training() -> None:
    config = small_config("scnet", inference={"chunk_size": 5_000})
    assert parse_definition(config).chunk_frames == 5_000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"audio": {"chunk_size": 0}}, "audio.chunk_size"),
        ({"audio": {"chunk_size": "8 s"}}, "audio.chunk_size"),
        ({"audio": {"chunk_size": 10**12}}, "audio.chunk_size"),
        ({"audio": {"chunk_size": None}}, "audio.chunk_size"),
        ({"inference": {"num_overlap": 0}}, "inference.num_overlap"),
        ({"inference": {"num_overlap": True}}, "inference.num_overlap"),
        ({"audio": {"sample_rate": 48_000}}, "at 48000 Hz"),
        ({"audio": {"num_channels": 1}}, "1 channels"),
        ({"training": {"instruments": []}}, "training.instruments"),
        ({"training": {"instruments": "vocals"}}, "training.instruments"),
        ({"training": {"instruments": ["../vocals", "b", "c", "d"]}}, "cannot be a stem"),
        (
            {"training": {"instruments": ["residual", "b", "c", "d"]}},
            "none of mixture, residual, song",
        ),
        ({"training": {"instruments": ["Drums", "drums", "a", "b"]}}, "a stem twice"),
        ({"training": {"instruments": ["vocals", "other"]}}, "gives 4 stems.*names 2"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_its_key(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelUnavailable, match=words):
        parse_definition(small_config("scnet", **changes))


def test_a_roformer_for_one_channel_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="1 channels at 44100 Hz"):
        parse_definition(small_config("mel_band_roformer", model={"stereo": False}))


def test_a_roformer_that_names_more_stems_than_it_gives_is_refused() -> None:
    config = small_config("mel_band_roformer", training={"target_instrument": None})
    with pytest.raises(ModelUnavailable, match=r"gives 1 stems.*target_instrument"):
        parse_definition(config)


def test_a_window_that_mdx23c_cannot_halve_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="does not fit this MDX23C"):
        parse_definition(small_config("mdx23c", audio={"chunk_size": 128 * 64}))


def test_stems_are_named_as_files_can_be() -> None:
    config = small_config("scnet", training={"instruments": ["Drums", "Lead vocals", "b-1", "c"]})
    assert parse_definition(config).stems == ("drums", "lead_vocals", "b-1", "c")


@pytest.mark.parametrize(
    ("instruments", "target", "stems"),
    [
        (["vocals", "other"], "vocals", ("vocals", "other")),
        (["vocals", "other"], "other", ("other", "vocals")),
        (["vocals"], None, ("vocals", "no_vocals")),
        (["drums", "bass", "vocals"], "vocals", ("vocals", "no_vocals")),
    ],
)
def test_what_is_left_of_one_stem_has_a_name(
    instruments: list[str], target: str | None, stems: tuple[str, ...]
) -> None:
    training = {"instruments": instruments, "target_instrument": target}
    assert parse_definition(small_config("mel_band_roformer", training=training)).stems == stems


def test_tuples_are_read(tmp_path: Path) -> None:
    path = write_config(tmp_path / "a.yaml", small_config("bs_roformer"))
    assert "!!python/tuple" in path.read_text()
    assert read_definition(path).config["model"]["freqs_per_bands"] == (64, 64, 129)


@pytest.mark.parametrize(
    "line",
    [
        "a: !!python/object/apply:os.system ['touch sprung']",
        "a: !!python/object/new:subprocess.Popen [['touch', 'sprung']]",
        "a: !!python/name:os.system",
        "a: !!python/module:os",
        "a: [1, {b: !!python/object/apply:os.mkdir [sprung]}]",
    ],
)
def test_a_yaml_that_names_code_is_refused_and_the_code_does_not_run(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.yaml"
    path.write_text(f"{yaml.safe_dump(small_config('scnet'))}\n{line}\n")
    with pytest.raises(ModelUnavailable, match=r"model\.yaml names code \(!!python/.*only"):
        read_definition(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [1, 2", "cannot be read as YAML"),
        (b"a: 1\n---\nb: 2\n", "cannot be read as YAML"),
        (b"a: !unknown 1", "cannot be read as YAML"),
        (b"[" * 5_000, "nested too deeply"),
        (b"? !!python/tuple [[1]]\n: 2\n", "not of the kind that it should be"),
        (b'a: !!int ""', "not of the kind that it should be"),
        (b"a: !!timestamp soon", "not of the kind that it should be"),
        (b"audio: {chunk_size: 0x" + b"f" * 4_000 + b"}", "a number in it is too large"),
        (b"0x" + b"f" * 900 + b": 1", "a number in it is too large"),
        (b"a: 1" + b":1" * 300_000, "a value in it is too long"),
        (b"[" + b"1," * 30_000 + b"]", "too many values"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"a: " + b"x" * 1_000_001, "more than 1000 kB"),
        (b"- just\n- a list", "no list of settings"),
        (b"", "no list of settings"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_yaml_of_a_model_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=words):
        read_definition(path)


@pytest.mark.parametrize(
    "lines",
    [
        [
            "l0: &l0 [lol]",
            *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30)),
        ],
        ["a: &a", "  b: *a"],
        [
            "l0: &l0 {lol: 1}",
            *(f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 30)),
        ],
        [
            # Met by the last line before they were looked at where they stand.
            "deep: [[[&l0 {lol: 1}]",
            *(f", &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 30)),
            "]]",
            "last: {<<: [*l29, *l29]}",
        ],
    ],
    ids=["multiplied", "in itself", "merged", "merged deep down"],
)
def test_references_cannot_multiply_what_is_read(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(yaml.safe_dump(small_config("scnet")) + "\n".join(lines) + "\n")
    with pytest.raises(ModelUnavailable, match="references stand for too many"):
        read_definition(path)


def test_what_is_said_of_a_wrong_value_stays_short() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        parse_definition(small_config("scnet", audio={"chunk_size": "x" * 9_000}))
    assert len(caught.value.detail) < 200


def test_a_merge_as_people_write_them_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    usual = "usual: &usual {num_overlap: 8}\ninference:\n  <<: *usual\n"
    path.write_text(yaml.safe_dump(small_config("scnet")) + usual)
    assert read_definition(path).overlap == 8


def test_a_reference_as_yaml_writers_make_them_is_read(tmp_path: Path) -> None:
    shared = ["vocals", "other"]
    config = {**small_config("mdx23c", training={"instruments": shared}), "again": shared}
    path = write_config(tmp_path / "model.yaml", config)
    assert "*id001" in path.read_text()
    assert read_definition(path).stems == ("vocals", "other")
