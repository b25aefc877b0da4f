import type { SignatureToMake } from './sign-elsewhere.ts';

/** `SignatureToMake` as JSON holds it: bytes in base64. Only for what we wrote ourselves and kept sealed, or in its owner's file. */
export interface PreparedState extends Omit<SignatureToMake, 'chainDer' | 'contentDigest' | 'signedAttributesDer' | 'preparedAt' | 'prepared'> {
  readonly chain: readonly string[];
  readonly contentDigest: string;
  readonly signedAttributes: string;
  readonly preparedAt: string;
  readonly prepared: (Omit<NonNullable<SignatureToMake['prepared']>, 'increment'> & { readonly increment: string }) | null;
}

export function stateOf({ chainDer, contentDigest, signedAttributesDer, preparedAt, prepared, ...rest }: SignatureToMake): PreparedState {
  return {
    ...rest,
    chain: chainDer.map(base64),
    contentDigest: base64(contentDigest),
    signedAttributes: base64(signedAttributesDer),
    preparedAt: preparedAt.toISOString(),
    prepared: prepared === null ? null : { ...prepared, increment: base64(prepared.increment) },
  };
}

export function toMakeOf({ chain, contentDigest, signedAttributes, preparedAt, prepared, ...rest }: PreparedState): SignatureToMake {
  const [leaf, ...issuers] = chain.map(bytes);
  if (leaf === undefined) throw new Error('A prepared signature without certificate');
  return {
    ...rest,
    chainDer: [leaf, ...issuers],
    contentDigest: bytes(contentDigest),
    signedAttributesDer: bytes(signedAttributes),
    preparedAt: new Date(preparedAt),
    prepared: prepared === null ? null : { ...prepared, increment: bytes(prepared.increment) },
  };
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString('base64');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
