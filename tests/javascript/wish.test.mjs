import assert from "node:assert/strict";
import { test } from "node:test";
import { Wish } from "../../static/js/wish.js";

class Storage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

test("nothing is wished for at first", () => {
  const wish = new Wish(new Storage(), "tell-me /jobs/1/");
  assert.equal(wish.isMade, false);
  assert.equal(wish.take(), false);
});

test("a wish outlives the page that it was made on", () => {
  const storage = new Storage();
  new Wish(storage, "tell-me /jobs/1/").make();
  assert.equal(new Wish(storage, "tell-me /jobs/1/").isMade, true);
});

test("a wish belongs to its page", () => {
  const storage = new Storage();
  new Wish(storage, "tell-me /jobs/1/").make();
  assert.equal(new Wish(storage, "tell-me /jobs/2/").isMade, false);
});

test("a wish is taken once, however often the page is loaded", () => {
  const storage = new Storage();
  const wish = new Wish(storage, "tell-me /jobs/1/");
  wish.make();
  assert.equal(wish.take(), true);
  assert.equal(wish.take(), false);
  assert.equal(new Wish(storage, "tell-me /jobs/1/").isMade, false);
});

test("a wish can be dropped, and made again", () => {
  const wish = new Wish(new Storage(), "tell-me /jobs/1/");
  wish.make();
  wish.drop();
  assert.equal(wish.isMade, false);
  wish.make();
  assert.equal(wish.take(), true);
});
