/** The same calm as the page for checking files; large fields, one column, nothing that needs a script. */
export const PAGE_STYLE = `:root{--ink:#1b222b;--soft:#59636f;--line:#d9dee4;--ground:#eef0f2;--accent:#1d4f8f;--red:#a01c1c;--green:#1a6b3c;--amber:#8a5300}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
main{max-width:52rem;margin:2rem auto;padding:2.2rem 3rem;background:#fff;border:1px solid var(--line)}
.brand{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.2rem 1rem;margin:0 0 1.3rem;padding-bottom:.6rem;border-bottom:1px solid var(--line);font-weight:600;font-size:.8rem;color:var(--soft)}
.brand>span:first-child{letter-spacing:.07em;text-transform:uppercase}
.side{display:flex;align-items:center;gap:1rem}
a{color:var(--accent)}
h1{margin:0 0 .3rem;font-size:1.6rem;line-height:1.25}
h2{margin:0 0 .6rem;font-size:1.2rem}
h3{margin:1.5rem 0 .5rem;font-size:1rem}
.lead,.note{color:var(--soft)}
.lead{margin:0 0 1.4rem}
.note{font-size:.85rem;font-weight:400}
td .note{display:block}
p{margin:.55rem 0}
label{display:block;margin-bottom:.15rem;font-size:.9rem;font-weight:600}
input,select,textarea{width:100%;padding:.55rem .65rem;border:1px solid #9aa7b5;background:#fff;color:inherit;font:inherit}
input:focus-visible,select:focus-visible,textarea:focus-visible,button:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--accent);outline-offset:1px}
.check{display:flex;gap:.6rem;align-items:center}
.check input{width:1.2rem;height:1.2rem;flex:none}
.check label{margin:0;font-weight:400;font-size:1rem}
.row{display:flex;gap:.6rem}
.scan input{font-size:1.15rem}
button{padding:.6rem 1.4rem;border:1px solid var(--accent);background:var(--accent);color:#fff;font-family:inherit;font-size:1rem;font-weight:600;cursor:pointer}
button:hover{background:#163d70}
button.second{background:#fff;color:var(--accent)}
button.plain{padding:0;border:0;background:none;color:var(--accent);font:inherit;text-decoration:underline}
.side form{margin:0}
.fault{padding:.7rem 1rem;border-left:.35rem solid var(--red);background:#fbeeed;color:var(--red);font-weight:600}
.done{padding:.7rem 1rem;border-left:.35rem solid var(--green);background:#eef6f0;color:var(--green);font-weight:600}
.decide{padding:.3rem 1rem 1rem;border:1px solid #e3c27a;border-left:.35rem solid var(--amber);background:#fff7e3}
.difference{margin-bottom:.8rem}
section{margin-top:1.8rem;padding-top:1.2rem;border-top:2px solid var(--ink)}
table{width:100%;border-collapse:collapse;font-size:.95rem}
th,td{padding:.45rem .6rem .45rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;font-weight:400}
.facts th{width:11rem;color:var(--soft)}
.number{text-align:right;font-variant-numeric:tabular-nums}
tfoot td{font-weight:600}
.code{color:var(--soft);font:600 .74rem/1.5 ui-monospace,"DejaVu Sans Mono",Consolas,monospace}
.time{white-space:nowrap;font-variant-numeric:tabular-nums}
details{margin-top:1rem}
summary{cursor:pointer;font-weight:600}
@media (max-width:40rem){main{margin:0;padding:1.2rem}}
`;
