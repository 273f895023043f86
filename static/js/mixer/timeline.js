// The path of the playhead through the song. Its samples are numbered from the start of playing.
export class Timeline {
  constructor(start, end, loop) {
    this.start = start;
    this.end = end;
    // Playing that starts behind the loop continues to the end.
    this.loop = loop && loop.start < loop.end && start < loop.end ? loop : null;
  }

  // The place in the song of sample `n` of the path.
  song(n) {
    const at = this.start + n;
    if (!this.loop || at < this.loop.end) return at;
    const { start, end } = this.loop;
    return start + ((at - start) % (end - start));
  }

  // Samples of the path from `n` to its end; a loop has no end.
  left(n) {
    return this.loop ? Infinity : this.end - this.start - n;
  }

  // The parts of the song that samples `n` to `n + count` cover.
  *spans(n, count) {
    for (let done = 0; done < count; ) {
      const from = this.song(n + done);
      const room = this.loop && from < this.loop.end ? this.loop.end - from : Infinity;
      const length = Math.min(count - done, room);
      yield { from, length, at: done };
      done += length;
    }
  }

  // Numbers of the chunks of `size` samples that hold the next `count` samples, in the order of need.
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
