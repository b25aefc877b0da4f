/** A page for reading beside an editor: wider than the desks, and dense. */
export const DOCS_STYLE = `main{max-width:72rem}
.intro{margin-top:0;border-top:0;padding-top:0}
code,pre{font:.86rem/1.5 ui-monospace,"DejaVu Sans Mono",Consolas,monospace}
pre{margin:.3rem 0 0;padding:.8rem 1rem;overflow-x:auto;background:#1b222b;color:#e8edf2}
nav{columns:2;column-gap:2.5rem;margin-top:1.5rem;font-size:.9rem}
nav div{break-inside:avoid}
nav h3{margin:.8rem 0 .2rem}
nav ul{margin:0;padding:0;list-style:none}
nav a{text-decoration:none}
article{margin:1.4rem 0 2.2rem;padding-left:1rem;border-left:3px solid var(--line);scroll-margin-top:1rem}
article:target{border-left-color:var(--accent)}
article h3{margin:0 0 .3rem}
article h3 code{font-size:1rem;font-weight:600}
article.schema{margin:1.2rem 0}
h4{margin:1rem 0 .2rem;font-size:.85rem;color:var(--soft)}
th{width:13rem}
td th{width:8rem}
table+table{margin-top:.9rem}
th,td{overflow-wrap:anywhere}
td .words{display:block}
.method{display:inline-block;min-width:4rem;color:var(--green);font:700 .72rem/1.5 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;text-transform:uppercase}
.method.post,.method.patch,.method.put{color:var(--accent)}
.method.delete{color:var(--red)}
@media (max-width:48rem){nav{columns:1}th{width:8.5rem}article{padding-left:.6rem}}
@media print{nav{display:none}main{border:0}}
`;
