import type { Check } from '../../domain/validation-report.ts';
import { checkTitle } from './check-words.ts';
import { sayPhrase } from './phrase-words.ts';
import { shownText } from './shown-text.ts';
import { CHECK_STATUSES, said, type Said } from './words.ts';

export interface CheckOutline {
  readonly name: string;
  readonly title: Said;
  readonly status: Check['status'];
  readonly statusWord: Said;
  readonly clause: string;
  /** Technical detail; in Vietnamese where a sentence is known. */
  readonly detail: Said;
}

export function outlineCheck({ name, status, clause, detail }: Check): CheckOutline {
  const { vi, en } = sayPhrase(detail);
  return { name, title: checkTitle(name), status, statusWord: CHECK_STATUSES[status], clause: shownText(clause), detail: said(shownText(vi), shownText(en)) };
}
