// Somebody's wish to be told of something once. It is kept in `storage`, which outlives the page.
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

  // Whether it was made, and it is no longer: whatever becomes of the telling, it happens once.
  take() {
    const { isMade } = this;
    this.drop();
    return isMade;
  }
}
