// Texts of the scripts in the language of the page. Django's catalogue (/language.js) brings the
// translations; without it, as on English pages and in tests, a text stays as it is written.

const catalogue = globalThis.django ?? {};

/** `text` with each `%(name)s` filled in from `values`. */
export function translate(text, values = {}) {
  return filled(catalogue.gettext?.(text) ?? text, values);
}

/** As `translate`, for `count` things; `%(count)s` is the number, unless `values` has it. */
export function translatePlural(one, many, count, values = {}) {
  const text = catalogue.ngettext?.(one, many, count) ?? (count === 1 ? one : many);
  return filled(text, { count, ...values });
}

/** A number as the language of the page writes it, with `digits` decimals. */
export function decimal(number, digits) {
  const language = globalThis.document?.documentElement.lang || "en";
  return number.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  });
}

function filled(text, values) {
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? values[name] : whole));
}
