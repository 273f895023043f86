// Spectra of a piece of sound, computed in a worker. Takes `{ id, samples, centres, edges }`: the centre of
// each column in `samples`, and the FFT bins at the edges of each row. Returns a byte for each, 0 to 255.
const SIZE = 4096; // 93 ms at 44.1 kHz, bins of 11 Hz
const FLOOR_DB = -84;

const hann = Float32Array.from(
  { length: SIZE },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / SIZE),
);
const cosines = Float32Array.from({ length: SIZE / 2 }, (_, i) =>
  Math.cos((2 * Math.PI * i) / SIZE),
);
const sines = Float32Array.from({ length: SIZE / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / SIZE));
const order = new Uint16Array(SIZE);
for (let i = 1; i < SIZE; i += 1) order[i] = (order[i >> 1] >> 1) | (i & 1 ? SIZE >> 1 : 0);

const real = new Float32Array(SIZE);
const imaginary = new Float32Array(SIZE);

// The FFT of Cooley and Tukey (1965), radix 2, in place; the input stands in bit-reversed order.
function transform() {
  for (let half = 1; half < SIZE; half *= 2) {
    const stride = SIZE / (2 * half);
    for (let start = 0; start < SIZE; start += 2 * half) {
      for (let k = 0; k < half; k += 1) {
        const a = start + k;
        const b = a + half;
        const c = cosines[k * stride];
        const s = -sines[k * stride];
        const re = real[b] * c - imaginary[b] * s;
        const im = real[b] * s + imaginary[b] * c;
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
    }
  }
}

function load(samples, centre) {
  const from = Math.round(centre) - SIZE / 2;
  for (let i = 0; i < SIZE; i += 1) real[order[i]] = (samples[from + i] ?? 0) * hann[i];
  imaginary.fill(0);
}

function loudest(from, to) {
  let most = 0;
  const last = Math.max(Math.ceil(to), Math.floor(from) + 1);
  for (let bin = Math.floor(from); bin < last; bin += 1) {
    most = Math.max(most, real[bin] ** 2 + imaginary[bin] ** 2);
  }
  return most;
}

self.addEventListener("message", ({ data: { id, samples, centres, edges } }) => {
  const rows = edges.length - 1;
  const picture = new Uint8Array(centres.length * rows);
  centres.forEach((centre, column) => {
    load(samples, centre);
    transform();
    for (let row = 0; row < rows; row += 1) {
      // A full sine reaches a quarter of SIZE behind a Hann window.
      const db = 10 * Math.log10(loudest(edges[row], edges[row + 1]) / (SIZE / 4) ** 2 + 1e-12);
      picture[column * rows + row] = Math.max(0, Math.min(255, 255 * (1 - db / FLOOR_DB)));
    }
  });
  self.postMessage({ id, picture }, [picture.buffer]);
});
