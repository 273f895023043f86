// Served to the page by the tests: records what each stem's meter hears, all stems by one clock.
registerProcessor("capture", class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length) this.port.postMessage({ frame: currentFrame, channels: input.map((c) => c.slice()) });
    return true;
  }
});
