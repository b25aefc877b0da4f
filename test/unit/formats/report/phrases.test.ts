import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../../../certs/policy/load-policy.ts';
import type { ValidationReport } from '../../../../src/domain/validation-report.ts';
import { validationPolicy } from '../../../../src/formats/ades/policy.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { hasCheckTitle } from '../../../../src/formats/report/check-words.ts';
import { hasRendering, sayPhrase } from '../../../../src/formats/report/phrase-words.ts';
import { verifyDocument } from '../../../../src/usecases/verify-document.ts';
import { frozenClock } from '../../../support/clock.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

describe('sayPhrase', () => {
  it('renders a sentence with what stands in it, and sentences within it', () => {
    expect(sayPhrase('the visible signature field “Chữ ký $1” was added; it may cover what was signed').vi).toBe('đã thêm trường chữ ký hiển thị “Chữ ký $1”; có thể che mất nội dung đã ký');
    expect(sayPhrase('the field “A” was signed (not allowed: the certification permits only level 1)').vi).toBe('trường “A” đã được ký (không được phép: chứng nhận chỉ cho phép mức 1)');
  });

  it('renders a row of sentences only when it knows each', () => {
    expect(sayPhrase('object 4 was deleted; the metadata was changed').vi).toBe('đối tượng 4 đã bị xóa; siêu dữ liệu đã thay đổi');
    expect(sayPhrase('object 4 was deleted; a name; of its own').vi).toBe('object 4 was deleted; a name; of its own');
  });

  it('renders warnings that hold a semicolon as one sentence', () => {
    expect(sayPhrase('the form field “A; B” covers text of page object 3; filling the form may show or hide it').vi).toBe('Trường biểu mẫu “A; B” che lên chữ của trang (đối tượng 3); điền biểu mẫu có thể làm chữ đó hiện ra hoặc bị che');
  });

  it('leaves a sentence that it does not know in English rather than guessing', () => {
    expect(sayPhrase('something new happened')).toEqual({ vi: 'something new happened', en: 'something new happened' });
  });

  it('answers at once to a name made to be nested and repeated', () => {
    const hostile = `the field “${' (not allowed: '.repeat(20_000)}” was signed`;
    expect(sayPhrase(hostile).en.length).toBeLessThanOrEqual(2_000);
  });
});

describe.skipIf(!requireVectors('pyhanko-generated'))('what verification says of other makers’ documents', () => {
  const reports: ValidationReport[] = [];

  beforeAll(async () => {
    const policy = validationPolicy(loadPolicy('default'));
    const ports = { trustStore: { anchors: () => Promise.resolve([]) }, clock: frozenClock(new Date('2026-11-24T00:00:00Z')) };
    for (const path of pdfsBelow(vectorPath('pyhanko')).concat(pdfsBelow(vectorPath('pyhanko-generated')))) {
      reports.push(await verifyDocument(ports, { file: 'vector', source: bytesSource(readFileSync(path)), policy }));
    }
  });

  it('has Vietnamese for every change after a signature and every warning (Circular 15/2025/TT-BKHCN art. 6(4))', () => {
    const said = reports.flatMap(({ signatures }) => signatures.flatMap(({ coverage, warnings }) => [...coverage.changes, ...warnings]));
    expect(said.length).toBeGreaterThan(500);
    expect([...new Set(said)].filter((sentence) => !hasRendering(sentence) && sayPhrase(sentence).vi === sentence)).toEqual([]);
  });

  it('has a title for every check', () => {
    const names = new Set(reports.flatMap(({ signatures, timestamps }) => [...signatures, ...timestamps].flatMap(({ checks }) => checks.map(({ name }) => name))));
    expect(names.size).toBeGreaterThan(20);
    expect([...names].filter((name) => !hasCheckTitle(name))).toEqual([]);
  });
});

function pdfsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pdf'))
    .map((name) => join(folder, name));
}
