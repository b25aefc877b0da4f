import type { PostDeskOrder } from '../formats/api/post-desk.ts';
import { escapeHtml, vietnamTime } from './page-frame.ts';
import { form, hidden, input, printing, select, stateOf, timeInput } from './post-forms.ts';
import type { DeskLanguage, DeskWords } from './post-page-words.ts';

/** One order at the desk: what is known of it, and the forms for what a clerk can do about it. */
export function orderPart(language: DeskLanguage, say: DeskWords, order: PostDeskOrder, now: string): string {
  const { contents, events, orderNumber } = order;
  const papers = contents.map(({ title, kind, copies }, index) => `<tr><td>${index + 1}</td><td>${escapeHtml(title)}<span class="note">${escapeHtml(say.kinds[kind] ?? kind)}</span></td><td class="number">${copies}</td></tr>`);
  return `<section><h2>${escapeHtml(orderNumber)}</h2>
<table class="facts"><tbody>${factsOf(say, order).map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>
${order.deadline?.returnDue === true ? `<p class="fault" role="alert">${say.returnDue}</p>` : ''}
${printButtons(language, say, orderNumber)}
${decideForm(language, say, order)}
<h3>${say.papers}</h3><table><tbody>${papers.join('')}</tbody><tfoot><tr><td></td><td>${say.copies}</td><td class="number">${contents.reduce((sum, { copies }) => sum + copies, 0)}</td></tr></tfoot></table>
${feesPart(say, order)}
${handOverForms(language, say, order, now)}
${movePart(language, say, order)}
<h3>${say.events}</h3>${events.length === 0 ? `<p>${say.noEvents}</p>` : `<table class="stack"><tbody>${events.map((event) => eventRow(say, event)).join('')}</tbody></table>`}</section>`;
}

function factsOf(say: DeskWords, { dossierCode, leg, state, stateReason, carrier, trackingNumber, deadline, proofs }: PostDeskOrder): readonly (readonly [string, string])[] {
  const note = (text: string | null): string => (text === null ? '' : `<span class="note">${escapeHtml(text)}</span>`);
  const proof = proofs.map(({ at, receivedBy, documents }) => `${escapeHtml(say.receivers[receivedBy] ?? receivedBy)}<span class="note">${vietnamTime(at)}${documents === 0 ? '' : ` · ${documents} ${say.documents}`}</span>`);
  return [
    [say.dossier, escapeHtml(dossierCode)],
    [say.leg, say.legs[leg]],
    [say.state, `<strong>${stateOf(say, state)}</strong>${note(stateReason)}`],
    [say.carrier, escapeHtml(carrier)],
    ...(trackingNumber === null ? [] : ([[say.tracking, escapeHtml(trackingNumber)]] as const)),
    ...(deadline === null ? [] : ([[say.deliverBy, `${vietnamTime(deadline.deliverBy)}${note(deadline.legalBasis)}`]] as const)),
    ...(deadline === null || deadline.failedAttempts === 0 ? [] : ([[say.attempts, `${deadline.failedAttempts}${deadline.nextAttemptFrom === null ? '' : `<span class="note">${say.nextAttempt} ${vietnamTime(deadline.nextAttemptFrom)}</span>`}`]] as const)),
    ...(proof.length === 0 ? [] : ([[say.proofs, proof.join('<br>')]] as const)),
  ];
}

/** An attempt in words, with its reason and what was done; a code nobody verified says so. */
function eventRow(say: DeskWords, { occurredAt, status, carrierCode, carrierText }: PostDeskOrder['events'][number]): string {
  const [entry, reason, measure] = carrierCode.split('/');
  const attempt = entry === 'ATTEMPT_FAILED' ? [say.reasons[reason ?? ''], say.measures[measure ?? '']].filter((words) => words !== undefined).join(' → ') : '';
  const told = status === 'UNKNOWN' || status === 'NOTED' ? `<span class="note">${status === 'NOTED' ? say.noted : say.unmapped}</span>` : stateOf(say, status);
  return `<tr><td>${vietnamTime(occurredAt)}</td><td>${told}</td><td>${escapeHtml(attempt === '' ? carrierText : attempt)}<span class="note">${escapeHtml(carrierCode)}</span></td></tr>`;
}

const FEE_ROWS = [1, 2] as const;

function feesPart(say: DeskWords, { fees, collected }: PostDeskOrder): string {
  if (fees.length + collected.length === 0) return '';
  const vnd = (amount: number): string => `<td class="number">${amount.toLocaleString('vi-VN')}</td>`;
  const word = (words: Readonly<Record<string, string>>, value: string): string => escapeHtml(words[value] ?? value);
  const due = fees.map(({ purpose, payer, amountVnd, collectBy }) => `<tr><td>${word(say.purposes, purpose)}<span class="note">${say.payer}: ${word(say.payers, payer)}</span></td><td>${word(say.collectors, collectBy)}</td>${vnd(amountVnd)}</tr>`);
  const taken = collected.map(({ at, purpose, collectedBy, amountVnd, receiptNumber }) => `<tr><td>${word(say.purposes, purpose)}<span class="note">${say.receipt}: ${escapeHtml(receiptNumber)}</span></td><td>${word(say.collectors, collectedBy)}<span class="note">${vietnamTime(at)}</span></td>${vnd(amountVnd)}</tr>`);
  const table = (id: string, rows: readonly string[], sum: number): string => `<table class="${id}"><tbody>${rows.join('')}</tbody><tfoot><tr><td></td><td>${say.sum}</td>${vnd(sum)}</tr></tfoot></table>`;
  const dueTable = due.length === 0 ? '' : `<h3>${say.fees}</h3>${table('due', due, fees.reduce((sum, { amountVnd }) => sum + amountVnd, 0))}`;
  return `${dueTable}${taken.length === 0 ? '' : `<h3>${say.feesTaken}</h3>${table('taken', taken, collected.reduce((sum, { amountVnd }) => sum + amountVnd, 0))}`}`;
}

