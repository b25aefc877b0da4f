import type { Evidence, OwnSignature, ReceiptStatement } from '../domain/evidence.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { Message, MessageManifest } from '../domain/message.ts';
import { COMMITMENTS, type Commitment } from '../domain/signature.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import { buildManifest } from '../formats/asic/manifest.ts';
import { CMS_MEDIA_TYPE } from '../formats/ades/judge-document.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { signatureEntry, THE_MESSAGE } from '../formats/evidence/names.ts';
import { nameOfReceipt, objectsOfMessage, objectsOfReceipt, type SignedObject } from '../formats/evidence/statements.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import { buildBaseline } from './sign-digest.ts';

/**
 * Signs, now, that a message was handed in: its manifest, body and papers by their digests. Needs no network and no time-stamp; the log
 * gives the time. To be recorded in the transaction of what is attested.
 * @param manifestJson the bytes whose digest the message carries
 * @throws EXCHANGE_KEY_MISSING, SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, SIGNATURE_CHECK_FAILED
 * @see ETSI EN 319 162-1 §4.4.4, EN 319 122-1 §6.3
 */
export function attestMessage(ports: AttestPorts, { id, createdAt, fromPartnerId }: Message, recipients: readonly PartnerId[], manifest: MessageManifest, manifestJson: string): Promise<Evidence> {
  const about = { messageId: id, kind: 'message', name: THE_MESSAGE, partnerId: fromPartnerId, seenBy: seenBy(fromPartnerId, ...recipients), statement: null, ownSignature: null, at: createdAt } as const;
  return sign(ports, about, objectsOfMessage(manifestJson, manifest), 'origin');
}

export interface ReceiptTerms {
  /** Who sent the message; null: the gateway itself. */
  readonly sender: PartnerId | null;
  /** What the recipient signed itself; absent: nothing. */
  readonly own?: OwnSignature | null;
  readonly at: Date;
}

/** The same for what happened to a message afterwards. @throws as `attestMessage` */
export function attestReceipt(ports: AttestPorts, statement: ReceiptStatement, { sender, own = null, at }: ReceiptTerms): Promise<Evidence> {
  const name = nameOfReceipt(statement);
  const [said, ownSignature] = [canonicalJson(statement), own === null ? null : canonicalJson(own)];
  const partnerId: PartnerId | null = statement.kind === 'erased' ? null : statement.recipient;
  const about = { messageId: statement.messageId, kind: statement.kind, name, partnerId, seenBy: seenBy(sender, partnerId), statement: said, ownSignature, at } as const;
  return sign(ports, about, objectsOfReceipt(name, said, ownSignature), statement.kind === 'delivered' ? 'delivery' : 'receipt');
}

async function sign({ exchangeKey }: AttestPorts, about: Omit<Evidence, 'manifestXml' | 'cmsDer'>, objects: readonly SignedObject[], commitment: Commitment): Promise<Evidence> {
  const signer = await exchangeKey.signer();
  const manifestXml = buildManifest({ signature: signatureEntry(about.name), signatureMediaType: CMS_MEDIA_TYPE, objects });
  const attributes = { signingTime: about.at, commitmentType: COMMITMENTS[commitment] };
  const { cmsDer } = await buildBaseline(signer, { contentDigest: digestOf('sha256', manifestXml), digestAlgorithm: 'sha256', certificate: readKnownCertificate(signer.chainDer[0]), attributes });
  return { ...about, manifestXml, cmsDer };
}

/** Whoever sent the message or acted on it may see the proof. */
function seenBy(...partners: readonly (PartnerId | null)[]): readonly PartnerId[] {
  return [...new Set(partners.filter((partner) => partner !== null))];
}
