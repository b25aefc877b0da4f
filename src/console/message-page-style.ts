/** Beside the rules of all pages. */
export const MESSAGE_STYLE = `.filters{display:grid;grid-template-columns:1fr 1fr 1.3fr auto;gap:0 .8rem;align-items:end}
.filters input,.filters select,.filters button{height:2.7rem}
.filters button{margin:.55rem 0}
article.decide{margin-bottom:.9rem;padding-top:.6rem}
article .head{font-size:1.05rem}
.choices{display:flex;flex-wrap:wrap;gap:.5rem}
.choices button{padding:.5rem .9rem;font-size:.95rem}
.bad{color:var(--red);font-weight:600}
.fine,.calm{color:var(--green)}
.delivery{padding:.2rem 0 .6rem;border-bottom:1px solid var(--line)}
.delivery details{margin-top:.2rem}
.timeline{margin:.5rem 0 0;padding:0 0 0 1.1rem;border-left:3px solid var(--line);list-style:none}
.timeline li{padding:.3rem 0}
.timeline li .note{display:block;font-weight:400;color:var(--soft)}
.timeline li.bad strong{color:var(--red)}
.timeline li.bad{color:inherit;font-weight:400}
@media (max-width:40rem){.filters{grid-template-columns:1fr}.choices button{width:100%}}
`;
