import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What zbarimg reads in the pages of a PDF, `SYMBOLOGY:text`, sorted. */
export function scanPdf(pdf: Uint8Array): string[] {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'paper.pdf'), pdf);
    run('pdftoppm', ['-r', '203', '-gray', join(folder, 'paper.pdf'), join(folder, 'page')]);
    return readdirSync(folder).filter((name) => name.endsWith('.pgm')).sort().flatMap((name) => scan(join(folder, name)));
  });
}

/** The same in a picture as PBM. */
export function scanPbm(pbm: Uint8Array): string[] {
  return inFolder((folder) => {
    writeFileSync(join(folder, 'label.pbm'), pbm);
    return scan(join(folder, 'label.pbm'));
  });
}

/** The graphic of each label in a ZPL file as PBM, its compression undone by a reader that shares nothing with the writer. */
export function picturesOfZpl(zpl: string): Uint8Array[] {
  return [...zpl.matchAll(/\^PW(\d+)\^LL(\d+).*?\^GFA,\d+,(\d+),(\d+),([^^]*)\^FS/gs)].map(([, width, height, total, perRow, data = '']) => {
    const digits = rowsOf(data, Number(perRow) * 2).join('');
    if (digits.length !== Number(total) * 2) throw new Error(`${digits.length} digits instead of ${Number(total) * 2}`);
    return Buffer.concat([Buffer.from(`P4\n${width} ${height}\n`), Buffer.from(digits, 'hex')]);
  });
}

function rowsOf(data: string, rowLength: number): string[] {
  const rows: string[] = [];
  let row = '';
  let count = 0;
  const endRow = (): void => {
    rows.push(row);
    row = '';
  };
  for (const letter of data) {
    if (letter === ':') rows.push(rows.at(-1) ?? '');
    else if (letter === ',' || letter === '!') {
      row = row.padEnd(rowLength, letter === ',' ? '0' : 'F');
      endRow();
    } else if (/[G-Y]/.test(letter)) count += letter.charCodeAt(0) - 70;
    else if (/[g-z]/.test(letter)) count += (letter.charCodeAt(0) - 102) * 20;
    else {
      row += letter.repeat(Math.max(1, count));
      count = 0;
      if (row.length === rowLength) endRow();
    }
  }
  return rows;
}

function scan(path: string): string[] {
  return run('zbarimg', ['--quiet', path]).split('\n').filter((line) => line !== '').sort();
}

function run(program: string, parameters: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-scan-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
