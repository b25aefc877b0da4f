/** Style of the page around the form; the same calm as the report. */
export const VERIFY_STYLE = `:root{--ink:#1b222b;--soft:#59636f;--line:#d9dee4;--ground:#eef0f2;--accent:#1d4f8f;--red:#a01c1c}
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 "Tinos","Times New Roman",Times,"Liberation Serif",serif}
main{max-width:52rem;margin:2rem auto 0;padding:2.6rem 3rem 2.2rem;background:#fff;border:1px solid var(--line)}
.brand{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem;margin:0 0 1.5rem;padding-bottom:.65rem;border-bottom:1px solid var(--line);font:600 .78rem/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--soft)}
.brand span{letter-spacing:.07em;text-transform:uppercase}
a{color:var(--accent)}
h1{margin:0 0 .5rem;font-size:1.75rem;line-height:1.25}
.lead{margin:0 0 1.5rem;color:var(--soft);font-size:1.06rem}
.drop{display:block;padding:2.2rem 1.5rem;border:2px dashed #9aa7b5;background:#f7f9fb;text-align:center;cursor:pointer}
.drop:hover,.drop.over{border-color:var(--accent);background:#eef4fb}
.drop:focus-within{outline:3px solid var(--accent);outline-offset:2px}
.drop-title{display:block;font-size:1.2rem;font-weight:700}
.drop-note{display:block;margin:.25rem 0 1.1rem;color:var(--soft);font-size:.95rem}
input[type=file]{max-width:100%;font:.9rem/1.4 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.password{display:grid;grid-template-columns:auto minmax(8rem,16rem);gap:.15rem .8rem;align-items:baseline;justify-content:start;margin:1.1rem 0 0}
.password span{grid-column:1/-1;color:var(--soft);font-size:.92rem}
.password input{padding:.35rem .5rem;border:1px solid #9aa7b5;font:inherit}
.password input:focus-visible{outline:3px solid var(--accent);outline-offset:1px}
button{margin-top:1rem;padding:.6rem 1.5rem;border:0;background:var(--accent);color:#fff;font:600 1rem/1.4 system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;cursor:pointer}
button:hover{background:#163d70}
button:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
button:disabled{background:#8a95a1;cursor:progress}
details{margin-top:1.4rem}
summary{cursor:pointer;font-size:1.02rem}
details p label{display:block;font-weight:700}
#state{margin-top:1.4rem}
#state p{margin:0 0 .35rem}
progress{width:100%;height:.7rem;accent-color:var(--accent)}
.fault{margin-top:1.4rem;padding:.8rem 1.1rem;border-left:.35rem solid var(--red);background:#fbeeed}
.privacy{margin:1.6rem 0 0;color:var(--soft);font-size:.92rem}
#result{max-width:56rem;margin:0 auto}
.result-bar{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.6rem;max-width:52rem;margin:1rem auto 0}
.result-bar button{margin:0}
iframe{display:block;width:100%;min-height:40rem;border:0}
@media (max-width:42rem){main{margin:0;padding:1.3rem 1.1rem;border:0}h1{font-size:1.4rem}.result-bar{padding:0 1.1rem}}`;
