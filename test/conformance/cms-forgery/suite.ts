import { readFileSync } from 'node:fs';
import { createHash, createPublicKey } from 'node:crypto';
import { GatewayError } from '../../../src/domain/errors.ts';
import { digestAlgorithmDer } from '../../../src/formats/algorithms/digests.ts';
import { pssParametersDer } from '../../../src/formats/algorithms/pss.ts';
import { KEY_OID, signatureAlgorithmDer } from '../../../src/formats/algorithms/schemes.ts';
import { context, contextPrimitive, integer, nullValue, octetString, oid, sequence, setOf, unsignedInteger } from '../../../src/formats/asn1/writer.ts';
import { attribute } from '../../../src/formats/cms/build-attributes.ts';
import { checkSignerInfo } from '../../../src/formats/cms/check-signer-info.ts';
import { checkCounterSignature } from '../../../src/formats/cms/counter-signature.ts';
import { ATTRIBUTE, CONTENT_TYPE } from '../../../src/formats/cms/oids.ts';
import { readSignedData } from '../../../src/formats/cms/signed-data.ts';
import { essCertIdV2Der } from '../../../src/formats/cms/signer-reference.ts';
import { keyIdentifierOf } from '../../../src/formats/x509/build-certificate.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { testCa, testIdentity, type TestIdentity } from '../../support/certificates.ts';
import { vectorPath } from '../../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';
import { attributesWithout, CONTENT, contentType, craft, honestAttributes, messageDigest, pssValue, signedData, signerInfo } from './craft.ts';

/** Forged, mixed-up and oversized CMS: each class refused, and the honest look-alikes accepted. */
export const suite: Suite = { name: 'cms-forgery', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('cms-forgery'));
}

/** Why a variant was refused; null when it was accepted. */
type Variant = () => string | null;

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly refused: readonly Variant[];
  /** Honest ones that look alike. */
  readonly accepted?: readonly Variant[];
}

export function outcomes(): CaseOutcome[] {
  return cases().map(({ id, rule, refused, accepted = [] }) => {
    const reasons = refused.map((variant) => variant());
    const alarms = accepted.map((variant) => variant()).filter((reason) => reason !== null);
    const passed = reasons.some((reason) => reason === null);
    const detail = `${rule}: ${reasons.map((reason) => reason ?? 'ACCEPTED').join(' | ')}${alarms.length === 0 ? '' : `; honest ones refused: ${alarms.join(' | ')}`}`;
    return { id, shouldPass: false, passed, detail, agrees: !passed && alarms.length === 0 };
  });
}

function cases(): Case[] {
  const ca = testCa();
  const rsa = testIdentity({ issuer: ca });
  const ec = testIdentity({ issuer: ca, key: 'p256' });
  return [...forgedAttributes(rsa), ...swappedAlgorithms(rsa, ec), ...pssParameters(rsa), ...ambiguous(rsa, ec, ca), ...misplaced(rsa), ...oversized(ec)];
}

function forgedAttributes(rsa: TestIdentity): Case[] {
  const signed = honestAttributes({ identity: rsa });
  const set = setOf(...signed);
  return [
    {
      id: 'CMS-1',
      rule: 'attributes of a signature passed off as signed content (draft-ietf-lamps-cms-euf-cma-signeddata, attack A)',
      refused: [
        () => judge(craft({ identity: rsa, attributes: null, encapsulated: set, signature: rsa.signer.sign(set) }), null),
        () => judge(craft({ identity: rsa, attributes: null, signature: rsa.signer.sign(set) }), set),
        () => judge(contentsOf('sig-no-signed-attrs.pdf'), new Uint8Array()),
      ],
    },
    {
      id: 'CMS-2',
      rule: 'signed content passed off as attributes (attack B): what we sign is never the bare content',
      refused: [() => judge(craft({ identity: rsa, attributes: honestAttributes({ identity: rsa, content: Buffer.from('chosen by the forger') }), signature: rsa.signer.sign(setOf(...honestAttributes({ identity: rsa, content: set }))) }), Buffer.from('chosen by the forger'))],
      accepted: [() => judge(craft({ identity: rsa, content: set }), set)],
    },
  ];
}