function handOverForms(language: DeskLanguage, say: DeskWords, order: PostDeskOrder, now: string): string {
  if (order.handOvers.length === 0) return '';
  const entries = Object.fromEntries(order.handOvers.map((entry) => [entry, say.entries[entry]]));
  const handOver = `${hidden(order)}${select('entry', 'entry', say.entry, entries)}
${input('minutes', 'minutesNumber', say.minutes, 'maxlength="60" required')}
${input('counted', 'counted', say.counted, 'type="number" min="0" max="9999" required')}
<p class="check"><input id="complete" name="complete" type="checkbox"><label for="complete">${say.complete}</label></p>
${input('discrepancy', 'discrepancy', say.discrepancy, 'maxlength="500"')}
${timeInput('when', say.when, now)}
<details class="fees"><summary>${say.feesEnter}</summary><p class="note">${say.feesNote}</p>${FEE_ROWS.map((row) => feeRow(say, row)).join('')}</details>
<details class="proof"><summary>${say.proof}</summary><p class="note">${say.proofNote}</p>${proofFields(say)}</details>
<button>${say.confirm}</button>`;
  const attempt = `${hidden(order)}${select('reason', 'reason', say.reason, say.reasons)}${select('measure', 'measure', say.measure, say.measures)}${timeInput('attempted', say.when, now)}<button class="second">${say.record}</button>`;
  return `<h3>${say.handOver}</h3>${form(language, 'hand-over', handOver)}<details class="attempt"><summary>${say.attempt}</summary>${form(language, 'attempt', attempt)}</details>`;
}

function feeRow(say: DeskWords, row: (typeof FEE_ROWS)[number]): string {
  return `<fieldset><legend>${row}</legend>${input(`amount${row}`, `amount${row}`, say.amount, 'inputmode="numeric" maxlength="20" placeholder="50.000"')}${select(`purpose${row}`, `purpose${row}`, say.purpose, say.purposes)}${select(`collector${row}`, `collector${row}`, say.collector, say.collectors)}${input(`receipt${row}`, `receipt${row}`, say.receipt, 'maxlength="60"')}</fieldset>`;
}

function proofFields(say: DeskWords): string {
  const none = { '': say.nobodySaid };
  return `${select('receivedBy', 'receivedBy', say.receivedBy, { ...none, ...say.receivers })}${input('recipient', 'recipient', say.recipient, 'maxlength="200"')}${input('relation', 'relation', say.relation, 'maxlength="100"')}${select('paper', 'paper', say.paper, { ...none, ...say.identityPapers })}${input('paperEnding', 'paperEnding', say.paperEnding, 'maxlength="4" pattern="[0-9A-Za-z]{0,4}"')}`;
}

function movePart(language: DeskLanguage, say: DeskWords, order: PostDeskOrder): string {
  const { movable, addressChanges } = order;
  const rows = addressChanges.map(({ askedAt, end, verifiedBy, outcome, carrierText }) => `<tr><td>${vietnamTime(askedAt)}</td><td>${say.ends[end]}<span class="note">${say.verifications[verifiedBy]}</span></td><td>${escapeHtml(say.moveOutcomes[outcome] ?? outcome)}<span class="note">${escapeHtml(carrierText ?? '')}</span></td></tr>`);
  const asked = rows.length === 0 ? '' : `<h3>${say.moves}</h3><table class="moves"><tbody>${rows.join('')}</tbody></table>`;
  if (movable.length === 0) return asked;
  const inside = `${hidden(order)}<p class="note">${say.moveNote}</p>${select('end', 'end', say.end, Object.fromEntries(movable.map((end) => [end, say.ends[end]])))}${input('line', 'line', say.line, 'maxlength="300" required')}${input('province', 'provinceCode', say.province, 'maxlength="20" required')}${input('commune', 'communeCode', say.commune, 'maxlength="20"')}${input('phone', 'phone', say.phone, 'type="tel" maxlength="30"')}${select('verifiedBy', 'verifiedBy', say.verifiedBy, say.verifications)}<button class="second">${say.move}</button>`;
  return `${asked}<details class="move"><summary>${say.move}</summary>${form(language, 'address', inside)}</details>`;
}

function printButtons(language: DeskLanguage, say: DeskWords, orderNumber: string): string {
  const button = (paper: 'label-pdf' | 'slip'): string => `<button class="second" name="paper" value="${paper}">${say.papersToPrint[paper]}</button>`;
  return printing(language, `<input type="hidden" name="numbers" value="${escapeHtml(orderNumber)}"><p class="row">${button('label-pdf')}${button('slip')}</p>`);
}

function decideForm(language: DeskLanguage, say: DeskWords, order: PostDeskOrder): string {
  if (order.decisions.length === 0) return '';
  const choices = order.decisions.map((decision) => `<p class="check"><input id="${decision}" name="decision" type="radio" value="${decision}" required><label for="${decision}">${say.decisions[decision]}</label></p>`).join('');
  const inside = `${hidden(order)}<p class="note">${say.decideNote}</p>${choices}<p><label for="note">${say.note}</label><input id="note" name="note" maxlength="500" required></p><button>${say.record}</button>`;
  return `<h3>${say.decide}</h3><div class="decide">${form(language, 'decide', inside)}</div>`;
}
