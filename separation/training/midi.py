"""Adds MIDI files to a corpus: fluidsynth renders drums, bass and other of each file.

Every take draws new instruments, from the family of the General MIDI programme or sometimes from
outside it, and another key and tempo: a network that is trained on one bass guitar learns only that
bass guitar.
"""

import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mido
import numpy as np
import soundfile

from separation.errors import InvalidOptions, ModelUnavailable
from separation.training.corpus import SAMPLE_RATE_HZ, Clip, FloatArray, add_clip, read_index

DRUM_CHANNEL = 9
BASS_PROGRAMMES = range(32, 40)
"""Programmes of General MIDI level 1, counted from 0."""

DRUM_KITS = (0, 0, 0, 8, 16, 24, 25, 32, 40)
"""General MIDI level 2: standard (most often), room, power, electronic, analog, jazz, brush."""

FOREIGN_PROGRAMMES = (*range(0, 32), *range(40, 56), *range(56, 96), *range(104, 109))
_ALL_SOUND_OFF = 120
"""MIDI 1.0, channel mode messages."""

STRANGE_SHARE = 0.3
"""How often an instrument comes from outside its family."""

SECONDS = 100.0
QUIET = 1e-4
_RENDER_WALL_S = 300.0


@dataclass(frozen=True)
class Take:
    """One rendering with one sound font: ``semitones`` higher and ``tempo`` times as fast."""

    seed: int
    sound_font: Path
    semitones: int
    tempo: float


def add_midi_songs(
    source: Path, folder: Path, sound_fonts: list[Path], *, takes: int, seed: int = 0
) -> Iterator[str]:
    """Render every file of ``source`` ``takes`` times; yields a line for each rendering.

    Raises ``InvalidOptions`` where there is no file, ``ModelUnavailable`` where fluidsynth or a
    sound font is missing.
    """
    files = sorted(source.glob("*.mid"))
    if not files:
        raise InvalidOptions(f"There are no MIDI files in {source}.")
    missing = [str(font) for font in sound_fonts if not font.is_file()]
    if missing or not sound_fonts or shutil.which("fluidsynth") is None:
        raise ModelUnavailable(
            "Rendering needs fluidsynth and a sound font; missing: "
            f"{', '.join(missing) or 'fluidsynth'}. Install Debian's fluidsynth and "
            "fluid-soundfont-gm, or name other sound fonts."
        )
    done = {clip.song for clip in read_index(folder)}
    for take_number in range(takes):
        font = sound_fonts[take_number % len(sound_fonts)]
        for path in files:
            song = f"{path.stem}-{font.stem}-{take_number}"
            if song in done:
                continue
            draw = random.Random(f"{seed} {song}")
            take = Take(
                seed=draw.randrange(2**31),
                sound_font=font,
                semitones=draw.randint(-5, 5),
                tempo=draw.uniform(0.85, 1.2),
            )
            stems = render_stems(path, take)
            for stem, samples in stems.items():
                add_clip(folder, Clip(f"{song}-{stem}", stem, song, "midi"), samples)
            yield f"{song}: {', '.join(stems) or 'nothing to hear'}"


def render_stems(path: Path, take: Take) -> dict[str, FloatArray]:
    """The stems of one take that are not silent; all are cut to the same ``SECONDS``."""
    midi = mido.MidiFile(path, clip=True)
    kinds = _stem_of_channel(midi)
    stems = {}
    for stem in ("drums", "bass", "other"):
        channels = {channel for channel, kind in kinds.items() if kind == stem}
        if channels:
            samples = _render(_only(midi, channels, take), take)
            if float(np.abs(samples).mean()) > QUIET:
                stems[stem] = samples
    return stems


