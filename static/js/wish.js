// A request for one notification. It is kept in `storage`, which outlives the page.
export class Wish {
  constructor(storage, key) {
    this.storage = storage;
    this.key = key;
  }

  get isMade() {
    return this.storage.getItem(this.key) !== null;
  }

  make() {
    this.storage.setItem(this.key, "yes");
  }

  drop() {
    this.storage.removeItem(this.key);
  }

  // Returns whether the request was made, and clears it, so that one notification is tried only once.
  take() {
    const { isMade } = this;
    this.drop();
    return isMade;
  }
}
