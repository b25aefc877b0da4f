import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './errno.ts';

/** The newest checkpoint, beside the database: whoever puts the records back to an earlier day does not put this back with them. */
export interface LogNoteFile {
  /** Null: none was kept yet. */
  read(): Promise<string | null>;
  write(note: string): Promise<void>;
}

export function logNoteFile(dataDir: string): LogNoteFile {
  const path = join(dataDir, 'log-checkpoint');
  return {
    async read() {
      try {
        return await readFile(path, 'utf8');
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return null;
        throw error;
      }
    },
    async write(note) {
      await writeFile(`${path}.new`, note, { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}
