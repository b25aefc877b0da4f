import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Busboy } from '@fastify/busboy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { verifyPage } from '../../src/console/verify-page.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { reportStyleHashes } from '../../src/formats/report/html.ts';
import { reportPdf } from '../../src/formats/report/pdf.ts';
import { renderReport } from '../../src/formats/report/render-report.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { loadPaperFonts } from '../../src/wiring/fonts.ts';
import { openBrowser, type Browser, type BrowserPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { signedSamples } from '../support/signed-samples.ts';
import { requireTool } from '../support/tools.ts';

/** The page, and the address it posts to, as any server mounts them. */
const MAX_BYTES = 1024 * 1024;
const policy = validationPolicy(loadPolicy('default'));
const ports = { clock: systemClock, trustStore: { anchors: () => Promise.resolve([]) } };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const language = new URL(request.url ?? '/', 'http://localhost').searchParams.get('lang') === 'en' ? 'en' : 'vi';
  if (request.method === 'GET') {
    const { html, contentSecurityPolicy } = verifyPage({ language, action: '/verify', maxBytes: MAX_BYTES, reportStyleHashes: reportStyleHashes() });
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentSecurityPolicy }).end(html);
    return;
  }
  const files = await filesOf(request);
  const document = files.get('document');
  if (document === undefined || document.bytes.length === 0) {
    response.writeHead(422, { 'content-type': 'application/problem+json' }).end(JSON.stringify({ title: 'Yêu cầu không hợp lệ', detail: '<b>The document is empty</b>' }));
    return;
  }
  const detached = files.get('detached');
  const report = await verifyDocument(ports, { file: document.name, source: bytesSource(document.bytes), policy, ...(detached !== undefined && { detached: bytesSource(detached.bytes) }) });
  const paper = async (...[of, options]: [typeof report, Omit<Parameters<typeof reportPdf>[1], 'fonts'>]): Promise<Uint8Array> => reportPdf(of, { ...options, fonts: await loadPaperFonts() });
  const { body, contentType, contentSecurityPolicy } = await renderReport(report, { mediaType: 'text/html', language, paper });
  response.writeHead(200, { 'content-type': contentType, 'content-security-policy': contentSecurityPolicy ?? '' }).end(body);
}

function filesOf(request: IncomingMessage): Promise<Map<string, { readonly name: string; readonly bytes: Buffer }>> {
  return new Promise((resolve, reject) => {
    const files = new Map<string, { readonly name: string; readonly bytes: Buffer }>();
    const parser = new Busboy({ headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' } });
    parser.on('file', (field, stream, name) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => files.set(field, { name, bytes: Buffer.concat(chunks) }));
    });
    parser.on('finish', () => resolve(files)).on('error', reject);
    request.pipe(parser);
  });
}

describe.skipIf(!requireTool('chromium'))('the page on which anybody checks a file, in Chromium', () => {
  let dir: string;
  let server: Server;
  let browser: Browser;
  let url: string;
  const at = (name: string): string => join(dir, name);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lienthong-page-'));
    const { passed } = await signedSamples();
    await writeFile(at('signed.pdf'), passed.pdf);
    await writeFile(at('empty.pdf'), '');
    await writeFile(at('large.pdf'), '');
    await truncate(at('large.pdf'), MAX_BYTES + 1);
    server = createServer((request, response) => void answer(request, response).catch((error: unknown) => response.destroy(error as Error)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/verify`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(dir, { recursive: true, force: true });
  });

  const reportIn = (page: BrowserPage): Promise<unknown> => page.evaluate(`document.getElementById('report').contentDocument?.querySelector('.headline')?.textContent ?? null`);
  const faultIn = (page: BrowserPage): Promise<unknown> => page.evaluate(`(() => { const fault = document.getElementById('fault'); return fault.hidden ? null : fault.textContent; })()`);

  it('checks a chosen file at once and shows the report within itself, styled, under its own policy', async () => {
    const page = await browser.page();
    await page.open(url);
    await page.choose('#document', [at('signed.pdf')]);
    expect(await eventually(() => reportIn(page), (text) => text !== null)).toBe('Chưa thể kết luận chữ ký số là hợp lệ');
    const width = await page.evaluate(`getComputedStyle(document.getElementById('report').contentDocument.querySelector('.verdict')).borderLeftWidth`);
    expect(width).not.toBe('0px');
    expect(await page.evaluate(`document.getElementById('state').hidden`)).toBe(true);
    expect(await page.evaluate(`document.getElementById('save').download`)).toBe('signed.pdf.html');
    expect(page.complaints).toEqual([]);
  });

  it('takes a dropped file', async () => {
    const page = await browser.page();
    await page.open(`${url}?lang=en`);
    const data = { items: [], files: [at('signed.pdf')], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) await page.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data });
    expect(await eventually(() => reportIn(page), (text) => text !== null)).toBe('The validity cannot be decided');
  });

  it('says what the server says, as text, and that a file is too large before sending it', async () => {
    const page = await browser.page();
    await page.open(url);
    await page.choose('#document', [at('empty.pdf')]);
    expect(await eventually(() => faultIn(page), (text) => text !== null)).toBe('Yêu cầu không hợp lệ: <b>The document is empty</b>');
    await page.choose('#document', [at('large.pdf')]);
    expect(await eventually(() => faultIn(page), (text) => text === 'Tệp quá lớn.')).toBe('Tệp quá lớn.');
  });

  it('works as a plain form where scripts do not run', async () => {
    const page = await browser.page({ scripts: false });
    await page.open(url);
    await page.choose('#document', [at('signed.pdf')]);
    await page.click('form.check button');
    expect(await eventually(() => page.html(), (html) => html.includes('</footer>'))).toContain('Báo cáo kiểm tra chữ ký số: signed.pdf');
    expect(page.complaints).toEqual([]);
  });
});

describe('verifyPage', () => {
  const page = verifyPage({ language: 'vi', action: '/verify"><x', maxBytes: 50 * 1024 * 1024, reportStyleHashes: ['sha256-x'] });

  it('tells the cap and the way to the other language, and escapes its address', () => {
    expect(page.html).toContain('tối đa 50 MB');
    expect(page.html).toContain('<a href="?lang=en" lang="en" hreflang="en">English</a>');
    expect(page.html).toContain('action="/verify&quot;&gt;&lt;x?lang=vi"');
  });

  it('lets in no script and no style but its own and the report’s (CSP Level 3)', () => {
    expect(page.contentSecurityPolicy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+' 'sha256-x'; script-src 'sha256-[\w+/=]+';/);
    expect(page.contentSecurityPolicy).not.toContain('unsafe');
  });
});
