// The audio graph from the stems to the output: volume, pan and meter of each stem, and one master.
const SMOOTH_S = 0.01;

export class Graph {
  constructor(context, stems) {
    this.context = context;
    this.input = new GainNode(context, {
      channelCount: 2 * stems,
      channelCountMode: "explicit",
      channelInterpretation: "discrete",
    });
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 * stems });
    this.input.connect(splitter);
    this.master = new GainNode(context);
    this.meter = new AnalyserNode(context, { fftSize: 2048 });
    this.master.connect(this.meter).connect(context.destination);
    this.strips = Array.from({ length: stems }, (_, n) => this.#strip(splitter, n));
  }

  #strip(splitter, n) {
    const { context } = this;
    const pair = new ChannelMergerNode(context, { numberOfInputs: 2 });
    splitter.connect(pair, 2 * n, 0);
    splitter.connect(pair, 2 * n + 1, 1);
    const gain = new GainNode(context);
    const pan = new StereoPannerNode(context);
    const meter = new AnalyserNode(context, { fftSize: 2048 });
    pair.connect(gain).connect(pan).connect(meter).connect(this.master);
    return { gain, pan, meter };
  }

  // `mix`: `{ master, stems: [{ gain, pan }] }`; values change in short slopes, as a jump would click.
  apply(mix, slopeS = SMOOTH_S) {
    const now = this.context.currentTime;
    this.master.gain.setTargetAtTime(mix.master, now, slopeS);
    mix.stems.forEach(({ gain, pan }, n) => {
      this.strips[n].gain.gain.setTargetAtTime(gain, now, slopeS);
      this.strips[n].pan.pan.setTargetAtTime(pan, now, slopeS);
    });
  }

  // Set without a slope, for a new context.
  set(mix) {
    this.master.gain.value = mix.master;
    mix.stems.forEach(({ gain, pan }, n) => {
      this.strips[n].gain.gain.value = gain;
      this.strips[n].pan.pan.value = pan;
    });
  }
}
