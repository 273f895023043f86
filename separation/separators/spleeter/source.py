"""Source of Spleeter's ``2stems``: the catalogue's row, its converter and its proof."""

from separation.catalogue import find_model
from separation.separators.wheel.source import source_of

MODEL = "spleeter_2stems"

_FOLDER = "spleeter/pretrained_models/2stems"
INDEX = f"{_FOLDER}/model.index"
DATA = f"{_FOLDER}/model.data-00000-of-00001"

SOURCE = source_of(
    find_model(MODEL),
    converter="separation.separators.spleeter.conversion:convert",
    proof="separation.separators.spleeter.conversion:prove",
    proven="its masks are those of the weights in full precision, and sum to one",
    prepares=("standard",),
)
"""A third party's package with the weights of Deezer's release 1.4.0."""