function swappedAlgorithms(rsa: TestIdentity, ec: TestIdentity): Case[] {
  const protectedAttributes = (): Uint8Array[] => [...honestAttributes({ identity: rsa }), attribute(ATTRIBUTE.algorithmProtection, sequence(digestAlgorithmDer('sha256'), context(1, oid('1.2.840.113549.1.1.11'), nullValue())))];
  const bare = sequence(oid(KEY_OID.RSA), nullValue());
  return [
    {
      id: 'CMS-3',
      rule: 'digestAlgorithm is no digest, or not the one the signature algorithm names (RFC 8933 §3)',
      refused: [
        () => judge(craft({ identity: rsa, digestAlgorithm: digestAlgorithmDer('sha512') })),
        () => judge(craft({ identity: rsa, digestAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), nullValue()) })),
        () => judge(craft({ identity: ec, digestAlgorithm: digestAlgorithmDer('sha384') })),
      ],
      accepted: [() => judge(craft({ identity: rsa, digestAlgorithm: digestAlgorithmDer('sha256', 'null') }))],
    },
    {
      id: 'CMS-4',
      rule: 'signatureAlgorithm swapped under CMSAlgorithmProtection (RFC 6211 §3)',
      refused: [() => judge(craft({ identity: rsa, attributes: protectedAttributes(), signatureAlgorithm: bare }))],
      accepted: [() => judge(craft({ identity: rsa, attributes: protectedAttributes() }))],
    },
    {
      id: 'CMS-5',
      rule: 'signatureAlgorithm swapped without it',
      refused: [
        () => judge(craft({ identity: rsa, signatureAlgorithm: signatureAlgorithmDer('pkcs1', 'sha512') })),
        () => judge(craft({ identity: rsa, signatureAlgorithm: signatureAlgorithmDer('pss', 'sha256') })),
        () => judge(craft({ identity: rsa, signatureAlgorithm: signatureAlgorithmDer('ecdsa', 'sha256') })),
      ],
      accepted: [() => judge(craft({ identity: rsa, signatureAlgorithm: bare }))],
    },
    {
      id: 'CMS-6',
      rule: 'SHA-1 or MD5 of the content inside an RSA-SHA256 signature',
      refused: [() => judge(craft({ identity: rsa, digest: 'sha1' })), () => judge(craft({ identity: rsa, digest: 'md5' }))],
    },
  ];
}

function pssParameters(rsa: TestIdentity): Case[] {
  const attributes = honestAttributes({ identity: rsa });
  const value = (saltLength: number): Uint8Array => pssValue(rsa.privateKey, setOf(...attributes), saltLength);
  const algorithm = (...parameters: readonly Uint8Array[]): Uint8Array => sequence(oid(KEY_OID.RSA_PSS), ...parameters);
  const parameters = (saltBytes: number, mgfDigest: 'sha256' | 'sha1' = 'sha256'): Uint8Array => algorithm(pssParametersDer({ digest: 'sha256', mgfDigest, saltBytes }));
  const hash = context(0, digestAlgorithmDer('sha256', 'null'));
  const mgf = context(1, sequence(oid('1.2.840.113549.1.1.8'), digestAlgorithmDer('sha256', 'null')));
  const made = (signatureAlgorithm: Uint8Array, saltLength = 32): Variant => () => judge(craft({ identity: rsa, attributes, signatureAlgorithm, signature: value(saltLength) }));
  return [
    { id: 'CMS-7', rule: 'RSA-PSS without parameters, or with NULL (RFC 4056 §3)', refused: [made(algorithm()), made(algorithm(nullValue()))], accepted: [made(parameters(32))] },
    { id: 'CMS-8', rule: 'RSA-PSS trailer other than 1 (RFC 4055 §3.1)', refused: [made(algorithm(sequence(hash, mgf, context(2, integer(32)), context(3, integer(2)))))] },
    { id: 'CMS-9', rule: 'RSA-PSS salt of another length than stated', refused: [made(parameters(0)), made(parameters(32), 0)] },
    { id: 'CMS-10', rule: 'RSA-PSS with MGF1-SHA1 stated for a value made with MGF1-SHA256', refused: [made(parameters(32, 'sha1'))] },
  ];
}

