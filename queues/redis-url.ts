import { GatewayError } from '../src/domain/errors.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is. `sentinel`: the nodes are Sentinels, which know where `masterName` is; `cluster`: the nodes are some of the cluster's. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly RedisNode[];
  readonly tls: boolean;
  readonly username: string | null;
  readonly password: string | null;
  readonly db: number;
  readonly masterName: string | null;
}

const FORM = /^(rediss?)(\+sentinel)?:\/\/(?:([^@/]*)@)?([^@/?#]+)(?:\/([^?#]*))?$/;
const FORMS_ALLOWED = 'redis://[user:password@]host[:port][/db], with several hosts separated by commas for a cluster, or redis+sentinel://host[:port],…/master-name[/db]';

/**
 * Reads REDIS_URL: one server, a cluster (several hosts) or Sentinels (`+sentinel`); `rediss` for TLS. User and password are
 * percent-encoded.
 * @throws CONFIG_INVALID without repeating the URL, which holds a password
 */
export function readRedisUrl(url: string): RedisTarget {
  const match = FORM.exec(url);
  if (match === null) throw invalid();
  const [, scheme, sentinel, credentials, hosts = '', path = ''] = match;
  const nodes = hosts.split(',').map((host) => readNode(host, sentinel === undefined ? 6379 : 26_379));
  const [first = '', ...rest] = path.split('/').filter((part) => part !== '');
  const kind = sentinel !== undefined ? 'sentinel' : nodes.length > 1 ? 'cluster' : 'single';
  const dbText = kind === 'sentinel' ? rest[0] : first;
  if ((kind === 'sentinel') !== (kind === 'sentinel' && first !== '') || rest.length > (kind === 'sentinel' ? 1 : 0)) throw invalid();
  const db = readDb(dbText);
  if (kind === 'cluster' && db !== 0) throw invalid(); // a cluster has one database
  return { kind, nodes, tls: scheme === 'rediss', ...readCredentials(credentials), db, masterName: kind === 'sentinel' ? first : null };
}

function readNode(text: string, defaultPort: number): RedisNode {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text.trim());
  const [, host, port] = match ?? [];
  if (host === undefined) throw invalid();
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? defaultPort : Number(port) };
}

function readDb(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,3}$/.test(text)) throw invalid();
  return Number(text);
}

function readCredentials(text: string | undefined): { readonly username: string | null; readonly password: string | null } {
  if (text === undefined) return { username: null, password: null };
  const colon = text.indexOf(':');
  try {
    const [username, password] = colon < 0 ? ['', text] : [text.slice(0, colon), text.slice(colon + 1)];
    return { username: username === '' ? null : decodeURIComponent(username), password: password === '' ? null : decodeURIComponent(password) };
  } catch {
    throw invalid();
  }
}

function invalid(): GatewayError {
  return new GatewayError('CONFIG_INVALID', `REDIS_URL cannot be read: use ${FORMS_ALLOWED}`);
}
