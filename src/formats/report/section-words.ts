import type { CheckOutline } from './outline-check.ts';
import type { SignaturePictures } from './pictures.ts';
import { CHECK_STATUSES, said, type Said } from './words.ts';

/** Words that the page and the paper share, beyond the outline. */

export const FURTHER_SIGNATURES = said('Các chữ ký khác', 'Further signatures');

export const furtherTimestamps = (count: number): Said => said(`… và ${count} dấu thời gian khác: xem báo cáo JSON hoặc XML.`, `… and ${count} further time-stamps: see the report as JSON or XML.`);

export function countWords(checks: readonly CheckOutline[]): Said {
  const counts = (['passed', 'failed', 'warning', 'skipped'] as const).flatMap((status) => {
    const count = checks.filter((check) => check.status === status).length;
    return count === 0 ? [] : [{ count, words: CHECK_STATUSES[status] }];
  });
  return said(counts.map(({ count, words }) => `${count} ${words.vi}`).join(', '), counts.map(({ count, words }) => `${count} ${words.en}`).join(', '));
}

export const comparison = ({ identical, current }: SignaturePictures): Said =>
  current === null
    ? said('Trang này không còn trong tệp hiện tại.', 'This page is no longer in the file.')
    : identical
      ? said('Hai hình giống hệt nhau.', 'Both pictures are identical.')
      : said('Hai hình KHÁC nhau: vùng này trông khác lúc ký.', 'The pictures DIFFER: this place does not look as it did when signed.');
