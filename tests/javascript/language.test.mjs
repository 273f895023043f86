// Texts of the scripts, with Django's catalogue and without it.

import assert from "node:assert/strict";
import { test } from "node:test";

const WHERE = "../../static/js/language.js";

test("without a catalogue a text stays as it is written", async () => {
  const { translate, translatePlural } = await import(`${WHERE}?english`);
  assert.equal(translate("Play %(name)s, %(other)s", { name: "Bass" }), "Play Bass, %(other)s");
  assert.equal(translatePlural("%(count)s song", "%(count)s songs", 1), "1 song");
  assert.equal(translatePlural("%(count)s song", "%(count)s songs", 0), "0 songs");
});

test("with a catalogue its translations are filled in", async () => {
  globalThis.django = {
    gettext: (text) => (text === "Play %(name)s" ? "%(name)s abspielen" : text),
    ngettext: (_one, _many, count) => (count === 1 ? "%(count)s Lied" : "%(count)s Lieder"),
  };
  const { translate, translatePlural } = await import(`${WHERE}?german`);
  delete globalThis.django;
  assert.equal(translate("Play %(name)s", { name: "$& Bass" }), "$& Bass abspielen");
  assert.equal(translatePlural("%(count)s song", "%(count)s songs", 3), "3 Lieder");
  assert.equal(translatePlural("a", "b", 2000, { count: "2.000" }), "2.000 Lieder");
});

test("numbers are written as in the language of the page", async () => {
  const { decimal } = await import(`${WHERE}?numbers`);
  assert.equal(decimal(1234.56, 1), "1234.6");
  globalThis.document = { documentElement: { lang: "de" } };
  assert.equal(decimal(1234.56, 1), "1234,6");
  delete globalThis.document;
});
