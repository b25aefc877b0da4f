import type { Tone } from './outline-parts.ts';

/** Green is used for one result alone, and so is not even in the sheet of any other. */
const TONE_COLOURS: Readonly<Record<Tone, string>> = {
  passed: '--tone:#1a6b3c;--wash:#eef6f0;--good:#1a6b3c',
  open: '--tone:#8a5300;--wash:#fdf6e7;--good:#39424e',
  failed: '--tone:#a01c1c;--wash:#fbeeed;--good:#39424e',
};

/** The style sheet of a report; nothing in it is fetched. */
export const styleSheet = (tone: Tone): string => `:root{${TONE_COLOURS[tone]};${SHEET}`;

const SHEET = `--ink:#1b222b;--soft:#59636f;--line:#d9dee4;--paper:#fff;--ground:#eef0f2;--amber:#8a5300;--amber-wash:#fff7e3;--red:#a01c1c}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 "Tinos","Times New Roman",Times,"Liberation Serif",serif;overflow-wrap:break-word}
main{max-width:52rem;margin:2rem auto;padding:2.6rem 3rem 2.2rem;background:var(--paper);border:1px solid var(--line)}
.brand{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem;margin:0 0 1.5rem;padding-bottom:.65rem;border-bottom:1px solid var(--line);font:600 .72rem/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;letter-spacing:.07em;text-transform:uppercase;color:var(--soft)}
h1{margin:0 0 1.2rem;font-size:1.75rem;line-height:1.25;font-weight:700}
h2{margin:0;font-size:1.3rem;line-height:1.3}
h3{margin:1.5rem 0 .45rem;font-size:1.02rem;line-height:1.35}
p{margin:.4rem 0}
.en{color:var(--soft);font-style:italic}
h1 .en,h2 .en,h3 .en,.headline .en,.said>.en{display:block;font-weight:400}
h1 .en{font-size:1.15rem;margin-top:.15rem}
h2 .en,.headline .en{font-size:1rem}
h3 .en{display:inline;font-size:.95rem}
.verdict{display:grid;grid-template-columns:3.4rem 1fr;column-gap:1.15rem;margin:0 0 1.4rem;padding:1.25rem 1.4rem;background:var(--wash);border-left:.35rem solid var(--tone)}
.verdict svg{width:3.4rem;height:3.4rem;color:var(--tone)}
.headline{margin:.1rem 0 .35rem;font-size:1.5rem;line-height:1.25;font-weight:700;color:var(--tone)}
.code{font:600 .74rem/1.5 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;letter-spacing:.02em;color:var(--soft)}
.warning{margin:1rem 0;padding:.8rem 1.1rem;background:var(--amber-wash);border:1px solid #e3c27a;border-left:.35rem solid var(--amber)}
.warning strong{color:var(--amber)}
.warning ul{margin:.3rem 0 0;padding-left:1.15rem}
.warning .en{display:block}
section{margin:2.1rem 0 0;padding-top:1.3rem;border-top:2px solid var(--ink)}
section.plain{border-top:1px solid var(--line)}
.standing{margin:.3rem 0 .8rem;font-weight:700}
.standing .code{margin-left:.45rem;white-space:nowrap}
.standing.passed{color:var(--good)}.standing.open{color:var(--amber)}.standing.failed{color:var(--red)}
.standing .en{font-weight:400}
table{width:100%;border-collapse:collapse;font:.9rem/1.45 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
th,td{padding:.48rem .6rem .48rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
thead th{font-size:.74rem;font-weight:600;color:var(--soft);border-bottom-color:var(--soft)}
.fields th{width:33%;color:var(--soft)}
.fields .en,.fields td>.note{display:block}
.fields td{font-weight:500}
.note{font-weight:400;color:var(--soft);font-size:.84rem;margin-top:.1rem}
.mono{font-family:ui-monospace,"DejaVu Sans Mono",Consolas,monospace;font-size:.8rem;word-break:break-word}
.status{white-space:nowrap;font-weight:600}
.status.failed{color:var(--red)}.status.warning,.status.skipped,.unchecked{color:var(--amber);font-weight:600}
.checks td:first-child{width:34%}
.checks td .en{display:block}
.checks .clause{font-size:.8rem;color:var(--soft)}
ul.changes{margin:.3rem 0;padding-left:1.3rem}
.changes-failed{color:var(--red);font-weight:700}.changes-open{color:var(--amber);font-weight:700}
figure{margin:0}
.pictures{display:grid;grid-template-columns:1fr 1fr;gap:1rem;margin:.6rem 0}
.pictures img{display:block;width:100%;height:auto;border:1px solid var(--line);background:#fff}
figcaption{margin-top:.3rem;font:.8rem/1.4 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--soft)}
details{margin:.9rem 0 0;border:1px solid var(--line)}
summary{padding:.55rem .8rem;cursor:pointer;font:600 .88rem/1.4 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
summary:focus-visible{outline:3px solid #1d5fb8;outline-offset:1px}
summary .en{font-weight:400}
details>table{margin:0 .8rem .7rem;width:calc(100% - 1.6rem)}
footer{margin-top:2.2rem;padding-top:.9rem;border-top:1px solid var(--line);font-size:.84rem;color:var(--soft)}
@media (max-width:42rem){main{margin:0;padding:1.3rem 1.1rem;border:0}.pictures{grid-template-columns:1fr}.fields th{width:38%}h1{font-size:1.4rem}.verdict{grid-template-columns:2.4rem 1fr;padding:1rem;column-gap:.8rem}.verdict svg{width:2.4rem;height:2.4rem}}
@page{size:A4;margin:16mm 15mm 18mm}
@media print{html{font-size:10.5pt}body{background:none;font-size:11pt}main{max-width:none;margin:0;padding:0;border:0}.verdict,.warning,figure,tr{break-inside:avoid}h2,h3,.standing,summary{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}details::details-content{display:block;content-visibility:visible;block-size:auto}}`;
