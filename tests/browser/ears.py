"""Ears on the mixer: records what comes out of each stem's strip in a real Chromium."""

import base64
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from tests.browser.mixable import RATE_HZ

TAKES = 8

CAPTURE = """registerProcessor("capture", class extends AudioWorkletProcessor {
    process([input]) {
        const channels = input.map((channel) => channel.slice());
        if (channels.length) this.port.postMessage({ frame: currentFrame, channels });
        return true;
    }
});"""

LISTEN = """async (code) => {
    const { engine } = document.querySelector("[data-mixer]").mixer;
    const { context, graph } = engine;
    const module = new Blob([code], { type: "text/javascript" });
    await context.audioWorklet.addModule(URL.createObjectURL(module));
    const taps = [...graph.strips, { meter: graph.meter }];
    const count = taps.length * 2;
    const merger = new ChannelMergerNode(context, { numberOfInputs: count });
    taps.forEach(({ meter }, n) => {
        const pair = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
        meter.connect(pair);
        pair.connect(merger, 0, 2 * n);
        pair.connect(merger, 1, 2 * n + 1);
    });
    const discrete = { channelCountMode: "explicit", channelInterpretation: "discrete" };
    const options = { channelCount: count, ...discrete };
    const capture = new AudioWorkletNode(context, "capture", options);
    const silent = new GainNode(context, { gain: 0 });
    merger.connect(capture).connect(silent).connect(context.destination);
    window.heard = [];
    capture.port.onmessage = ({ data }) => window.heard.push(data);
}"""

RECORD = """async (seconds) => {
    const { engine } = document.querySelector("[data-mixer]").mixer;
    let breaks = 0;
    const count = () => (breaks += 1);
    for (const name of ["state", "gap"]) engine.addEventListener(name, count);
    window.heard.length = 0;
    const frames = Math.ceil(seconds * engine.context.sampleRate / 128);
    while (window.heard.length < frames) await new Promise((done) => setTimeout(done, 20));
    for (const name of ["state", "gap"]) engine.removeEventListener(name, count);
    const blocks = window.heard.slice(0, frames);
    const sound = new Float32Array(blocks.length * 128 * blocks[0].channels.length);
    blocks.forEach(({ channels }, n) => channels.forEach((channel, c) => {
        sound.set(channel, (c * blocks.length + n) * 128);
    }));
    const bytes = new Uint8Array(sound.buffer);
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) {
        text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    const time = (frame) => frame / engine.context.sampleRate;
    const gaps = blocks.filter(({ frame }, n) => n && frame !== blocks[n - 1].frame + 128).length;
    return {
        sound: btoa(text),
        channels: blocks[0].channels.length,
        start: engine.position(time(blocks[0].frame)),
        end: engine.position(time(blocks.at(-1).frame)),
        gaps,
        breaks,
    };
}"""


@dataclass(frozen=True)
class Recording:
    """``stems`` of shape (stems, 2, samples); ``master`` (2, samples); the song's seconds at which
    the player believes the first and the last block of it to lie."""

    stems: NDArray[np.float32]
    master: NDArray[np.float32]
    start_s: float
    end_s: float

    def levels(self) -> NDArray[np.float64]:
        """Root mean square of each stem, of shape (stems, 2)."""
        return np.sqrt(np.mean(np.square(self.stems.astype(np.float64)), axis=2))


def put_ears_on(page: Page) -> None:
    """After the first sound, as before there is no audio context. The page must have been opened
    with ``ears``: its content policy would not let the recorder in."""
    page.evaluate(LISTEN, CAPTURE)


def record(page: Page, seconds: float) -> Recording:
    """The next seconds; taken again where the busy machine lost a piece of the recording itself, or
    where the player paused or left a gap, as it does rather than drift: a place is no place then.
    """
    for _ in range(TAKES):
        got = page.evaluate(RECORD, seconds)
        if not got["gaps"] and not got["breaks"]:
            break
    else:
        pytest.fail(f"none of {TAKES} recordings was without a gap: the machine is too busy")
    flat = np.frombuffer(base64.b64decode(got["sound"]), np.float32)
    pairs = flat.reshape(got["channels"] // 2, 2, -1)
    return Recording(pairs[:-1], pairs[-1], got["start"], got["end"])


def lag_samples(sound: NDArray[np.float32], model: NDArray[np.float32]) -> int:
    """How much later ``sound`` comes than ``model``: peak of the cross-correlation. Clicks decide,
    not tones: both are differentiated twice."""
    first, second = np.diff(sound, n=2), np.diff(model, n=2)
    size = 1 << (len(first) + len(second)).bit_length()
    product = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    lag = int(np.argmax(np.fft.irfft(product, size)))
    return lag - size if lag > size // 2 else lag


def spread_ms(recording: Recording) -> float:
    """The greatest drift between any stem and the first."""
    first = recording.stems[0, 0]
    lags = [lag_samples(stem[0], first) for stem in recording.stems[1:]]
    return 1000 * max(abs(lag) for lag in lags) / RATE_HZ


def pitch_hz(sound: NDArray[np.float32]) -> float:
    """The strongest tone between 150 and 700 Hz."""
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    spectrum[(hz < 150) | (hz > 700)] = 0
    return float(hz[np.argmax(spectrum)])
