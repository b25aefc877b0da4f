import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { isAlive, servedGateway, stop, type Served, type ServedGateway } from '../support/served-gateway.ts';

/** `lienthong serve` as a process: start, administration beside it, stop, kill -9, a second one on the folder. */

let gateway: ServedGateway;
let data: string;
const serve = (): Promise<Served> => gateway.serve();

beforeEach(async () => {
  gateway = await servedGateway();
  data = gateway.data;
});
afterEach(() => gateway.remove());

const ready = async (url: string): Promise<boolean> => ((await (await fetch(`${url}/readyz`)).json()) as { ready: boolean }).ready;

describe('lienthong serve', () => {
  it('serves, is administered while it runs, drains on SIGTERM and leaves no process', async () => {
    const { child, url } = await serve();
    expect(await ready(url)).toBe(true);
    const added = await runCli(['partners', 'add', 'land', '--name', 'Đất đai', '--pull', '--data', data]);
    expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    const issued = await runCli(['api-keys', 'add', 'land', '--scopes', 'dossiers:read', '--data', data, '--json']);
    const { token } = JSON.parse(issued.stdout) as { token: string };
    const answer = await fetch(`${url}/v1/dossiers`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
    const postgres = await gateway.postmasterPid();
    expect(await stop(child, 'SIGTERM')).toBe(0);
    expect(isAlive(postgres)).toBe(false);
  });

  it('refuses a second gateway on the folder with one clear line, and the first goes on', async () => {
    const { url } = await serve();
    const second = await runCli(['serve', '--data', data, '--port', '0']);
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain('[DATA_FOLDER_IN_USE]');
    expect(second.stderr.split('\n').filter((line) => line.startsWith('lienthong:'))).toHaveLength(1);
    expect(await ready(url)).toBe(true);
  });

  it('comes back after kill -9 with everything that was acknowledged', async () => {
    const first = await serve();
    await runCli(['partners', 'add', 'land', '--name', 'Đất đai', '--pull', '--data', data]);
    await stop(first.child, 'SIGKILL');
    const again = await serve();
    expect(await ready(again.url)).toBe(true);
    expect((await runCli(['partners', 'list', '--data', data, '--json'])).stdout).toContain('"id":"land"');
  });

  it.each([
    ['a role that needs a shared database', ['serve', '--role', 'worker'], {}, 'CONFIG_INVALID'],
    ['a setting that does not exist', ['serve'], { LIENTHONG_TSA_URL: 'http://tsa.example/' }, 'CONFIG_INVALID'],
    ['a database that is not there', ['serve', '--role', 'api'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, 'DATABASE_UNAVAILABLE'],
  ])('%s is told in one line', async (_name, args, env, code) => {
    const { exitCode, stderr } = await runCli([...args, '--data', data, '--port', '0'], { env: { ...env, LIENTHONG_LOG_LEVEL: 'silent' } });
    expect(exitCode).toBe(code === 'CONFIG_INVALID' ? 2 : 3);
    expect(stderr).toContain(`[${code}]`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
