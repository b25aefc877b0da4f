/**
 * An OpenAPI 3.1 description as TypeScript types, in the form that openapi-fetch reads (`paths`). openapi-typescript, which would do the same,
 * works with the compiler API of TypeScript 5, and TypeScript 7 has none; of JSON Schema only what zod writes is understood.
 */
export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly summary?: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly description?: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema | false;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** @returns the text of a module with `Schemas`, by name, and `paths` */
export function typesOf({ paths, webhooks, components }: Described): string {
  const schemas = Object.entries(components.schemas).map(([name, schema]) => `${comment(schema.description)}type ${name} = ${typeOf(unrepeated(schema, components.schemas))};`);
  const names = Object.keys(components.schemas).map((name) => `${name}: ${name};`);
  const calls = Object.entries(paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => member(method, true, operation.summary, operationType(operation)));
    return member(path, true, undefined, block(operations));
  });
  const pushed = Object.entries(webhooks).flatMap(([name, methods]) => Object.values(methods).map(({ requestBody }) => member(name, true, undefined, contentType(requestBody?.content))));
  return [
    '// Generated from /openapi.json by scripts/generate-client.ts: change the schemas in src/formats/api instead.',
    ...schemas,
    `export interface Schemas ${block(names)}`,
    `export interface Webhooks ${block(pushed)}`,
    // A type and not an interface: openapi-fetch asks for an index signature, which only a type has implicitly.
    `export type paths = ${block(calls)};`,
    '',
  ].join('\n\n');
}

/** Without the members that its alternatives have in a narrower form; of those only that they are there, where they have to be. */
function unrepeated(schema: Schema, all: Readonly<Record<string, Schema>>): Schema {
  if (schema.properties === undefined || schema.oneOf === undefined) return schema;
  const narrower = new Set(schema.oneOf.flatMap((each) => membersOf(each, all)));
  const own = Object.entries(schema.properties).flatMap(([name, property]): [string, Schema][] => (!narrower.has(name) ? [[name, property]] : schema.required?.includes(name) === true ? [[name, ANY_BUT_NOTHING]] : []));
  return { ...schema, properties: Object.fromEntries(own) };
}

/** Written `{}`. */
const ANY_BUT_NOTHING: Schema = { type: 'object', additionalProperties: false };

function membersOf({ $ref, properties = {}, oneOf = [] }: Schema, all: Readonly<Record<string, Schema>>): readonly string[] {
  const referred = $ref === undefined ? undefined : all[$ref.split('/').at(-1) ?? ''];
  return [...Object.keys(properties), ...oneOf.flatMap((each) => membersOf(each, all)), ...(referred === undefined ? [] : membersOf(referred, all))];
}

function operationType({ parameters, requestBody, responses }: Operation): string {
  const places = ['query', 'header', 'path', 'cookie'].map((place) => {
    const its = parameters.filter((parameter) => parameter.in === place);
    if (its.length === 0) return `${place}?: never;`;
    return member(place, its.some(({ required }) => required), undefined, block(its.map(({ name, required, description, schema }) => member(name, required, description, typeOf(schema)))));
  });
  const answers = Object.entries(responses).map(([status, { content }]) => `${status}: { headers: { [name: string]: unknown }; content${contentType(content) === 'never' ? '?' : ''}: ${contentBlock(content)} };`);
  return block([`parameters: ${block(places)};`, requestBody === undefined ? 'requestBody?: never;' : `requestBody: { content: ${contentBlock(requestBody.content)} };`, `responses: ${block(answers)};`]);
}

function contentBlock(content: Content = {}): string {
  const entries = Object.entries(content);
  return entries.length === 0 ? 'never' : block(entries.map(([type, { schema }]) => member(type, true, undefined, typeOf(schema))));
}

function contentType(content: Content = {}): string {
  return Object.values(content).map(({ schema }) => typeOf(schema)).join(' | ') || 'never';
}

function typeOf(schema: Schema): string {
  const { $ref, const: constant, enum: choices, properties, allOf } = schema;
  if ($ref !== undefined) return $ref.split('/').at(-1) ?? 'unknown';
  if (constant !== undefined) return JSON.stringify(constant);
  if (choices !== undefined) return union(choices.map((choice) => JSON.stringify(choice)));
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return properties === undefined ? eitherType(either) : `${objectType(schema)} & (${eitherType(either)})`;
  if (allOf !== undefined) return allOf.map((part) => `(${typeOf(part)})`).join(' & ');
  return union([schema.type ?? []].flat().map((type) => plainType(type, schema))) || 'unknown';
}

/** Known values beside any other text stay visible: an editor offers them. */
function eitherType(either: readonly Schema[]): string {
  const hasChoices = either.some(({ enum: choices }) => choices !== undefined);
  return union(either.map((each) => (hasChoices && typeOf(each) === 'string' ? '(string & {})' : typeOf(each))));
}

function plainType(type: string, schema: Schema): string {
  if (type === 'object') return objectType(schema);
  if (type === 'array') return schema.items === undefined || schema.items === false ? 'unknown[]' : `(${typeOf(schema.items)})[]`;
  if (type === 'integer') return 'number';
  return type === 'string' && schema.format === 'binary' ? 'Blob' : type;
}

function objectType({ properties = {}, required = [], additionalProperties }: Schema): string {
  const known = Object.entries(properties).map(([name, schema]) => member(name, required.includes(name), schema.description, typeOf(schema)));
  if (additionalProperties === false || (additionalProperties === undefined && known.length > 0)) return block(known);
  const others = typeof additionalProperties === 'object' && known.length === 0 ? typeOf(additionalProperties) : 'unknown';
  return block([...known, `[name: string]: ${others};`]);
}

function member(name: string, required: boolean, description: string | undefined, type: string): string {
  return `${comment(description)}${/^[a-z_$][\w$]*$/i.test(name) ? name : JSON.stringify(name)}${required ? `: ${type}` : `?: ${type} | undefined`};`;
}

function comment(description: string | undefined): string {
  return description === undefined ? '' : `/** ${description.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */\n`;
}

function block(members: readonly string[]): string {
  return members.length === 0 ? '{}' : `{\n${members.join('\n').replaceAll(/^/gm, '  ')}\n}`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ');
}
