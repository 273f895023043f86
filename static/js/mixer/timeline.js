// The way of the playhead through the song, as samples that are numbered from where it set out.
export class Timeline {
  constructor(start, end, loop) {
    this.start = start;
    this.end = end;
    // Who sets out behind the loop plays on to the end.
    this.loop = loop && loop.start < loop.end && start < loop.end ? loop : null;
  }

  // Where in the song sample `n` of the way lies.
  song(n) {
    const at = this.start + n;
    if (!this.loop || at < this.loop.end) return at;
    const { start, end } = this.loop;
    return start + ((at - start) % (end - start));
  }

  // Samples of the way from `n` on until it ends; a loop has no end.
  left(n) {
    return this.loop ? Infinity : this.end - this.start - n;
  }

  // The stretches of the song that samples `n` to `n + count` are made of.
  *spans(n, count) {
    for (let done = 0; done < count; ) {
      const from = this.song(n + done);
      const room = this.loop && from < this.loop.end ? this.loop.end - from : Infinity;
      const length = Math.min(count - done, room);
      yield { from, length, at: done };
      done += length;
    }
  }

  // Numbers of the chunks of `size` samples that the next `count` samples lie in, in the order of need.
  // The end of a loop fades into the `lead` samples before its start.
  chunks({ count, size, lead }) {
    const numbers = new Set();
    for (const { from, length } of this.spans(0, count)) {
      const last = Math.floor((from + length - 1) / size);
      for (let n = Math.floor(from / size); n <= last; n += 1) numbers.add(n);
    }
    if (this.loop) numbers.add(Math.max(0, Math.floor((this.loop.start - lead) / size)));
    return [...numbers];
  }
}
