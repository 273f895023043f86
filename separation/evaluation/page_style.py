"""The style sheet of a report's page, with the site's colours for light and dark."""

STYLE = """
:root {
  --ground: #f6f5f2; --surface: #ffffff; --ink: #16191f; --soft: #5a606b; --line: #dcd9d2;
  --one: #0b6e66; --two: #a65a00; --range: #b9b5ab;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14161a; --surface: #1d2026; --ink: #eceae5; --soft: #a9aeb8; --line: #353a43;
    --one: #4fc4b6; --two: #f0a64b; --range: #5b616c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.375rem; margin: 2rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr; gap: .25rem 1rem;
  margin: 0; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
  gap: 1rem; }
figure { margin: 0; padding: 1rem; background: var(--surface); border: 1px solid var(--line);
  border-radius: 12px; }
p { overflow-wrap: anywhere; }
figure p { color: var(--soft); font-size: .875rem; margin: .5rem 0 0; }
svg { display: block; width: 100%; max-width: 34rem; height: auto; margin-top: .5rem; }
svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
svg .name, svg .value, svg .unit { text-anchor: end; }
svg .scale { text-anchor: middle; }
svg .scale, svg .unit { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--line); }
svg .zero { stroke: var(--soft); }
svg .range { stroke: var(--range); stroke-width: 4; }
svg .reached { stroke-width: 4; }
svg .reached.run0 { stroke: var(--one); }
svg .reached.run1 { stroke: var(--two); }
svg .tick { stroke: var(--soft); stroke-width: 2; }
svg .bar.run0 { fill: var(--one); }
svg .bar.run1 { fill: var(--two); }
svg .dot { stroke: var(--surface); }
svg .dot.song { fill: var(--ink); }
svg .dot.separated.run0 { fill: var(--one); }
svg .dot.separated.run1 { fill: var(--two); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: .25rem 0 0;
  padding: 0; font-size: .875rem; }
.key i { display: inline-block; width: .75rem; height: .75rem; margin-right: .375rem; }
.key .run0 { background: var(--one); }
.key .run1 { background: var(--two); }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(27rem, 100%), 1fr));
  gap: 1rem; margin: .5rem 0 1.5rem; }
.wide { overflow-x: auto; background: var(--surface); border: 1px solid var(--line);
  border-radius: 12px; }
.wide:focus-visible, summary:focus-visible { outline: 3px solid var(--one); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .5rem .75rem; color: var(--soft); }
th, td { padding: .375rem .5rem; text-align: right; border-top: 1px solid var(--line); }
td, th[scope=row] { white-space: nowrap; }
th[scope=col] { vertical-align: bottom; }
th[scope=row], th[scope=col]:first-child { text-align: left; }
th[scope=row] { position: sticky; left: 0; background: var(--surface); font-weight: 600; }
summary { cursor: pointer; padding: .5rem 0; font-weight: 600; }
@media (max-width: 30rem) { dl { display: block; } dt { margin-top: .5rem; } }
@media print { .wide { overflow: visible; } }
"""
