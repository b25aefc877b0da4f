import { readPkcs12, type Pkcs12Contents } from '../formats/pkcs12/read-pkcs12.ts';
import type { TaskRegistry, TasksOf } from './task.ts';

export interface Pkcs12Input {
  readonly bytes: Uint8Array;
  readonly passphrase: string;
}

/** All work that runs isolated. The table is loaded by every worker: keep what it imports small. */
export const tasks = {
  'pkcs12.read': { runner: 'child', run: ({ bytes, passphrase }: Pkcs12Input): Promise<Pkcs12Contents> => readPkcs12(bytes, passphrase) },
} satisfies TaskRegistry;

export type Tasks = TasksOf<typeof tasks>;
