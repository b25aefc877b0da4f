import type { z } from 'zod';
import { GatewayError, type InputFault } from '../../domain/errors.ts';
import { MESSAGE_TYPES, type MessageType } from '../../domain/message.ts';
import { acceptV1, feeV1, feeV2, progressV1, recallV1, refuseV1, rescheduleV1, resultV1, submitV1, supplementRequestV1, supplementV1, transferV1, withdrawV1 } from './message-bodies.ts';

/** The versions of a message, the first at index 0. A version that was published never changes: what breaks a reader is a new one. */
type Versions = readonly [z.ZodObject, ...z.ZodObject[]];

/** Every message and the schema of its body. */
const CATALOGUE: Readonly<Record<MessageType, Versions>> = {
  'dossier.submit': [submitV1],
  'dossier.accept': [acceptV1],
  'dossier.refuse': [refuseV1],
  'dossier.supplement.request': [supplementRequestV1],
  'dossier.supplement': [supplementV1],
  'dossier.progress': [progressV1],
  'dossier.fee': [feeV1, feeV2],
  'dossier.transfer': [transferV1],
  'dossier.result': [resultV1],
  'dossier.withdraw': [withdrawV1],
  'dossier.recall': [recallV1],
  'dossier.reschedule': [rescheduleV1],
};

/** The versions that exist of a message, from 1. */
export function versionsOf(type: MessageType): readonly number[] {
  return CATALOGUE[type].map((_, index) => index + 1);
}

/** What is wrong with a message's version or body; pointers begin at the message. Nothing: it is as the catalogue has it. */
export function checkCatalogued({ type, schemaVersion, body }: { readonly type: MessageType; readonly schemaVersion: number; readonly body: unknown }): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] {
  const schema = CATALOGUE[type][schemaVersion - 1];
  if (schema === undefined) return [{ path: ['schemaVersion'], message: `${type} has the versions ${versionsOf(type).join(', ')}` }];
  const parsed = schema.safeParse(body);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => ({ path: ['body', ...path], message }));
}

/**
 * `dossier.fee=1,2` as the versions of a message that a system takes.
 * @throws REQUEST_INVALID for a message or version that does not exist
 */
export function readAcceptedVersions(text: string): readonly [MessageType, readonly number[]] {
  const [name = '', list = ''] = text.split('=', 2);
  const type = MESSAGE_TYPES.find((known) => known === name);
  if (type === undefined) throw invalid(`There is no message ${name}: ${MESSAGE_TYPES.join(', ')}`);
  const versions = [...new Set(list.split(',').map(Number))].sort((a, b) => a - b);
  if (versions.length === 0 || versions.some((version) => !versionsOf(type).includes(version))) throw invalid(`${type} has the versions ${versionsOf(type).join(', ')}: write ${type}=${versionsOf(type).join(',')}`);
  return [type, versions];
}

function invalid(message: string, faults: readonly InputFault[] = []): GatewayError {
  return new GatewayError('REQUEST_INVALID', message, { faults });
}

const nameOf = (type: MessageType): string => type.split('.').map((word) => word[0]?.toUpperCase() + word.slice(1)).join('');
const reference = (id: string): Json => ({ $ref: `#/$defs/${id}` });

type Json = Readonly<Record<string, unknown>>;

/** Schemas of the API description that stand beside those of the routes: each body under its name, such as `DossierFeeV2`. */
export const BODY_SCHEMAS: readonly z.ZodType[] = MESSAGE_TYPES.flatMap((type) => CATALOGUE[type].map((schema, index) => schema.meta({ id: `${nameOf(type)}V${index + 1}` })));

/** For each type, which body belongs to it in which version: components that `cataloguedMeta` refers to. */
export const TYPED_SCHEMAS: Readonly<Record<string, Json>> = Object.fromEntries(
  MESSAGE_TYPES.map((type) => {
    const versions = CATALOGUE[type].map((schema, index) => versionSchema(type, index + 1, !schema.safeParse({}).success));
    return [`${nameOf(type)}Message`, versions.length === 1 ? (versions[0] ?? {}) : { oneOf: versions }];
  }),
);

/** Version 1 is meant where none is named, and a body may be left out that has to say nothing. */
function versionSchema(type: MessageType, version: number, needsBody: boolean): Json {
  const required = ['type', ...(version > 1 ? ['schemaVersion'] : []), ...(needsBody ? ['body'] : [])];
  return { type: 'object', properties: { type: { const: type }, schemaVersion: { const: version }, body: reference(`${nameOf(type)}V${version}`) }, required };
}

/** Beside the members that all messages have in common (JSON Schema `oneOf`, OpenAPI `discriminator`). */
export const cataloguedMeta = {
  oneOf: MESSAGE_TYPES.map((type) => reference(`${nameOf(type)}Message`)),
  discriminator: { propertyName: 'type', mapping: Object.fromEntries(MESSAGE_TYPES.map((type) => [type, `#/components/schemas/${nameOf(type)}Message`])) },
} as const;
