/** @file The report's style: light, dark and print; from a phone's width to a desk's. */

export const reportStyle = `
:root { color-scheme: light dark; --paper: #fff; --sheet: #f6f7f9; --ink: #16191d; --muted: #59616b; --rule: #e1e5ea; --faint: #c3ccd6; --accent: #0b62c4; --second: #b4470b; --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --paper: #111418; --sheet: #191e24; --ink: #e8ebef; --muted: #a0aab5; --rule: #2b323a; --faint: #46515d; --accent: #6cb2ff; --second: #ff9a5c; --good: #56c271; --bad: #ff8272; } }
@media print { :root { color-scheme: light; --paper: #fff; --sheet: #f6f7f9; --ink: #16191d; --muted: #59616b; --rule: #d5dae0; --faint: #c3ccd6; --accent: #0b62c4; --second: #b4470b; --good: #1a7f37; --bad: #b42318; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 32px 64px; }
header { border-bottom: 1px solid var(--rule); padding-bottom: 28px; }
.kicker { margin: 0; color: var(--muted); font-size: 14px; }
h1 { font-size: 32px; line-height: 1.2; letter-spacing: -0.015em; margin: 4px 0 14px; }
h2 { font-size: 21px; letter-spacing: -0.01em; margin: 48px 0 8px; }
h3 { font-size: 15px; margin: 24px 0 8px; color: var(--muted); font-weight: 600; }
p { margin: 0 0 12px; max-width: 76ch; }
.lead { font-size: 18px; max-width: 70ch; margin: 0; }
section > p, .scatter p { color: var(--muted); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin: 28px 0 0; padding: 0; list-style: none; }
.tiles li { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; }
.tiles .name { color: var(--muted); font-size: 14px; }
.tiles .value { font-size: 30px; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tiles .value small { font-size: 16px; font-weight: 500; letter-spacing: 0; }
.tiles .beside { color: var(--muted); font-size: 14px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 14px; padding: 0 0 8px; }
th, td { text-align: left; padding: 8px 16px 8px 0; border-bottom: 1px solid var(--rule); vertical-align: middle; }
thead th { color: var(--muted); font-size: 13px; font-weight: 600; border-bottom-color: var(--faint); }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.ratio { min-width: 210px; white-space: nowrap; }
th small { display: block; color: var(--muted); font-size: 13px; font-weight: 400; }
.results { max-width: 860px; }
.bar { display: inline-block; position: relative; width: 110px; height: 8px; border-radius: 4px; background: var(--rule); margin-right: 10px; overflow: hidden; }
.bar i { position: absolute; inset: 0 auto 0 0; border-radius: 4px; background: var(--good); }
.worse .bar i { background: var(--bad); }
.note { color: var(--muted); font-size: 14px; margin-top: 12px; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 12px 28px; }
figure { margin: 0; }
.curve { min-width: 0; }
.curve figcaption { font-size: 14px; font-weight: 600; margin: 12px 0 4px; }
.curve > div { min-height: 290px; }
.curves > .curve:first-child:nth-last-child(odd) { grid-column: 1 / -1; }
.uplot, .u-legend { font-family: inherit !important; color: var(--muted); }
.u-legend { font-size: 13px; text-align: left !important; }
.u-legend th, .u-legend td { border: 0; padding: 0 4px; }
.u-legend .u-label { color: var(--ink); font-weight: 500; }
.u-inline.u-live th::after { content: none; }
.u-inline tr { margin-right: 6px; }
.u-legend tr:first-child .u-marker { display: none; }
.u-legend .u-value { min-width: 2.5em; display: inline-block; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 0; padding: 0; font-size: 14px; }
.legend li { display: flex; align-items: center; gap: 8px; }
.swatch { width: 14px; height: 14px; border-radius: 3px; box-shadow: 0 0 0 1px rgb(0 0 0 / 25%); }
.stroke { width: 28px; height: 4px; }
.toggle { display: inline-flex; align-items: center; gap: 8px; font-size: 14px; margin-top: 8px; cursor: pointer; }
.toggle input { width: 16px; height: 16px; accent-color: var(--accent); }
.stacks.short { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 480px), 1fr)); gap: 0 32px; }
.slices { display: grid; grid-template-columns: repeat(auto-fill, minmax(158px, 1fr)); gap: 18px 14px; }
.short .slices { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.slice svg { display: block; width: 100%; aspect-ratio: 1; border-radius: 6px; background: #000; overflow: hidden; }
.slice image { image-rendering: auto; }
line { vector-effect: non-scaling-stroke; stroke-width: 1.75; }
.slice line { filter: drop-shadow(0 0 0.6px rgb(0 0 0 / 80%)); }
.truth { stroke-dasharray: 5 4; }
.heat { display: none; }
.gallery:has(#heatmaps:checked) .heat { display: inline; }
.gallery:has(#heatmaps:checked) .slice .predicted { display: none; }
.slice figcaption { font-size: 13px; line-height: 1.45; padding-top: 6px; color: var(--muted); }
.slice figcaption strong { color: var(--ink); font-weight: 600; }
.slice figcaption p { margin: 0; display: flex; align-items: center; gap: 6px; }
.slice .swatch { width: 9px; height: 9px; border-radius: 2px; }
.track { position: relative; height: 3px; border-radius: 2px; background: var(--faint); margin: 9px 6px 7px; }
.track b, .track i { position: absolute; top: 50%; border-radius: 50%; transform: translate(-50%, -50%); }
.track b, .dot { width: 9px; height: 9px; background: var(--accent); }
.track i, .ring { width: 13px; height: 13px; border: 1.5px solid var(--ink); }
.dot, .ring { border-radius: 50%; }
.scatter { display: grid; grid-template-columns: minmax(0, 460px) minmax(220px, 1fr); gap: 32px; align-items: center; }
.scatter svg { width: 100%; display: block; }
.scatter text { font-size: 3.6px; fill: var(--muted); }
.grid path { stroke: var(--rule); stroke-width: 0.3; fill: none; }
.identity { stroke: var(--muted); stroke-width: 0.5; stroke-dasharray: 2 1.6; fill: none; }
.dots { fill: var(--accent); fill-opacity: 0.55; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 0 48px; align-items: start; }
.columns > :only-child { grid-column: 1 / -1; }
.columns th, .columns td { overflow-wrap: anywhere; }
details { margin-top: 16px; }
summary { cursor: pointer; font-size: 15px; color: var(--accent); }
summary + * { margin-top: 8px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 640px) {
  main { padding: 24px 16px 40px; }
  h1 { font-size: 26px; }
  .lead { font-size: 16px; }
  h2 { margin-top: 36px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tiles li { padding: 10px 12px; }
  .tiles .value { font-size: 24px; }
  .slices, .short .slices { grid-template-columns: 1fr 1fr; gap: 14px 10px; }
  .scatter { grid-template-columns: 1fr; gap: 8px; }
  th, td { padding-right: 12px; }
  table { font-size: 14px; }
  td.ratio { min-width: 0; padding-right: 0; }
  .bar { display: none; }
  .columns > div + div { margin-top: 20px; }
  .u-legend .u-value { min-width: 0; }
}
@page { margin: 15mm; }
@media print {
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .toggle, noscript, details:not([open]), .u-legend .u-value, .u-legend tr:first-child, .u-over, .u-under, .u-axis { display: none; }
  figure, svg, img, p, .tiles, .legend, .planned-study, tr { break-inside: avoid; }
  h1, h2, h3, summary, caption, thead, section > p, section > .legend { break-after: avoid; }
  h2 { margin-top: 28px; }
  .scroll { overflow: visible; }
  .curves { grid-template-columns: 1fr 1fr; }
  .curve > div { min-height: 0; }
  .uplot, .u-wrap { width: 100% !important; height: auto !important; }
  .u-wrap canvas { width: 100% !important; height: auto !important; }
  .slices, .short .slices { grid-template-columns: repeat(4, minmax(0, 1fr)); }
  .stacks.short { display: block; }
  .spread:not(.forest) { max-width: 85mm; }
  .scatter { grid-template-columns: 95mm 1fr; }
  a { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
