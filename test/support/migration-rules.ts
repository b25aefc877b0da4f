import type { Migration } from '../../src/store/migrate.ts';
import { statementsOf } from '../../src/store/migrate.ts';

/**
 * What a migration may do while earlier programs run on the same database (ADR 7), judged by its SQL. Only what adds is allowed; what takes
 * away belongs into a migration with a `contract`, one release later.
 */

interface Rule {
  readonly says: string;
  readonly finds: RegExp;
  /** What a contract allows: it still may not stop others from working. */
  readonly inContract?: true;
  /** Harmless where the table is made by the same migration: nobody knows it yet. */
  readonly onNewTables?: true;
}

const TABLE = String.raw`(?:IF EXISTS |ONLY )*"?(?<table>\w+)"?`;
const VOLATILE = String.raw`(?:gen_random_uuid|uuid_generate_v4|random|clock_timestamp|timeofday|nextval)\s*\(`;

const RULES: readonly Rule[] = [
  { says: 'drops what earlier programs use', finds: /\bDROP (?:TABLE|VIEW|FUNCTION|TYPE|TRIGGER|SEQUENCE)\b/i, inContract: true },
  { says: 'drops a column', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}.*\bDROP (?:COLUMN )?(?!CONSTRAINT|NOT NULL|DEFAULT|EXPRESSION|IDENTITY)\w`, 'is'), inContract: true, onNewTables: true },
  { says: 'drops an index or constraint, which ON CONFLICT of an earlier program may name', finds: /\bDROP (?:INDEX (?!CONCURRENTLY IF EXISTS)|CONSTRAINT)\b/i, inContract: true },
  { says: 'renames', finds: /\bRENAME\b/i, inContract: true },
  { says: 'changes a type, which writes the table anew under a lock', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}.*\b(?:SET DATA )?TYPE\b`, 'is'), inContract: true, onNewTables: true },
  { says: 'demands a value that earlier programs do not give', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}(?!.*\bDEFAULT\b).*\bADD (?!CONSTRAINT|CHECK).*\bNOT NULL\b`, 'is'), inContract: true, onNewTables: true },
  { says: 'sets NOT NULL, which reads the whole table under a lock and refuses rows of earlier programs', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}.*\bSET NOT NULL\b`, 'is'), inContract: true, onNewTables: true },
  { says: 'gives every row a default of its own, which writes the table anew under a lock', finds: new RegExp(String.raw`ALTER TABLE ${TABLE} ADD .*\bDEFAULT ${VOLATILE}`, 'is'), onNewTables: true },
  { says: 'checks every row under a lock: add the constraint NOT VALID, and VALIDATE it in the next migration', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}(?!.*\bNOT VALID\b).*\bADD (?:CONSTRAINT|CHECK|FOREIGN KEY|UNIQUE|PRIMARY KEY|EXCLUDE)\b`, 'is'), onNewTables: true },
  { says: 'checks every row under a lock: a reference or uniqueness with a new column', finds: new RegExp(String.raw`ALTER TABLE ${TABLE}.*\bADD COLUMN.*\b(?:REFERENCES|UNIQUE|PRIMARY KEY)\b`, 'is'), onNewTables: true },
  { says: 'builds an index while nobody can write: use CONCURRENTLY in a migration that is online', finds: /CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?\w+ ON (?:ONLY )?"?(?<table>\w+)"?/i, onNewTables: true },
  { says: 'makes unique what earlier programs may write twice', finds: /CREATE UNIQUE INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?\w+ ON (?:ONLY )?"?(?<table>\w+)"?/i, inContract: true, onNewTables: true },
  { says: 'puts a trigger before what earlier programs write', finds: /CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER \w+ .*? ON "?(?<table>\w+)"?/is, inContract: true, onNewTables: true },
  { says: 'changes rows of a living table in one transaction: let the program do it in pieces', finds: /^\s*(?:UPDATE|DELETE FROM|MERGE INTO) "?(?<table>\w+)"?/i, onNewTables: true },
  { says: 'stops everybody', finds: /\b(?:LOCK TABLE|TRUNCATE TABLE|VACUUM|CLUSTER|REINDEX(?! \w+ CONCURRENTLY))\b/i },
];

/** What is wrong with a migration, one sentence a fault; none: it may run while earlier programs work. */
export async function migrationFaults(migration: Migration): Promise<readonly string[]> {
  const statements = (await statementsOf(migration)).flatMap((statement) => clausesOf(statement.replace(/\/\*.*?\*\/|--[^\n]*/gs, ' ')));
  const made = new Set(statements.flatMap((statement) => [.../CREATE TABLE (?:IF NOT EXISTS )?"?(\w+)"?/gi.exec(statement)?.slice(1) ?? []]));
  const faults = statements.flatMap((statement) =>
    RULES.flatMap(({ says, finds, inContract, onNewTables }) => {
      const found = finds.exec(statement);
      if (found === null) return [];
      if (inContract === true && migration.contract !== undefined) return [];
      if (onNewTables === true && made.has(found.groups?.['table'] ?? '')) return [];
      return [`${migration.name} ${says}: ${statement.trim().replaceAll(/\s+/g, ' ').slice(0, 100)}`];
    }),
  );
  return [...faults, ...onlineFaults(migration, statements), ...contractFaults(migration)];
}

/** `ALTER TABLE t a, b` as `ALTER TABLE t a` and `ALTER TABLE t b`. */
function clausesOf(statement: string): readonly string[] {
  const [, head, rest] = /^(\s*ALTER TABLE (?:IF EXISTS |ONLY )*\S+)\s(.*)$/is.exec(statement) ?? [];
  if (head === undefined || rest === undefined) return [statement];
  const clauses = [''];
  let depth = 0;
  for (const character of rest) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    if (character === ',' && depth === 0) clauses.push('');
    else clauses[clauses.length - 1] += character;
  }
  return clauses.map((clause) => `${head} ${clause.trim()}`);
}

/** What is interrupted is done again from its beginning, and an index that was half built has to go first. */
function onlineFaults({ name, isOnline }: Migration, statements: readonly string[]): readonly string[] {
  const created = statements.flatMap((statement) => /CREATE (?:UNIQUE )?INDEX CONCURRENTLY (\w+)/i.exec(statement)?.slice(1) ?? []);
  if (isOnline !== true) return statements.some((statement) => /\bCONCURRENTLY\b/i.test(statement)) ? [`${name} works CONCURRENTLY, which takes a migration that is online`] : [];
  const expected = created.flatMap((index) => [`DROP INDEX CONCURRENTLY IF EXISTS ${index}`, index]);
  const isRepeatable = statements.length === expected.length && created.every((index, at) => statements[at * 2]?.trim().toUpperCase() === `DROP INDEX CONCURRENTLY IF EXISTS ${index}`.toUpperCase());
  return isRepeatable ? [] : [`${name} cannot be begun again: before each CREATE INDEX CONCURRENTLY comes its DROP INDEX CONCURRENTLY IF EXISTS, and nothing else`];
}

function contractFaults({ name, number, contract }: Migration): readonly string[] {
  if (contract === undefined) return [];
  return contract.needs < number && contract.because.length > 20 ? [] : [`${name} has to say why, and to need a migration before itself: the program that no longer uses what goes comes first`];
}
