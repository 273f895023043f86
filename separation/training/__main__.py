"""``python -m separation.training COMMAND``: material, training and export; docs/training.md."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from separation.errors import SeparationError

_SOUND_FONTS = (Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        arguments.run_command(arguments)
    except SeparationError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Stopped. The same command goes on from the last checkpoint.\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m separation.training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    multitracks = commands.add_parser("multitracks", help="tracks of songs into a corpus")
    multitracks.add_argument("source", type=Path, help="a folder a song, a file a track")
    multitracks.add_argument(
        "--hold-back",
        action="append",
        default=[],
        metavar="SONG=FROM-TO",
        help="seconds of a song that must not be trained on; may be repeated",
    )
    midi = commands.add_parser("midi", help="MIDI files, rendered, into a corpus")
    midi.add_argument("source", type=Path)
    midi.add_argument("--sound-font", type=Path, action="append", help="may be repeated")
    midi.add_argument("--takes", type=int, default=2, help="renderings of each file")
    synthesize = commands.add_parser("synthesize", help="songs of our own synthesizer")
    synthesize.add_argument("--songs", type=int, default=100)
    for command in (midi, synthesize):
        command.add_argument("--seed", type=int, default=0)
    for command in (multitracks, midi, synthesize):
        command.add_argument("--corpus", type=Path, required=True, help="the folder to add to")
    multitracks.set_defaults(run_command=_multitracks)
    midi.set_defaults(run_command=_midi)
    synthesize.set_defaults(run_command=_synthesize)
    _add_train(commands)
    _add_export(commands)
    return parser


def _add_train(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    train = commands.add_parser("train", help="train, or go on from the run's checkpoint")
    train.add_argument("--corpus", type=Path, action="append", required=True)
    train.add_argument("--run", type=Path, required=True, help="checkpoint and log lie here")
    train.add_argument("--steps", type=int, default=40_000, help="the step to stop at")
    train.add_argument(
        "--decay-steps",
        type=int,
        default=0,
        help="the learning rate falls to zero over the last of these; 0 to go on later",
    )
    train.add_argument("--learning-rate", type=float, default=1e-3)
    train.add_argument("--batch", type=int, default=3, help="mixtures a process and step")
    train.add_argument("--frames", type=int, default=256, help="STFT frames of a mixture")
    train.add_argument("--processes", type=int, default=2)
    train.add_argument("--without-song", action="append", default=[], help="held out; repeatable")
    train.add_argument("--suite", type=Path, help="songs with true stems to measure on")
    train.add_argument("--validate-every", type=float, default=900.0, metavar="SECONDS")
    train.add_argument("--save-every", type=float, default=120.0, metavar="SECONDS")
    train.add_argument("--no-compile", action="store_true", help="start at once, train slower")
    train.set_defaults(run_command=_train)


def _add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = commands.add_parser("export", help="a run's weights as safetensors in float16")
    export.add_argument("--run", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--trained-on", required=True, help="a sentence for the record")
    export.set_defaults(run_command=_export)


def _multitracks(arguments: argparse.Namespace) -> None:
    from separation.training.multitracks import add_multitracks

    held_back = dict(_range(text) for text in arguments.hold_back)
    _show(add_multitracks(arguments.source, arguments.corpus, held_back))


def _range(text: str) -> tuple[str, tuple[float, float]]:
    from separation.errors import InvalidOptions

    song, _, seconds = text.partition("=")
    first, _, last = seconds.partition("-")
    try:
        return song, (float(first), float(last))
    except ValueError as error:
        raise InvalidOptions(f"{text!r} is not SONG=FROM-TO, such as sodium=164-196.") from error


def _midi(arguments: argparse.Namespace) -> None:
    from separation.training.midi import add_midi_songs

    fonts = arguments.sound_font or list(_SOUND_FONTS)
    _show(
        add_midi_songs(
            arguments.source, arguments.corpus, fonts, takes=arguments.takes, seed=arguments.seed
        )
    )


def _synthesize(arguments: argparse.Namespace) -> None:
    from separation.training.synthesis import add_synthetic_songs

    _show(add_synthetic_songs(arguments.corpus, songs=arguments.songs, seed=arguments.seed))


def _show(lines: Iterator[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _train(arguments: argparse.Namespace) -> None:
    from separation.training.loop import TrainingPlan, train

    train(
        TrainingPlan(
            corpora=tuple(arguments.corpus),
            run=arguments.run,
            without_songs=tuple(arguments.without_song),
            suite=arguments.suite,
            steps=arguments.steps,
            decay_steps=arguments.decay_steps,
            learning_rate=arguments.learning_rate,
            batch=arguments.batch,
            frames=arguments.frames,
            processes=arguments.processes,
            validate_s=arguments.validate_every,
            save_s=arguments.save_every,
            compile=not arguments.no_compile,
        )
    )


def _export(arguments: argparse.Namespace) -> None:
    from separation.training.export import export

    steps = export(arguments.run, arguments.out, trained_on=arguments.trained_on)
    sys.stdout.write(f"{arguments.out}: {arguments.out.stat().st_size} bytes after {steps} steps\n")


if __name__ == "__main__":
    sys.exit(main())
