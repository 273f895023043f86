// Another tempo at the same pitch: WSOLA (Verhelst and Roelands, ICASSP 1993). Each hop of the output fades
// from the natural continuation of the last one to the best match near the target position.
// The match is searched once, in the mix of the stems, and used for all, so that they stay in sync.
export const HOP = 1280; // 29 ms at 44.1 kHz: two periods of 70 Hz
const SEEK = 640;
const COARSE = 4;
const AREA = 2 * SEEK + HOP;

const RISE = Float32Array.from(
  { length: HOP },
  (_, i) => Math.sin((Math.PI / 2) * ((i + 0.5) / HOP)) ** 2,
);

function buffers(count, length) {
  return Array.from({ length: count }, () => new Float32Array(length));
}

function mono(channels, weights, count, out) {
  out.fill(0, 0, count);
  channels.forEach((channel, c) => {
    const weight = weights[c >> 1];
    if (weight > 0) for (let i = 0; i < count; i += 1) out[i] += weight * channel[i];
  });
}

function thinned(samples, count) {
  const out = new Float32Array(Math.floor(count / COARSE));
  for (let i = 0; i < out.length; i += 1) {
    let sum = 0;
    for (let k = 0; k < COARSE; k += 1) sum += samples[i * COARSE + k];
    out[i] = sum;
  }
  return out;
}

// The index in `area` of the best match with `model`: the highest normalised correlation.
export function bestFit(model, area, from, to) {
  let best = from;
  let most = -Infinity;
  for (let at = from; at <= to; at += 1) {
    let product = 0;
    let energy = 1e-9;
    for (let i = 0; i < model.length; i += 1) {
      const value = area[at + i];
      product += model[i] * value;
      energy += value * value;
    }
    const score = product / Math.sqrt(energy);
    if (score > most) {
      most = score;
      best = at;
    }
  }
  return best;
}

export class Stretcher {
  #hops = 0;
  #last = 0;
  #area;
  #model;
  #areaMix = new Float32Array(AREA);
  #modelMix = new Float32Array(HOP);

  // `weights()`: the current gain of each stem, so that the match suits the stems that are heard.
  constructor(reader, rate, weights) {
    this.reader = reader;
    this.rate = rate;
    this.weights = weights;
    this.#area = buffers(reader.channels, AREA);
    this.#model = buffers(reader.channels, HOP);
  }

  // Writes the next HOP samples into `out` from `at` on; false while sound is missing.
  hop(out, at) {
    if (this.#hops === 0) {
      if (!this.reader.read(0, HOP, out, at)) return false;
      this.#hops = 1;
      return true;
    }
    const wanted = Math.round(this.#hops * HOP * this.rate);
    if (!this.reader.read(this.#last + HOP, HOP, this.#model)) return false;
    if (!this.reader.read(wanted - SEEK, AREA, this.#area)) return false;
    const place = this.#place();
    for (let c = 0; c < out.length; c += 1) {
      const [model, area, target] = [this.#model[c], this.#area[c], out[c]];
      for (let i = 0; i < HOP; i += 1) {
        target[at + i] = model[i] + RISE[i] * (area[place + i] - model[i]);
      }
    }
    this.#last = wanted - SEEK + place;
    this.#hops += 1;
    return true;
  }

  #place() {
    const weights = this.weights();
    const heard = weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
    mono(this.#model, heard, HOP, this.#modelMix);
    mono(this.#area, heard, AREA, this.#areaMix);
    const area = thinned(this.#areaMix, AREA);
    const rough = bestFit(thinned(this.#modelMix, HOP), area, 0, (2 * SEEK) / COARSE) * COARSE;
    const from = Math.max(0, rough - COARSE);
    return bestFit(this.#modelMix, this.#areaMix, from, Math.min(2 * SEEK, rough + COARSE));
  }
}
