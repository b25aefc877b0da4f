import type { ApiDescription, ApiOperation, ApiSchema } from './api-description.ts';

const MOST_DEPTH = 6;

/** A call to copy into a shell. What the schemas give as examples is used; the rest is filled by kind, required fields only. */
export function curlExample(description: ApiDescription, method: string, path: string, operation: ApiOperation): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => shellWord(String(exampleOf(description, operation.parameters.find((parameter) => parameter.name === name)?.schema ?? {}))));
  const lines = [`curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$GATEWAY${address}"`];
  if ((operation.security ?? []).length > 0) lines.push('-H "Authorization: Bearer $API_KEY"');
  if (operation.parameters.some(({ name }) => name === 'Idempotency-Key')) lines.push('-H "Idempotency-Key: $(uuidgen)"');
  return [...lines, ...bodyLines(description, operation)].join(' \\\n  ');
}

function bodyLines(description: ApiDescription, { requestBody }: ApiOperation): readonly string[] {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  if (type === undefined || content === undefined) return [];
  if (type === 'application/json') return ['-H "Content-Type: application/json"', `-d '${JSON.stringify(exampleOf(description, content.schema)).replaceAll("'", String.raw`'\''`)}'`];
  if (type !== 'multipart/form-data') return ['--data-binary @file'];
  const { properties = {}, required = [] } = content.schema;
  return required.map((name) => {
    const part = properties[name] ?? {};
    return part.format === 'binary' ? `-F ${name}=@${name}.pdf` : `-F '${name}=${JSON.stringify(exampleOf(description, part))};type=application/json'`;
  });
}

function shellWord(text: string): string {
  return text.replaceAll(/[^\w.@/-]/g, (mark) => encodeURIComponent(mark));
}

export function exampleOf(description: ApiDescription, schema: ApiSchema, depth = 0): unknown {
  const resolved = resolve(description, schema);
  const { examples, default: usual, enum: choices, anyOf, oneOf, allOf } = { ...resolved, ...(schema.examples === undefined ? {} : { examples: schema.examples }) };
  if (examples?.[0] !== undefined) return examples[0];
  if (usual !== undefined) return usual;
  if (resolved.const !== undefined) return resolved.const;
  if (choices?.[0] !== undefined) return choices[0];
  const [inner] = anyOf ?? oneOf ?? allOf ?? [];
  if (inner === undefined) return plainExample(description, resolved, depth);
  const chosen = depth > MOST_DEPTH ? null : exampleOf(description, inner, depth + 1);
  return resolved.properties === undefined ? chosen : { ...membersIn(plainExample(description, resolved, depth)), ...membersIn(chosen) };
}

const membersIn = (example: unknown): object => (typeof example === 'object' && example !== null ? example : {});

function plainExample(description: ApiDescription, schema: ApiSchema, depth: number): unknown {
  const type = Array.isArray(schema.type) ? (schema.type as readonly string[])[0] : schema.type;
  if (type === 'object') {
    if (depth > MOST_DEPTH) return {};
    const { properties = {}, required = [] } = schema;
    return Object.fromEntries(required.flatMap((name) => (properties[name] === undefined ? [] : [[name, exampleOf(description, properties[name], depth + 1)]])));
  }
  if (type === 'array') return (schema.minItems ?? 0) > 0 && schema.items !== undefined && depth <= MOST_DEPTH ? [exampleOf(description, schema.items, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
  if (type === 'boolean') return false;
  if (type === 'null') return null;
  return textExample(schema);
}

function textExample({ format, pattern }: ApiSchema): string {
  if (format === 'uuid') return '019abcde-0000-7000-8000-000000000001';
  if (format === 'date-time') return '2026-11-24T08:00:00Z';
  if (pattern?.includes('{64}') === true) return '0'.repeat(64);
  return '…';
}

export function resolve({ components }: ApiDescription, schema: ApiSchema): ApiSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (components.schemas[name] ?? {});
}
