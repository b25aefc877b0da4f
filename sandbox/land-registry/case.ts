import type { GatewayClient, NamedBytes, Schemas } from '../../client/index.ts';
import type { SignatureLevel } from '../../src/domain/signature.ts';
import type { Place } from '../../src/formats/pdf-drawing/paper.ts';
import type { PaperFonts } from '../../src/formats/pdf-drawing/paper.ts';
import { drawPapers } from '../papers/draw-papers.ts';
import { isoDay, PROCEDURE, sampleCase, type Person, type SampleCase } from '../papers/sample-case.ts';
import { Refusal } from '../router.ts';

export type SignerRole = 'officer' | 'seal';

export interface CaseSettings {
  readonly gateway: GatewayClient;
  readonly agencyCode: string;
  /** The agency that gets the result. */
  readonly recipientAgencyCode: string;
  readonly level: SignatureLevel;
  /** Ids of the keys at the gateway. */
  readonly keys: Readonly<Record<SignerRole, string>>;
  readonly fonts: PaperFonts;
  readonly now: () => Date;
}

export interface MadeSignature {
  readonly role: SignerRole;
  readonly keyId: string;
  readonly signatureId: string;
  readonly documentId: string;
  readonly level: string;
  readonly sha256: string;
}

/** One dossier in the registry's own system. */
export interface LandCase {
  readonly code: string;
  readonly facts: SampleCase;
  /** Number and notation of the decision. */
  readonly decisionNumber: string;
  readonly places: Readonly<Record<SignerRole, Place>>;
  /** By file name; the decision as it stands now. */
  readonly papers: Map<string, NamedBytes>;
  /** What the gateway keeps: file name → document id. */
  readonly documentIds: Map<string, string>;
  readonly signatures: MadeSignature[];
  verification: Schemas['ValidationReport'] | null;
  sentMessageId: string | null;
}

export const DECISION_NAME = 'quyet-dinh.pdf';
/** The decision as the archive keeps it. */
export const ARCHIVED_NAME = 'quyet-dinh.lta.pdf';
const SEAL_FIELD = 'DauCoQuan';

/** Opens the dossier, the gateway issuing its code, and hands in the applicant's papers. @param key of this filing, the same when it is repeated */
export async function fileCase(settings: CaseSettings, key: string): Promise<LandCase> {
  const { gateway, fonts, agencyCode, now } = settings;
  const at = now();
  const { applicant } = sampleCase('', at);
  const { name, phone, email, address, identityNumber } = applicant;
  const title = `Hồ sơ đăng ký biến động đất đai của ông ${name} (mẫu)`;
  const { code } = await gateway.openDossier({ agencyCode, procedure: { ...PROCEDURE }, title, applicant: { name, phone, email, address, identityNumber } }, key);
  const facts = sampleCase(code, at);
  const { application, parcelSketch, decision } = await drawPapers(facts, fonts);
  const papers = new Map([named('don-dang-ky.pdf', application), named('manh-trich-do.pdf', parcelSketch), named(DECISION_NAME, decision.pdf)]);
  const documentIds = new Map<string, string>();
  for (const paper of papers.values()) {
    if (paper.name !== DECISION_NAME) documentIds.set(paper.name, (await gateway.storeDocument(paper, `${code}-${paper.name}`)).id);
  }
  const places = { officer: decision.officer, seal: decision.seal };
  return { code, facts, decisionNumber: decision.number, places, papers, documentIds, signatures: [], verification: null, sentMessageId: null };
}

function named(name: string, bytes: Uint8Array): [string, NamedBytes] {
  return [name, { name, bytes, mediaType: 'application/pdf' }];
}