function ambiguous(rsa: TestIdentity, ec: TestIdentity, ca: TestIdentity): Case[] {
  const attributes = honestAttributes({ identity: rsa });
  const reversed = [...attributes].reverse();
  const sameNumber = Buffer.from(readCertificate(rsa.certificateDer).serialHex, 'hex');
  const twin = testIdentity({ issuer: ca, serialNumber: sameNumber });
  const ski = (identity: TestIdentity): Uint8Array => contextPrimitive(0, keyIdentifierOf(createPublicKey(identity.privateKey).export({ type: 'spki', format: 'der' })));
  return [
    { id: 'CMS-11', rule: 'ECDSA value with r = 0 or s = 0, or not DER', refused: [[0, 1], [1, 0]].map(([r = 0, s = 0]) => () => judge(craft({ identity: ec, signature: sequence(unsignedInteger(Uint8Array.of(r)), unsignedInteger(Uint8Array.of(s))) }))) },
    {
      id: 'CMS-12',
      rule: 'value made over attributes in another order than DER’s (RFC 5652 §5.4)',
      refused: [() => judge(craft({ identity: rsa, attributes: reversed, toBeSigned: setAsSent(reversed) }))],
      accepted: [() => judge(craft({ identity: rsa, attributes: reversed }))],
    },
    {
      id: 'CMS-13',
      rule: 'attributes twice, with two values, or missing (RFC 5652 §11)',
      refused: [
        [...attributes, messageDigest(CONTENT)],
        [...attributes, messageDigest(Buffer.from('other'))],
        [...attributes, contentType(CONTENT_TYPE.data)],
        [...attributesWithout({ identity: rsa }, ATTRIBUTE.messageDigest), attribute(ATTRIBUTE.messageDigest, octetString(sha256(CONTENT)), octetString(sha256(Buffer.from('other'))))],
        attributesWithout({ identity: rsa }, ATTRIBUTE.messageDigest),
        attributesWithout({ identity: rsa }, ATTRIBUTE.contentType),
        [...attributesWithout({ identity: rsa }, ATTRIBUTE.contentType), contentType(CONTENT_TYPE.tstInfo)],
        [],
      ].map((list) => () => judge(craft({ identity: rsa, attributes: list }))),
    },
    {
      id: 'CMS-14',
      rule: 'two SignerInfos, one of them bad (EN 319 142-1 §6.3)',
      refused: [
        () => judge(signedData({ identity: rsa }, [signerInfo({ identity: rsa }), signerInfo({ identity: rsa, signature: new Uint8Array(256) })])),
        () => judge(signedData({ identity: rsa }, [signerInfo({ identity: rsa }), signerInfo({ identity: rsa })])),
      ],
    },
    { id: 'CMS-15', rule: 'certificates only, no signer', refused: [() => judge(signedData({ identity: rsa }, []))] },
    {
      id: 'CMS-16',
      rule: 'signer named by a key identifier: another’s, or none at hand',
      refused: [() => judge(craft({ identity: rsa, sid: ski(ec), certificates: [rsa.certificateDer, ec.certificateDer] })), () => judge(craft({ identity: rsa, sid: ski(rsa), certificates: [] }))],
      accepted: [() => judge(craft({ identity: rsa, sid: ski(rsa) }))],
    },
    {
      id: 'CMS-17',
      rule: 'two certificates with one issuer and serial number',
      refused: [[twin, rsa], [rsa, twin], [twin]].map((set) => () => judge(craft({ identity: rsa, signature: twin.signer.sign(setOf(...attributes)), certificates: set.map(({ certificateDer }) => certificateDer) }))),
      accepted: [[twin, rsa], [rsa, twin]].map((set) => () => judge(craft({ identity: rsa, certificates: set.map(({ certificateDer }) => certificateDer) }))),
    },
    signingCertificates(rsa, ec),
  ];
}

function signingCertificates(rsa: TestIdentity, ec: TestIdentity): Case {
  const rest = attributesWithout({ identity: rsa }, ATTRIBUTE.signingCertificateV2);
  const v1 = (certificateDer: Uint8Array): Uint8Array => attribute(ATTRIBUTE.signingCertificate, sequence(sequence(sequence(octetString(createHash('sha1').update(certificateDer).digest())))));
  const v2 = (...certificates: readonly Uint8Array[]): Uint8Array => attribute(ATTRIBUTE.signingCertificateV2, sequence(sequence(...certificates.map((der) => essCertIdV2Der(der, 'sha256')))));
  const made = (...attributes: readonly Uint8Array[]): Variant => () => judge(craft({ identity: rsa, attributes: [...rest, ...attributes] }));
  return {
    id: 'CMS-18',
    rule: 'signing-certificate missing, of another certificate, in the wrong order, empty, versions that disagree (RFC 5035 §5)',
    refused: [made(), made(v2(ec.certificateDer)), made(v1(ec.certificateDer)), made(v2(ec.certificateDer, rsa.certificateDer)), made(v2()), made(v2(rsa.certificateDer), v1(ec.certificateDer))],
    accepted: [made(v1(rsa.certificateDer)), made(v2(rsa.certificateDer, ec.certificateDer)), made(v2(rsa.certificateDer), v1(rsa.certificateDer))],
  };
}

