import assert from "node:assert/strict";
import { test } from "node:test";
import { freeName } from "../../../static/js/mixer/saved.js";

test("a new loop or mix gets the first number that is free", () => {
  assert.equal(freeName("loops", []), "Loop 1");
  assert.equal(freeName("loops", [{ name: "Loop 1" }, { name: "Chorus" }]), "Loop 2");
  assert.equal(freeName("mixes", [{ name: "Mix 2" }]), "Mix 1");
});
