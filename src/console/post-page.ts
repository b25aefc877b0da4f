import { DESK_PAPERS, type PostDeskDifference, type PostDeskOrder, type PostDeskTask } from '../formats/api/post-desk.ts';
import { escapeHtml, framedPage, vietnamTime, type RenderedPage } from './page-frame.ts';
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

/** The page of the post desk. Forms and nothing else: no script runs, nothing is fetched from elsewhere. */
export function postPage({ language, desk, fault }: PostPageOptions): RenderedPage {
  const say = DESK_WORDS[language];
  const side = desk === null ? '' : form(language, 'logout', `<button class="plain">${say.signOut}</button>`);
  const alarm = fault === null ? '' : `<p class="fault" role="alert">${escapeHtml(fault)}</p>`;
  return framedPage({ language, title: say.title, lead: say.lead, side, body: `${alarm}\n${desk === null ? signIn(language, say) : work(language, say, desk)}` });
}

function form(language: DeskLanguage, action: string, inside: string): string {
  return `<form method="post" action="?lang=${language}"><input type="hidden" name="action" value="${action}">${inside}</form>`;
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
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

function orderPart(language: DeskLanguage, say: DeskWords, order: PostDeskOrder, now: string): string {
  const { dossierCode, leg, carrier, trackingNumber, state, stateReason, deadline, contents, events, orderNumber } = order;
  const facts: readonly (readonly [string, string])[] = [
    [say.dossier, escapeHtml(dossierCode)],
    [say.leg, say.legs[leg]],
    [say.state, `<strong>${stateOf(say, state)}</strong>${stateReason === null ? '' : `<span class="note">${escapeHtml(stateReason)}</span>`}`],
    [say.carrier, escapeHtml(carrier)],
    ...(trackingNumber === null ? [] : ([[say.tracking, escapeHtml(trackingNumber)]] as const)),
    ...(deadline === null ? [] : ([[say.deliverBy, `${vietnamTime(deadline.deliverBy)}<span class="note">${escapeHtml(deadline.legalBasis)}</span>`]] as const)),
  ];
  const papers = contents.map(({ title, kind, copies }, index) => `<tr><td>${index + 1}</td><td>${escapeHtml(title)}<span class="note">${escapeHtml(say.kinds[kind] ?? kind)}</span></td><td class="number">${copies}</td></tr>`);
  const way = events.map(({ occurredAt, status, carrierCode, carrierText }) => `<tr><td>${vietnamTime(occurredAt)}</td><td>${status === 'UNKNOWN' ? '' : stateOf(say, status)}</td><td>${escapeHtml(carrierText)}<span class="note">${escapeHtml(carrierCode)}</span></td></tr>`);
  return `<section><h2>${escapeHtml(orderNumber)}</h2>
<table class="facts"><tbody>${facts.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>
${printButtons(language, say, orderNumber)}
${decideForm(language, say, order)}
<h3>${say.papers}</h3><table><tbody>${papers.join('')}</tbody><tfoot><tr><td></td><td>${say.copies}</td><td class="number">${contents.reduce((sum, { copies }) => sum + copies, 0)}</td></tr></tfoot></table>
${handOverForm(language, say, order, now)}
<h3>${say.events}</h3>${way.length === 0 ? `<p>${say.noEvents}</p>` : `<table><tbody>${way.join('')}</tbody></table>`}</section>`;
}

function handOverForm(language: DeskLanguage, say: DeskWords, order: PostDeskOrder, now: string): string {
  if (order.handOvers.length === 0) return '';
  const entries = order.handOvers.map((entry) => `<option value="${entry}">${say.entries[entry]}</option>`).join('');
  const time = (id: string): string => `<p><label for="${id}">${say.when}</label><input id="${id}" name="occurredAt" type="datetime-local" step="1" value="${now}" required></p>`;
  const handOver = `${hidden(order)}<p><label for="entry">${say.entry}</label><select id="entry" name="entry">${entries}</select></p>
<p><label for="minutes">${say.minutes}</label><input id="minutes" name="minutesNumber" maxlength="60" required></p>
<p><label for="counted">${say.counted}</label><input id="counted" name="counted" type="number" min="0" max="9999" required></p>
<p class="check"><input id="complete" name="complete" type="checkbox"><label for="complete">${say.complete}</label></p>
<p><label for="discrepancy">${say.discrepancy}</label><input id="discrepancy" name="discrepancy" maxlength="500"></p>
${time('when')}<button>${say.confirm}</button>`;
  const attempt = `${hidden(order)}<p><label for="reason">${say.reason}</label><select id="reason" name="reason">${options(say.reasons)}</select></p>
<p><label for="measure">${say.measure}</label><select id="measure" name="measure">${options(say.measures)}</select></p>
${time('attempted')}<button class="second">${say.record}</button>`;
  return `<h3>${say.handOver}</h3>${form(language, 'hand-over', handOver)}<details><summary>${say.attempt}</summary>${form(language, 'attempt', attempt)}</details>`;
}

/** A new window each: the desk stays where it is while the papers are printed. */
function printButtons(language: DeskLanguage, say: DeskWords, orderNumber: string): string {
  const button = (paper: 'label-pdf' | 'slip'): string => `<button class="second" name="paper" value="${paper}">${say.papersToPrint[paper]}</button>`;
  return printing(language, `<input type="hidden" name="numbers" value="${escapeHtml(orderNumber)}"><p class="row">${button('label-pdf')}${button('slip')}</p>`);
}

function printForm(language: DeskLanguage, say: DeskWords): string {
  const papers = DESK_PAPERS.map((paper) => `<option value="${paper}">${say.papersToPrint[paper]}</option>`).join('');
  const inside = `<p><label for="numbers">${say.printNumbers}</label><textarea id="numbers" name="numbers" rows="4" maxlength="15000" required></textarea></p>
<p><label for="paper">${say.printPaper}</label><select id="paper" name="paper">${papers}</select></p><button>${say.print}</button>`;
  return `<section><details><summary>${say.printMany}</summary>${printing(language, inside)}</details></section>`;
}

function printing(language: DeskLanguage, inside: string): string {
  return form(language, 'print', inside).replace('<form ', '<form class="print" target="_blank" ');
}

function decideForm(language: DeskLanguage, say: DeskWords, order: PostDeskOrder): string {
  if (order.decisions.length === 0) return '';
  const choices = order.decisions.map((decision) => `<p class="check"><input id="${decision}" name="decision" type="radio" value="${decision}" required><label for="${decision}">${say.decisions[decision]}</label></p>`).join('');
  const inside = `${hidden(order)}<p class="note">${say.decideNote}</p>${choices}<p><label for="note">${say.note}</label><input id="note" name="note" maxlength="500" required></p><button>${say.record}</button>`;
  return `<h3>${say.decide}</h3><div class="decide">${form(language, 'decide', inside)}</div>`;
}

function hidden({ id, orderNumber }: PostDeskOrder): string {
  return `<input type="hidden" name="id" value="${escapeHtml(id)}"><input type="hidden" name="number" value="${escapeHtml(orderNumber)}">`;
}

function options(words: Readonly<Record<string, string>>): string {
  return Object.entries(words).map(([value, text]) => `<option value="${escapeHtml(value)}">${escapeHtml(text)}</option>`).join('');
}

/** In words where there are some; the code always, for talking with those who see only it. */
function stateOf(say: DeskWords, state: string): string {
  const words = say.states[state];
  return words === undefined ? escapeHtml(state) : `${escapeHtml(words)} <span class="code">${escapeHtml(state)}</span>`;
}
