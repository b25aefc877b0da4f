import type { DeskDelivery, DeskDossier, DeskRecipient, MessageDeskQuery, MessageDeskView, StuckDelivery } from '../formats/api/message-desk.ts';
import { DOSSIER_WORDS } from './dossier-words.ts';
import { MESSAGE_STYLE } from './message-page-style.ts';
import { MESSAGE_WORDS, type MessageWords } from './message-page-words.ts';
import { escapeHtml, framedPage, vietnamTime, type RenderedPage } from './page-frame.ts';

export interface MessagePageOptions {
  readonly query: MessageDeskQuery;
  /** Null: nobody has signed in. */
  readonly view: MessageDeskView | null;
  /** What went wrong with the last form, as a sentence. */
  readonly fault: string | null;
}

/** The page of the message desk. Forms and nothing else: no script runs, nothing is fetched from elsewhere. */
export function messagePage({ query, view, fault }: MessagePageOptions): RenderedPage {
  const { lang } = query;
  const say = MESSAGE_WORDS[lang];
  const alarm = fault === null ? '' : `<p class="fault" role="alert">${escapeHtml(fault)}</p>`;
  const done = query.done === undefined || fault !== null ? '' : `<p class="done" role="status">${say.done[query.done]}</p>`;
  const side = view === null ? '' : form(query, 'logout', `<button class="plain">${say.signOut}</button>`);
  const body = `${alarm}${done}\n${view === null ? signIn(query, say) : desk(query, say, view)}`;
  const same = new URLSearchParams(chosenIn(query)).toString();
  return framedPage({ language: lang, title: say.title, lead: say.lead, side, body, query: same === '' ? '' : `&${same}`, style: MESSAGE_STYLE });
}