/** Decree 30/2020 Art. 5: the officer first, then the agency's seal over it; each adds to the file and changes nothing. */
export async function signDecision({ gateway, keys, level }: CaseSettings, landCase: LandCase, role: SignerRole): Promise<MadeSignature> {
  const { code, papers, places, signatures } = landCase;
  if (signatures.some((made) => made.role === role)) throw new Refusal(409, `The decision has the signature "${role}" already`);
  if (role === 'seal' && signatures.length === 0) throw new Refusal(409, 'The officer signs before the seal is set');
  if (landCase.sentMessageId !== null) throw new Refusal(409, 'The decision was sent already');
  // The officer's signature places the seal's field too: the lawful overlap is foreseen, and raises no alarm.
  const place = role === 'officer' ? { placement: places.officer, laterFields: [{ name: SEAL_FIELD, ...places.seal }] } : { field: SEAL_FIELD };
  const signed = await gateway.sign(paperOf(landCase, DECISION_NAME), { keyId: keys[role], level, appearance: role, ...place, location: 'Huế', dossierCode: code }, `${code}-${role}`);
  papers.set(DECISION_NAME, { name: DECISION_NAME, bytes: signed.bytes, mediaType: 'application/pdf' });
  landCase.documentIds.set(DECISION_NAME, signed.documentId);
  landCase.verification = null;
  const made: MadeSignature = { role, keyId: keys[role], signatureId: signed.signatureId, documentId: signed.documentId, level: signed.level, sha256: signed.sha256 };
  signatures.push(made);
  return made;
}

export async function verifyDecision({ gateway }: CaseSettings, landCase: LandCase): Promise<Schemas['ValidationReport']> {
  landCase.verification = await gateway.verify(paperOf(landCase, DECISION_NAME));
  return landCase.verification;
}

/** For the archive, which outlives every certificate: validation data in the document, and a time-stamp over all of it. */
export async function archiveDecision({ gateway }: CaseSettings, landCase: LandCase): Promise<{ readonly level: string; readonly documentId: string }> {
  if (landCase.signatures.length < 2) throw new Refusal(409, 'The decision needs the officer’s signature and the seal');
  const { bytes, level, documentId } = await gateway.extend(paperOf(landCase, DECISION_NAME), { level: 'B-LTA' }, `${landCase.code}-archive`);
  landCase.papers.set(ARCHIVED_NAME, { name: ARCHIVED_NAME, bytes, mediaType: 'application/pdf' });
  return { level, documentId };
}

/** Policy by which this office lets a result out whose signers' revocation could not be checked: named in the message, so that nobody is misled. */
export const RELEASE_POLICY = 'land-registry/intact-and-not-failed';

function mayBeReleased({ result, signatures }: Schemas['ValidationReport']): boolean {
  return (result === 'TOTAL-PASSED' || result === 'INDETERMINATE') && signatures.every(({ integrity }) => integrity === 'intact');
}

/** Sends the result with all papers; the receiving agency is asked to have it delivered by the post. */
export async function sendResult({ gateway, agencyCode, recipientAgencyCode }: CaseSettings, landCase: LandCase): Promise<string> {
  const { code, facts, decisionNumber, verification, documentIds } = landCase;
  if (landCase.signatures.length < 2) throw new Refusal(409, 'The decision needs the officer’s signature and the seal');
  if (verification === null || !mayBeReleased(verification)) throw new Refusal(409, 'The decision was not verified, or must not be released');
  const body = {
    number: decisionNumber,
    title: 'Quyết định về việc xác nhận đăng ký biến động quyền sử dụng đất',
    decidedOn: isoDay(facts.decidedOn),
    verification: { result: verification.result, releasedBy: RELEASE_POLICY },
    delivery: { by: 'post' as const, recipient: postalPartyOf(facts.receiver) },
  };
  const documents = [...documentIds].map(([name, documentId]) => ({ documentId, name, role: name === DECISION_NAME ? 'result' : 'attachment' }));
  const { messageId } = await gateway.sendMessage(code, { type: 'dossier.result', from: agencyCode, to: [recipientAgencyCode], body, documents }, `${code}-result`);
  landCase.sentMessageId = messageId;
  return messageId;
}

/** Province codes of the official list: Huế is 46. */
function postalPartyOf({ name, phone, email, address }: Person) {
  return { name, phone: phone.replaceAll(' ', ''), email, address: { line: address, provinceCode: '46' } };
}

function paperOf({ papers }: LandCase, name: string): NamedBytes {
  const paper = papers.get(name);
  if (paper === undefined) throw new Refusal(404, `There is no paper ${name}`);
  return paper;
}