function misplaced(rsa: TestIdentity): Case[] {
  const genuine = craft({ identity: rsa });
  const counter = (over: Uint8Array): Uint8Array => {
    const input = { identity: rsa, content: over };
    return signerInfo({ ...input, attributes: attributesWithout(input, ATTRIBUTE.contentType) });
  };
  return [
    {
      id: 'CMS-19',
      rule: 'detached and attached mixed up (RFC 5652 §5.2)',
      refused: [
        () => judge(craft({ identity: rsa, encapsulated: CONTENT })),
        () => judge(craft({ identity: rsa, encapsulated: CONTENT }), Buffer.from('another file')),
        () => judge(craft({ identity: rsa }), null),
        () => judge(craft({ identity: rsa, encapsulated: new Uint8Array() })),
      ],
      accepted: [() => judge(craft({ identity: rsa, encapsulated: CONTENT }), null)],
    },
    {
      id: 'CMS-20',
      rule: 'counter-signature of another signature injected, or signed attributes moved to the unsigned (RFC 5652 §11.4)',
      refused: [
        () => judgeCounter(genuine, counter(Buffer.from('value of another signature'))),
        () => judgeCounter(genuine, signerInfo({ identity: rsa, content: signatureOf(genuine) })),
        () => judge(craft({ identity: rsa, unsigned: [messageDigest(Buffer.from('other'))] })),
      ],
      accepted: [() => judgeCounter(genuine, counter(signatureOf(genuine)))],
    },
  ];
}

function oversized(ec: TestIdentity): Case[] {
  const many = Array.from({ length: 10_000 }, (_, index) => attribute(`1.2.3.4.${index}`, nullValue()));
  let nested = craft({ identity: ec });
  for (let depth = 0; depth < 50; depth++) nested = craft({ identity: ec, content: nested, encapsulated: nested, contentType: CONTENT_TYPE.signedData });
  return [
    { id: 'CMS-21', rule: '10,000 unsigned attributes', refused: [() => judge(craft({ identity: ec, unsigned: many }))] },
    {
      id: 'CMS-22',
      rule: 'nested without end, indefinite lengths without end, cut off everywhere',
      refused: [
        () => judge(Buffer.alloc(100_000, Buffer.of(0x30, 0x80)), null),
        () => judge(Buffer.concat([Buffer.of(0x30, 0x80), Buffer.alloc(4_000_000, Buffer.of(0x05, 0x00))]), null),
        ...everyTruncation(craft({ identity: ec })),
      ],
      // Content is bytes to us, whatever it is: fifty signatures inside one another cost as much as one.
      accepted: [() => judge(nested, null)],
    },
  ];
}

function everyTruncation(bytes: Uint8Array): Variant[] {
  return [() => {
    const accepted = Array.from({ length: bytes.length }, (_, length) => judge(bytes.subarray(0, length))).filter((reason) => reason === null);
    return accepted.length === 0 ? 'all refused' : null;
  }];
}

/** Detached over `content`, or with the content inside when that is null. */
function judge(cms: Uint8Array, content: Uint8Array | null = CONTENT): string | null {
  try {
    const data = readSignedData(cms);
    const [first] = data.signerInfos;
    if (first === undefined) return 'no signer';
    const result = checkSignerInfo({ signedData: data, signerInfo: first, profile: 'pades', ...(content === null ? {} : { contentDigest: (digest) => createHash(digest).update(content).digest() }) });
    if (result.integrity === 'intact' && result.subIndication === null) return null;
    return `${result.integrity} ${result.subIndication ?? ''} (${result.checks.filter(({ status }) => status === 'failed').map(({ name }) => name).join(', ')})`;
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

function judgeCounter(parentCms: Uint8Array, valueDer: Uint8Array): string | null {
  const data = readSignedData(parentCms);
  const [parent] = data.signerInfos;
  if (parent === undefined) return 'no signer';
  const result = checkCounterSignature(data, parent, valueDer);
  return result.integrity === 'intact' && result.subIndication === null ? null : `${result.integrity} ${result.subIndication ?? ''}`;
}

function signatureOf(cms: Uint8Array): Uint8Array {
  return readSignedData(cms).signerInfos[0]?.signature ?? new Uint8Array();
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** SET OF in the order of the wire: what a signer who does not sort would hash. */
function setAsSent(attributes: readonly Uint8Array[]): Uint8Array {
  const tagged = Uint8Array.from(context(0, ...attributes));
  tagged[0] = 0x31;
  return tagged;
}

/** The CMS of the first signature of a file of pyHanko's tests. */
function contentsOf(file: string): Uint8Array {
  const text = readFileSync(vectorPath('pyhanko', 'pdf', file)).toString('latin1');
  return Buffer.from(/\/Contents\s*<([0-9A-Fa-f]+)>/.exec(text)?.[1] ?? '', 'hex');
}
