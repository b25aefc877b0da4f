import type { PostDeskOrder } from '../formats/api/post-desk.ts';
import { escapeHtml } from './page-frame.ts';
import type { DeskLanguage, DeskWords } from './post-page-words.ts';

/** Pieces of the post desk's page: forms, their fields, and a state in words. */

export function form(language: DeskLanguage, action: string, inside: string): string {
  return `<form method="post" action="?lang=${language}"><input type="hidden" name="action" value="${action}">${inside}</form>`;
}

/** A new window each: the desk stays where it is while the papers are printed. */
export function printing(language: DeskLanguage, inside: string): string {
  return form(language, 'print', inside).replace('<form ', '<form class="print" target="_blank" ');
}

/** Which order the form is about. */
export function hidden({ id, orderNumber }: PostDeskOrder): string {
  return `<input type="hidden" name="id" value="${escapeHtml(id)}"><input type="hidden" name="number" value="${escapeHtml(orderNumber)}">`;
}

export function select(id: string, name: string, label: string, words: Readonly<Record<string, string>>): string {
  const options = Object.entries(words).map(([value, text]) => `<option value="${escapeHtml(value)}">${escapeHtml(text)}</option>`);
  return `<p><label for="${id}">${escapeHtml(label)}</label><select id="${id}" name="${name}">${options.join('')}</select></p>`;
}

export function input(id: string, name: string, label: string, attributes: string): string {
  return `<p><label for="${id}">${escapeHtml(label)}</label><input id="${id}" name="${name}" autocomplete="off" ${attributes}></p>`;
}

export function timeInput(id: string, label: string, now: string): string {
  return input(id, 'occurredAt', label, `type="datetime-local" step="1" value="${now}" required`);
}

/** In words where there are some; the code always, for talking with those who see only it. */
export function stateOf(say: DeskWords, state: string): string {
  const words = say.states[state];
  return words === undefined ? escapeHtml(state) : `${escapeHtml(words)} <span class="code">${escapeHtml(state)}</span>`;
}