def _stem_of_channel(midi: mido.MidiFile) -> dict[int, str]:
    programmes: dict[int, int] = {}
    sounding = set()
    for track in midi.tracks:
        for message in track:
            if message.type == "program_change":
                programmes.setdefault(message.channel, message.program)
            elif message.type == "note_on" and message.velocity > 0:
                sounding.add(message.channel)
    kinds = {}
    for channel in sounding:
        is_bass = programmes.get(channel, 0) in BASS_PROGRAMMES
        kinds[channel] = "bass" if is_bass else "other"
        if channel == DRUM_CHANNEL:
            kinds[channel] = "drums"
    return kinds


def _only(midi: mido.MidiFile, channels: set[int], take: Take) -> mido.MidiFile:
    """A copy with only these channels, with the take's instruments, key and tempo."""
    draw = random.Random(take.seed)
    chosen = {channel: _programme_map(draw, channel) for channel in range(16)}
    copy = mido.MidiFile(type=midi.type, ticks_per_beat=midi.ticks_per_beat)
    opening = mido.MidiTrack()
    for channel in sorted(channels):
        opening.append(
            mido.Message("program_change", channel=channel, program=chosen[channel](0), time=0)
        )
    last_tick = _ticks_needed(midi, take)
    for number, track in enumerate(midi.tracks):
        kept = opening if number == 0 else mido.MidiTrack()
        since_last = now = 0
        for message in track:
            now += message.time
            if now > last_tick:
                break
            since_last += message.time
            changed = _changed(message, channels, chosen, take)
            if changed is not None:
                kept.append(changed.copy(time=since_last))
                since_last = 0
        # Without this a note that is held at the cut would be rendered for ever.
        kept += [
            mido.Message("control_change", channel=channel, control=_ALL_SOUND_OFF)
            for channel in sorted(channels)
        ]
        copy.tracks.append(kept)
    return copy


def _ticks_needed(midi: mido.MidiFile, take: Take) -> float:
    """About the tick at which ``SECONDS`` of the take end; later messages are not rendered."""
    ticks = max(sum(message.time for message in track) for track in midi.tracks)
    return float(ticks * (SECONDS + 10.0) * take.tempo / max(midi.length, 1.0))


def _changed(
    message: Any, channels: set[int], chosen: dict[int, Callable[[int], int]], take: Take
) -> Any:
    if message.type == "set_tempo":
        return message.copy(tempo=int(message.tempo / take.tempo))
    if message.is_meta:
        return None
    if getattr(message, "channel", None) not in channels:
        return None
    if message.type == "program_change":
        return message.copy(program=chosen[message.channel](message.program))
    if message.type in ("note_on", "note_off") and message.channel != DRUM_CHANNEL:
        return message.copy(note=min(max(message.note + take.semitones, 0), 127))
    return message


def _programme_map(draw: random.Random, channel: int) -> Callable[[int], int]:
    """The mapping of a channel's programmes; it is the same for the whole song."""
    kit: int = draw.choice(DRUM_KITS)
    step = draw.randrange(8)
    strange = draw.random() < STRANGE_SHARE
    foreign: int = draw.choice(FOREIGN_PROGRAMMES)

    def mapped(programme: int) -> int:
        if channel == DRUM_CHANNEL:
            return kit
        family = programme // 8
        if programme in BASS_PROGRAMMES or not strange:
            return family * 8 + (programme + step) % 8
        return foreign

    return mapped


def _render(midi: mido.MidiFile, take: Take) -> FloatArray:
    with tempfile.TemporaryDirectory(prefix="midi-") as temporary:
        song, wave = Path(temporary) / "song.mid", Path(temporary) / "song.wav"
        midi.save(song)
        arguments = ["fluidsynth", "-n", "-i", "-q", "-g", "0.4", "-r", str(SAMPLE_RATE_HZ)]
        arguments += ["-o", "synth.dynamic-sample-loading=1"]
        arguments += ["-F", str(wave), str(take.sound_font), str(song)]
        subprocess.run(arguments, check=True, capture_output=True, timeout=_RENDER_WALL_S)
        samples, _ = soundfile.read(
            wave, frames=int(SECONDS * SAMPLE_RATE_HZ), dtype="float32", always_2d=True
        )
    return np.ascontiguousarray(samples.T)
