"""What docs/bring-your-own-models.md promises."""

import json
import re
from pathlib import Path
from typing import get_args

from separation.catalogue.model import LicenceState
from separation.separators.msst.checkpoint import _PREFIXES, _WRAPPINGS
from separation.separators.own_models.architectures import ARCHITECTURES
from separation.separators.own_models.converted_weights import FOLDER
from separation.separators.own_models.folders import _CHECKPOINTS, FolderCard, own_models
from tests.separation.fenced import DOCS, blocks
from tests.separation.msst_models import save_weights, small_config, small_network, write_config
from tests.separation.small_models import save_bag, save_th, small_hdemucs

PAGE = "bring-your-own-models.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")


def test_the_tree_of_the_page_is_found_as_the_page_says(tmp_path: Path) -> None:
    """Its folders and files, with small networks in them."""
    choir, drums = tmp_path / "choir_vocals", tmp_path / "drums_fine_tuned"
    for folder in (choir, drums):
        assert f"{folder.name}/" in TEXT
        folder.mkdir()
    config = small_config("mel_band_roformer")
    write_config(choir / "config.yaml", config)
    save_weights(choir / "weights.ckpt", small_network(config))
    (choir / "card.json").write_text(blocks(PAGE, "json")[0])
    save_th(small_hdemucs(), drums, "955717e8")
    save_bag(drums, "drums_fine_tuned", ["955717e8"])
    stems = re.search(r'`(\{"stems": .*?\})`', TEXT)
    assert stems
    (drums / "card.json").write_text(stems[1])
    first, second = own_models([tmp_path])
    assert (first.separator, first.name, first.fault) == ("msst", "choir_vocals", "")
    assert (first.label, first.card.licence) == ("Choir vocals", "granted")
    assert (second.separator, second.name, second.fault) == ("demucs", "drums_fine_tuned", "")


def test_the_page_has_every_architecture_and_what_it_is_known_by() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", TEXT, re.MULTILINE))
    del rows["model_type"]  # The head of the table.
    assert {one.name: one.label for one in ARCHITECTURES} == {
        name: label.strip() for name, label in rows.items()
    }
    for one in ARCHITECTURES:
        assert all(mark in TEXT for mark in one.marks)


def test_the_page_has_every_key_of_a_card_and_every_word_that_counts() -> None:
    elsewhere = {"stems", "model_type", "overlapping"}
    assert set(json.loads(blocks(PAGE, "json")[0])) | elsewhere == set(FolderCard.model_fields)
    assert '`"overlapping": true`' in TEXT
    words = (*get_args(LicenceState), *_CHECKPOINTS, *_WRAPPINGS, *_PREFIXES)
    assert [word for word in words if f"`{word}`" not in TEXT] == []
    assert f"STEMSITE_MODEL_DIR/{FOLDER}" in TEXT
