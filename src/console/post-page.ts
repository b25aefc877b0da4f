import { DESK_PAPERS, type PostDeskDifference, type PostDeskOrder, type PostDeskTask } from '../formats/api/post-desk.ts';
import { escapeHtml, framedPage, vietnamTime, type RenderedPage } from './page-frame.ts';
import { form, printing, stateOf } from './post-forms.ts';
import { orderPart } from './post-order-part.ts';
import { DESK_WORDS, type DeskLanguage, type DeskWords } from './post-page-words.ts';

export interface PostPageOptions {
  readonly language: DeskLanguage;
  /** Null: nobody has signed in. */
  readonly desk: PostDesk | null;
  /** What went wrong with the last form, as a sentence. */
  readonly fault: string | null;
}

export interface PostDesk {
  readonly tasks: readonly PostDeskTask[];
  readonly differences: readonly PostDeskDifference[];
  /** What was looked for; null: nothing yet. */
  readonly number: string | null;
  readonly order: PostDeskOrder | null;
  readonly done: keyof DeskWords['done'] | null;
  /** Time in Vietnam for the forms, `yyyy-MM-ddTHH:mm`. */
  readonly now: string;
}

const STYLE = 'section form>button{margin-top:1rem}fieldset{margin:.7rem 0;padding:.4rem 1rem 1rem;border:1px solid var(--line)}legend{padding:0 .4rem;font-weight:600}@media (max-width:40rem){.stack tr{display:block;padding:.45rem 0;border-bottom:1px solid var(--line)}.stack td{display:block;padding:0;border:0;overflow-wrap:anywhere}.facts th{width:8rem}}';

/** The page of the post desk. Forms and nothing else: no script runs, nothing is fetched from elsewhere. */
export function postPage({ language, desk, fault }: PostPageOptions): RenderedPage {
  const say = DESK_WORDS[language];
  const side = desk === null ? '' : form(language, 'logout', `<button class="plain">${say.signOut}</button>`);
  const alarm = fault === null ? '' : `<p class="fault" role="alert">${escapeHtml(fault)}</p>`;
  return framedPage({ language, title: say.title, lead: say.lead, side, style: STYLE, body: `${alarm}\n${desk === null ? signIn(language, say) : work(language, say, desk)}` });
}

function signIn(language: DeskLanguage, say: DeskWords): string {
  return form(language, 'login', `<p><label for="key">${say.key}</label><input id="key" name="key" type="password" autocomplete="off" required autofocus></p><p class="note">${say.keyNote}</p><button>${say.signIn}</button>`);
}

function work(language: DeskLanguage, say: DeskWords, { tasks, differences, number, order, done, now }: PostDesk): string {
  const found = order !== null ? orderPart(language, say, order, now) : number === null ? '' : `<p class="fault" role="alert">${say.notFound}</p>`;
  return `<form class="scan" method="get"><input type="hidden" name="lang" value="${language}"><label for="number">${say.scan}</label>
<span class="row"><input id="number" name="number" value="${escapeHtml(number ?? '')}" autocomplete="off" maxlength="100" required${order === null ? ' autofocus' : ''}><button>${say.find}</button></span></form>
${done === null ? '' : `<p class="done" role="status">${say.done[done]}</p>`}
${found}
${printForm(language, say)}
<section><h2>${say.tasks}</h2>${tasks.length === 0 ? `<p>${say.noTasks}</p>` : tasksTable(language, say, tasks)}</section>${differences.length === 0 ? '' : differencesPart(language, say, differences)}`;
}

function differencesPart(language: DeskLanguage, say: DeskWords, differences: readonly PostDeskDifference[]): string {
  const parts = differences.map(({ id, kind, orderNumber, carrier, day, fact }) => {
    const close = form(language, 'close-task', `<input type="hidden" name="task" value="${id}"><p class="row"><input name="note" maxlength="500" required aria-label="${say.closeNote}" placeholder="${say.closeNote}"><button class="second">${say.closeTask}</button></p>`);
    return `<div class="decide difference"><p><strong>${say.differences[kind]}</strong> <a href="?lang=${language}&amp;number=${encodeURIComponent(orderNumber)}">${escapeHtml(orderNumber)}</a><span class="note"> ${escapeHtml([carrier, day, fact].join(' · '))}</span></p>${close}</div>`;
  });
  return `<section><h2>${say.differencesTitle}</h2>${parts.join('')}</section>`;
}

function tasksTable(language: DeskLanguage, say: DeskWords, tasks: readonly PostDeskTask[]): string {
  const rows = tasks.map(
    ({ orderNumber, carrier, state, stateReason, since }) =>
      `<tr><td><a href="?lang=${language}&amp;number=${encodeURIComponent(orderNumber)}">${escapeHtml(orderNumber)}</a></td><td>${escapeHtml(carrier)}</td><td>${stateOf(say, state)}<span class="note">${escapeHtml(stateReason ?? '')}</span></td><td>${vietnamTime(since)}</td></tr>`,
  );
  return `<table class="stack"><tbody>${rows.join('')}</tbody></table>`;
}

function printForm(language: DeskLanguage, say: DeskWords): string {
  const papers = DESK_PAPERS.map((paper) => `<option value="${paper}">${say.papersToPrint[paper]}</option>`).join('');
  const inside = `<p><label for="numbers">${say.printNumbers}</label><textarea id="numbers" name="numbers" rows="4" maxlength="15000" required></textarea></p>
<p><label for="paper">${say.printPaper}</label><select id="paper" name="paper">${papers}</select></p><button>${say.print}</button>`;
  return `<section><details><summary>${say.printMany}</summary>${printing(language, inside)}</details></section>`;
}
