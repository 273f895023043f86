// One stem's compressed preview, AAC in ADTS frames. Any run of them decodes alone; only the first one
// sounds wrong, as it overlaps with the one before; a lead of frames that are discarded hides it.
const FRAMES_PER_CHUNK = 144; // 3.3 s at 44.1 kHz

export class PreviewError extends Error {}

export class Preview {
  // A decoder that trims samples as priming returns too few; then more frames are fetched.
  static #tail = 0;

  constructor(url, { sampleRateHz, frameSamples, stride, offsets, sizeBytes }) {
    this.url = url;
    this.sampleRateHz = sampleRateHz;
    this.frameSamples = frameSamples;
    this.stride = stride;
    this.offsets = offsets;
    this.sizeBytes = sizeBytes;
    this.strides = Math.max(1, Math.round(FRAMES_PER_CHUNK / stride));
  }

  get chunkSamples() {
    return this.strides * this.stride * this.frameSamples;
  }

  get chunks() {
    return Math.ceil(this.offsets.length / this.strides);
  }

  // The bytes of chunk `number` with `tail` strides after it, the least number of samples that they decode
  // to, and the number of samples in the lead.
  part(number, tail = 0) {
    const lead = number > 0 ? 1 : 0;
    const first = number * this.strides - lead;
    const last = (number + 1) * this.strides + tail;
    const perStride = this.stride * this.frameSamples;
    return {
      from: this.offsets[first],
      to: last < this.offsets.length ? this.offsets[last] : this.sizeBytes,
      skip: lead * perStride,
      samples: (last - first) * perStride,
    };
  }

  // Left and right channel of chunk `number`, each of `chunkSamples` samples, padded with silence.
  async chunk(number, signal) {
    const tail = Preview.#tail;
    const { from, to, skip, samples } = this.part(number, tail);
    const sound = await this.#decode(await this.#fetch(from, to, signal));
    const trimmed = sound.length < samples;
    if (trimmed && tail === 0 && to < this.sizeBytes) {
      Preview.#tail = 1;
      return this.chunk(number, signal);
    }
    const right = sound.numberOfChannels > 1 ? 1 : 0;
    return [0, right].map((channel) => this.#cut(sound.getChannelData(channel), skip));
  }

  async #fetch(from, to, signal) {
    const answer = await fetch(this.url, { headers: { Range: `bytes=${from}-${to - 1}` }, signal });
    if (!answer.ok) throw new PreviewError(`The server answered with status ${answer.status}.`);
    const bytes = await answer.arrayBuffer();
    // A proxy may ignore ranges and send the whole file.
    return answer.status === 206 ? bytes : bytes.slice(from, to);
  }

  #decode(bytes) {
    // An offline context decodes before the first key press, and at the preview's own sample rate.
    return new OfflineAudioContext(1, 1, this.sampleRateHz).decodeAudioData(bytes);
  }

  #cut(samples, skip) {
    const part = new Float32Array(this.chunkSamples);
    part.set(samples.subarray(skip, skip + this.chunkSamples));
    return part;
  }
}
