import { describe, expect, it } from 'vitest';
import { readRedisUrl } from '../../../queues/redis-url.ts';

const single = { kind: 'single', nodes: [{ host: 'redis', port: 6379 }], tls: false, username: null, password: null, db: 0, masterName: null };

describe('REDIS_URL', () => {
  it.each([
    ['redis://redis', single],
    ['redis://redis:6380/2', { ...single, nodes: [{ host: 'redis', port: 6380 }], db: 2 }],
    ['rediss://gw:p%40ss@redis/', { ...single, tls: true, username: 'gw', password: 'p@ss' }],
    ['redis://:secret@redis', { ...single, password: 'secret' }],
    ['redis://[::1]:7000', { ...single, nodes: [{ host: '::1', port: 7000 }] }],
    ['redis://a:1,b:2,c', { ...single, kind: 'cluster', nodes: [{ host: 'a', port: 1 }, { host: 'b', port: 2 }, { host: 'c', port: 6379 }] }],
    ['redis+sentinel://a,b:26380/main', { ...single, kind: 'sentinel', nodes: [{ host: 'a', port: 26_379 }, { host: 'b', port: 26_380 }], masterName: 'main' }],
    ['rediss+sentinel://u:p@a/main/3', { ...single, kind: 'sentinel', tls: true, nodes: [{ host: 'a', port: 26_379 }], username: 'u', password: 'p', db: 3, masterName: 'main' }],
  ])('reads %s', (url, expected) => {
    expect(readRedisUrl(url)).toEqual(expected);
  });

  it.each([
    'http://redis',
    'redis://',
    'redis://user:secret@',
    'redis://a:b:c',
    'redis://a/notanumber',
    'redis://a,b/1',
    'redis+sentinel://a',
    'redis+sentinel://a/main/1/2',
    'redis://a/1/2',
    'redis://:%zz@a',
  ])('refuses %s without repeating it', (url) => {
    expect(() => readRedisUrl(url)).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('secret') as string }));
  });
});
