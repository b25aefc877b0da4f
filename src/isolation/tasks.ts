import { readPkcs12, type Pkcs12Contents } from '../formats/pkcs12/read-pkcs12.ts';
import type { ReportPictures } from '../formats/report/pictures.ts';
import type { TaskRegistry, TasksOf } from './task.ts';

export interface Pkcs12Input {
  readonly bytes: Uint8Array;
  readonly passphrase: string;
}

export interface PaintInput {
  /** The whole file, at most 50 MiB. */
  readonly pdf: Uint8Array;
}

/** All work that runs isolated. The table is loaded by every worker: keep what it imports small. */
export const tasks = {
  'pkcs12.read': { runner: 'child', run: ({ bytes, passphrase }: Pkcs12Input): Promise<Pkcs12Contents> => readPkcs12(bytes, passphrase) },
  // WebAssembly of a megabyte, loaded when it is first asked for.
  'pdf.paint-signatures': { runner: 'child', run: async ({ pdf }: PaintInput): Promise<ReportPictures> => (await import('../formats/pdf-picture/paint-signatures.ts')).paintSignatures(pdf) },
} satisfies TaskRegistry;

export type Tasks = TasksOf<typeof tasks>;