/** What of the address stays from page to page. */
function chosenIn({ partner, reason, dossier, since }: MessageDeskQuery): [string, string][] {
  return Object.entries({ partner, reason, dossier, since }).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

function addressOf(query: MessageDeskQuery, change: Readonly<Record<string, string>> = {}): string {
  return escapeHtml(`?${new URLSearchParams({ lang: query.lang, ...Object.fromEntries(chosenIn(query)), ...change }).toString()}`);
}

function form(query: MessageDeskQuery, action: string, inside: string): string {
  return `<form method="post" action="${addressOf(query)}"><input type="hidden" name="action" value="${action}">${inside}</form>`;
}

function signIn(query: MessageDeskQuery, say: MessageWords): string {
  return form(query, 'login', `<p><label for="key">${say.key}</label><input id="key" name="key" type="password" autocomplete="off" required autofocus></p><p class="note">${say.keyNote}</p><button>${say.signIn}</button>`);
}

function desk(query: MessageDeskQuery, say: MessageWords, view: MessageDeskView): string {
  const sought = view.dossier !== null ? dossierPart(query, say, view.dossier) : query.dossier === undefined ? '' : `<p class="fault" role="alert">${say.notFound}</p>`;
  return `${filters(query, say, view)}
${sought}
<section><h2>${say.stuck}</h2>${view.stuck.length === 0 ? `<p class="calm">${say.noneStuck}</p>` : view.stuck.map((one) => stuckPart(query, say, one)).join('')}
${view.nextSince === null ? '' : `<p><a href="${addressOf(query, { since: view.nextSince })}">${say.next} →</a></p>`}</section>
<section><h2>${say.recipients}</h2>${view.recipients.length === 0 ? `<p class="calm">${say.noneOpen}</p>` : `<table><tbody>${view.recipients.map((one) => recipientRow(query, say, one)).join('')}</tbody></table>`}</section>`;
}

function filters(query: MessageDeskQuery, say: MessageWords, { partners }: MessageDeskView): string {
  const option = (value: string, words: string, chosen: string | undefined): string => `<option value="${escapeHtml(value)}"${value === (chosen ?? '') ? ' selected' : ''}>${escapeHtml(words)}</option>`;
  const reasons = Object.entries(say.reasons).filter(([name]) => name !== 'unknown');
  return `<form class="filters" method="get"><input type="hidden" name="lang" value="${query.lang}">
<p><label for="partner">${say.partner}</label><select id="partner" name="partner">${option('', say.all, query.partner)}${partners.map((id) => option(id, id, query.partner)).join('')}</select></p>
<p><label for="reason">${say.reason}</label><select id="reason" name="reason">${option('', say.all, query.reason)}${reasons.map(([name, words]) => option(name, words, query.reason)).join('')}</select></p>
<p><label for="dossier">${say.dossier}</label><input id="dossier" name="dossier" value="${escapeHtml(query.dossier ?? '')}" autocomplete="off" maxlength="64" placeholder="H57.12.03-261124-0001"></p>
<button>${say.show}</button></form>`;
}

function stuckPart(query: MessageDeskQuery, say: MessageWords, { deliveryId, kind, recipient, dossierCode, reason, error, attempts, since }: StuckDelivery): string {
  const facts = `${say.since} ${vietnamTime(since)} · ${say.attempts(attempts)}`;
  const act = kind === 'postal' ? `<p><a href="/console/post?lang=${query.lang}">${say.atPostDesk}</a></p>` : decideForm(query, say, deliveryId, ['replay', 'take-in', 'skip', 'cancel']);
  return `<article class="decide"><p class="head"><a href="${addressOf(query, { dossier: dossierCode })}">${escapeHtml(dossierCode)}</a> → <strong>${escapeHtml(recipient)}</strong></p>
<p><strong>${say.reasons[reason]}</strong> <span class="note">${facts}</span></p>
${problemLine(query, error)}
<p class="note">${say.whatToDo[reason]}</p>${act}</article>`;
}

/** What comes with a code is English; where the page is not, its meaning goes before. */
function problemLine({ lang }: MessageDeskQuery, error: StuckDelivery['error']): string {
  if (error === null) return '';
  const meaning = DOSSIER_WORDS[lang].problems[error.code];
  const said = `<span lang="en">${escapeHtml(error.detail)}</span> <span class="code">${escapeHtml(error.code)}</span>`;
  return meaning === undefined ? `<p>${said}</p>` : `<p>${meaning} <span class="note">${said}</span></p>`;
}

function decideForm(query: MessageDeskQuery, say: MessageWords, deliveryId: string, decisions: DeskDelivery['decisions']): string {
  const [first, ...others] = decisions;
  if (first === undefined) return '';
  const button = (decision: typeof first, kind: string): string => `<button name="decision" value="${decision}"${kind}>${say.decisions[decision]}</button>`;
  const inside = `<input type="hidden" name="delivery" value="${escapeHtml(deliveryId)}"><p><input name="note" maxlength="500" required aria-label="${say.note}" placeholder="${say.note}"></p>
<p class="choices">${button(first, first === 'replay' ? '' : ' class="second"')}${others.map((decision) => button(decision, ' class="second"')).join('')}</p>`;
  return form(query, 'decide', inside);
}

function recipientRow(query: MessageDeskQuery, say: MessageWords, { recipient, open, oldestAt, circuit }: DeskRecipient): string {
  const mark = circuit === 'closed' ? 'fine' : 'bad';
  return `<tr><th scope="row"><a href="${addressOf({ lang: query.lang }, { partner: recipient })}">${escapeHtml(recipient)}</a></th><td><span class="${mark}">${say.circuits[circuit]}</span></td><td class="number">${open} ${say.open}<span class="note">${say.oldest} ${vietnamTime(oldestAt)}</span></td></tr>`;
}

function dossierPart(query: MessageDeskQuery, say: MessageWords, { code, state, owner, deliveries, events }: DeskDossier): string {
  const words = DOSSIER_WORDS[query.lang];
  const lines = events.map(
    ({ at, kind, actor, facts }) =>
      `<li class="${kind === 'message.parked' ? 'bad' : ''}">${vietnamTime(at)} <strong>${escapeHtml(say.events[kind] ?? kind)}</strong>${actor === null ? '' : ` · ${escapeHtml(actor)}`}<span class="note">${facts.map((fact) => factWords(query, say, fact)).join(' · ')}</span></li>`,
  );
  return `<section><h2>${escapeHtml(code)}</h2><p class="note">${say.owner} ${escapeHtml(owner)} · <strong>${escapeHtml(words.dossierStates[state] ?? state)}</strong></p>
<h3>${say.deliveries}</h3>${deliveries.map((delivery) => deliveryPart(query, say, delivery)).join('')}
<h3>${say.timeline}</h3><ol class="timeline">${lines.join('')}</ol></section>`;
}

function factWords({ lang }: MessageDeskQuery, say: MessageWords, [name, value]: readonly [string, string]): string {
  const { facts, messages, dossierStates } = DOSSIER_WORDS[lang];
  const told: Readonly<Record<string, Readonly<Record<string, string>>>> = { type: messages, reason: say.reasons, from: say.states, state: dossierStates };
  return `${escapeHtml(facts[name] ?? name)}: ${escapeHtml(told[name]?.[value] ?? value)}`;
}

function deliveryPart(query: MessageDeskQuery, say: MessageWords, { deliveryId, messageType, recipient, state, attempts, nextAttemptAt, isBehind, problem, decisions }: DeskDelivery): string {
  const next = isBehind ? ` · ${say.behind}` : nextAttemptAt === null ? '' : ` · ${say.nextAttempt} ${vietnamTime(nextAttemptAt)}`;
  const mark = state === 'parked' ? 'bad' : state === 'delivered' ? 'fine' : '';
  const act = decisions.length === 0 ? '' : `<details><summary>${say.decide}</summary>${decideForm(query, say, deliveryId, decisions)}</details>`;
  return `<div class="delivery"><p><span title="${escapeHtml(messageType)}">${escapeHtml(DOSSIER_WORDS[query.lang].messages[messageType] ?? messageType)}</span> → <strong>${escapeHtml(recipient)}</strong> <span class="${mark}">${say.states[state] ?? escapeHtml(state)}</span> <span class="note">${say.attempts(attempts)}${next}</span></p>
${problemLine(query, problem)}${act}</div>`;
}
