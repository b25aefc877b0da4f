/**
 * A process that opens a data folder, for suites that kill it: `data-folder-child.ts MODE DATADIR [PATIENCE_MS]`. Prints one JSON line when
 * the folder is open or refused; stops it at SIGTERM and exits 0.
 */
import { openDataFolder } from '../../src/store/embedded/open.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { silentLog } from './log.ts';

const [mode = '', dataDir = '', patienceMs = '30000'] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const options = { dataDir, clock: systemClock, log: silentLog, patienceMs: Number(patienceMs) };
  const opened = await openDataFolder({ ...options, mode: mode === 'serve' ? 'serve' : 'admin', onLost: ({ code }) => say({ lost: code }) });
  const staying = setInterval(() => undefined, 60_000);
  process.on('SIGTERM', () => {
    void opened.stop().then(() => clearInterval(staying));
  });
  say({ open: opened.connection, adopted: opened.adopted });
} catch (error) {
  const { code, message } = error as { code: string; message: string };
  say({ refused: code, message });
  process.exitCode = 3;
}
