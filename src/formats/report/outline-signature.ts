import type { RevocationStatus, SignatureReport, TimestampReport } from '../../domain/validation-report.ts';
import { outlineCheck, type CheckOutline } from './outline-check.ts';
import { isUnchecked, TONES, type Field, type Tone, type Warning } from './outline-parts.ts';
import { namePartsOf } from './distinguished-name.ts';
import { sayPhrase } from './phrase-words.ts';
import type { PicturesOmitted, ReportPictures, SignaturePictures } from './pictures.ts';
import { shownHex, shownName, shownText, shownTime } from './shown-text.ts';
import { SUB_INDICATION_WORDS } from './sub-indication-words.ts';
import {
  CERTIFICATE_THEN,
  CERTIFICATIONS,
  CHANGES_AFTER,
  EXTENTS,
  INTEGRITIES,
  joined,
  RESULTS,
  REVOCATION_SOURCES,
  REVOCATION_STATUSES,
  said,
  same,
  TIME_SOURCES,
  UNKNOWN,
  type Said,
} from './words.ts';

export interface LinkOutline {
  readonly subject: string;
  readonly sha256: string;
  readonly anchor: boolean;
  /** null for an anchor, of which nobody is asked. */
  readonly revocation: Said | null;
  readonly unchecked: boolean;
}

export interface SignatureOutline {
  readonly number: number;
  readonly id: string;
  readonly tone: Tone;
  readonly heading: Said;
  readonly verdict: Said;
  /** `TOTAL-FAILED / FORMAT_FAILURE`. */
  readonly code: string;
  readonly explanation: Said | null;
  readonly warning: Warning | null;
  /** The fields of Circular 15/2025/TT-BKHCN art. 6(4), in its order. */
  readonly fields: readonly Field[];
  readonly changes: { readonly tone: Tone; readonly summary: Said; readonly items: readonly Said[] };
  readonly pictures: SignaturePictures | null;
  readonly picturesOmitted: Said | null;
  readonly technical: readonly Field[];
  readonly chain: readonly LinkOutline[];
  readonly checks: readonly CheckOutline[];
}

export function outlineSignature(signature: SignatureReport, number: number, timestamps: readonly TimestampReport[], pictures: ReportPictures): SignatureOutline {
  const { id, indication, subIndication, signer } = signature;
  const who = signer === null ? UNKNOWN : same(shownText(namePartsOf(signer.subject).name));
  const kind = signature.kind === 'counter-signature' ? said('Chữ ký xác nhận', 'Counter-signature') : said('Chữ ký', 'Signature');
  return {
    number,
    id,
    tone: TONES[indication],
    heading: said(`${kind.vi} ${number}: ${who.vi}`, `${kind.en} ${number}: ${who.en}`),
    verdict: RESULTS[indication],
    code: [indication, subIndication].filter((part) => part !== null).join(' / '),
    explanation: subIndication === null ? null : SUB_INDICATION_WORDS[subIndication],
    warning: warningOf(signature),
    fields: lawfulFields(signature, timestamps),
    changes: changesOf(signature),
    pictures: pictures.bySignature.get(id) ?? null,
    picturesOmitted: pictures.omitted === null ? null : OMITTED[pictures.omitted],
    technical: technicalFields(signature),
    chain: linksOf(signature),
    checks: signature.checks.map(outlineCheck),
  };
}

const OMITTED: Readonly<Record<PicturesOmitted, Said>> = {
  'too-large': said('Không chụp hình vùng chữ ký: tệp lớn hơn 50 MB.', 'No pictures of the signature’s place: the file is larger than 50 MB.'),
  'not-painted': said('Không chụp được hình vùng chữ ký của tệp này.', 'The place of the signature could not be painted for this file.'),
};

function warningOf({ warnings, revocation }: SignatureReport): Warning | null {
  const lines = warnings.map(clipped);
  if (lines.length === 0) return null;
  return { title: revocation.some(isUnchecked) ? said('CẢNH BÁO', 'WARNING') : said('Lưu ý', 'Please note'), lines };
}

function lawfulFields(signature: SignatureReport, timestamps: readonly TimestampReport[]): Field[] {
  const { signer } = signature;
  const subject = signer === null ? null : namePartsOf(signer.subject);
  const issuer = signer === null ? null : namePartsOf(signer.issuer);
  return [
    {
      label: said('Tổ chức cấp chứng thư chữ ký số', 'Issuer of the certificate'),
      value: issuer === null ? UNKNOWN : same(shownText([issuer.name, ...issuer.organisation.filter((name) => name !== issuer.name)].join(', '))),
    },
    { label: said('Người ký (chủ thể ký)', 'Signer'), value: subject === null ? UNKNOWN : same(shownText([subject.name, subject.title].filter((part) => part !== null).join(', '))) },
    {
      label: said('Đơn vị quản lý chứng thư chữ ký số', 'Unit that manages the certificate'),
      value: subject === null ? UNKNOWN : subject.organisation.length > 0 ? same(shownText(subject.organisation.join(', '))) : said('chứng thư không nêu tổ chức', 'the certificate names no organisation'),
    },
    timeField(signature, timestamps),
    integrityField(signature),
    validityField(signature),
    {
      label: said('Thời hạn hiệu lực của chứng thư', 'Validity period of the certificate'),
      value: signer === null ? UNKNOWN : said(`từ ${shownTime(signer.notBefore)} đến ${shownTime(signer.notAfter)}`, `from ${shownTime(signer.notBefore)} to ${shownTime(signer.notAfter)}`),
    },
  ];
}

function timeField({ id, signingTime }: SignatureReport, timestamps: readonly TimestampReport[]): Field {
  const label = said('Thời điểm ký hoặc dấu thời gian', 'Time of signing or time-stamp');
  const { claimed, best, source } = signingTime;
  const claim = claimed === null ? null : said(`người ký tự khai: ${shownTime(claimed)}`, `claimed by the signer: ${shownTime(claimed)}`);
  if (source !== 'validation-time') return { label, value: joined([same(shownTime(best)), said(`(${TIME_SOURCES[source].vi})`, `(${TIME_SOURCES[source].en})`)]), ...(claim !== null && { note: claim }) };
  const unproven = timestamps.some(({ covers }) => covers === id)
    ? said('dấu thời gian có trong tài liệu chưa được xác nhận, nên không chứng minh thời điểm ký', 'a time-stamp is there but was not confirmed, so it proves no time of signing')
    : said('không có dấu thời gian chứng minh', 'no time-stamp proves it');
  if (claim === null) return { label, value: said('không nêu', 'not stated'), note: unproven };
  return { label, value: claim, note: unproven };
}

function integrityField({ integrity, coverage }: SignatureReport): Field {
  const extent = said(`${EXTENTS[coverage.extent].vi} (phiên bản ${coverage.revision} trên ${coverage.of})`, `${EXTENTS[coverage.extent].en} (revision ${coverage.revision} of ${coverage.of})`);
  const later = said(`thay đổi sau khi ký: ${CHANGES_AFTER[coverage.changesAfter].vi}`, `changes afterwards: ${CHANGES_AFTER[coverage.changesAfter].en}`);
  return {
    label: said('Tính toàn vẹn của thông điệp dữ liệu đã ký', 'Integrity of what was signed'),
    value: integrity === 'intact' ? intactWords(coverage) : INTEGRITIES[integrity],
    note: joined(integrity === 'broken' ? [extent] : [extent, later], '; '),
  };
}

/** The signed bytes may be intact and the document not: never the one word for both. */
function intactWords({ extent, changesAfter }: SignatureReport['coverage']): Said {
  if (changesAfter === 'forbidden') return said('phần đã ký còn nguyên vẹn, nhưng sau đó tài liệu bị thay đổi TRÁI PHÉP', 'what was signed is intact, but the document was changed afterwards WITHOUT PERMISSION');
  if (extent === 'partial' || extent === 'unclear') return said('phần đã ký còn nguyên vẹn, nhưng KHÔNG bao trùm tài liệu', 'what was signed is intact, but it does NOT cover the document');
  return changesAfter === 'unknown' ? said('phần đã ký còn nguyên vẹn; chưa rõ tài liệu có bị thay đổi sau đó hay không', 'what was signed is intact; whether the document was changed afterwards is not known') : INTEGRITIES.intact;
}

function validityField({ indication, signingTime, validityAtClaimedTime }: SignatureReport): Field {
  const then = CERTIFICATE_THEN[validityAtClaimedTime];
  const proven = signingTime.source !== 'validation-time';
  const when = proven ? said('tại thời điểm được chứng minh', 'at the proven time') : said('xét tại thời điểm kiểm tra', 'judged at the time of this check');
  return {
    label: said('Tính hợp lệ của chữ ký tại thời điểm ký', 'Validity of the signature when it was made'),
    value: said(`${RESULTS[indication].vi} (${when.vi})`, `${RESULTS[indication].en} (${when.en})`),
    ...(signingTime.claimed !== null && { note: said(`chứng thư vào thời điểm người ký tự khai: ${then.vi}`, `the certificate at the time the signer claims: ${then.en}`) }),
  };
}

const MAX_CHANGES = 40;

function changesOf({ integrity, coverage: { changesAfter, changes } }: SignatureReport): SignatureOutline['changes'] {
  const items = changes.slice(0, MAX_CHANGES).map(clipped);
  const left = changes.length - items.length;
  return {
    tone: integrity === 'broken' || changesAfter === 'forbidden' ? 'failed' : changesAfter === 'unknown' ? 'open' : 'passed',
    summary: changesAfter === 'none' ? NOTHING_ADDED[integrity] : CHANGE_SUMMARIES[changesAfter],
    items: left > 0 ? [...items, said(`… và ${left} thay đổi khác`, `… and ${left} more`)] : items,
  };
}

const CHANGE_SUMMARIES: Readonly<Record<Exclude<SignatureReport['coverage']['changesAfter'], 'none'>, Said>> = {
  permitted: said('Sau khi ký, tài liệu chỉ được thêm những thay đổi cho phép:', 'After signing, only permitted changes were added:'),
  forbidden: said('Sau khi ký, tài liệu đã bị thay đổi TRÁI PHÉP:', 'After signing, the document was changed in ways that are NOT PERMITTED:'),
  unknown: said('Không phân tích được những thay đổi sau khi ký:', 'The changes after signing could not be analysed:'),
};

/** No later revision says nothing of what was done to the signed bytes themselves. */
const NOTHING_ADDED: Readonly<Record<SignatureReport['integrity'], Said>> = {
  intact: said('Tài liệu không bị thay đổi sau khi ký.', 'The document was not changed after signing.'),
  broken: said('Chính nội dung được ký đã bị sửa: không còn đúng như lúc ký.', 'The signed content itself was altered: it is not what was signed.'),
  unknown: said('Không có phiên bản nào được thêm sau chữ ký; chưa biết chính nội dung được ký có bị sửa hay không.', 'No revision was added after the signature; whether the signed content itself was altered is not known.'),
};

function clipped(sentence: string): Said {
  const { vi, en } = sayPhrase(sentence);
  return said(capitalised(shownText(vi)), capitalised(shownText(en)));
}

const capitalised = (text: string): string => text.replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());

function technicalFields({ format, level, algorithms, certification, reason, id, signer, kind }: SignatureReport): Field[] {
  const cipher = [algorithms.signature, algorithms.digest].filter((part) => part !== null).map(shownText);
  const bits = algorithms.keyBits === null ? [] : [`${algorithms.keyBits} bit`];
  return [
    { label: kind === 'signature' ? said('Trường hoặc mã chữ ký', 'Field or id') : said('Mã chữ ký', 'Id'), value: same(shownText(id)) },
    { label: said('Dạng và mức chữ ký', 'Format and level'), value: same(`${shownText(format)} ${level}`) },
    { label: said('Thuật toán', 'Algorithms'), value: cipher.length + bits.length === 0 ? UNKNOWN : same([...cipher, ...bits].join(' · ')) },
    ...(signer === null
      ? []
      : [
          { label: said('Chủ thể của chứng thư', 'Subject of the certificate'), value: same(shownName(signer.subject)) },
          { label: said('Nơi cấp', 'Issuer'), value: same(shownName(signer.issuer)) },
          { label: said('Số hiệu chứng thư', 'Serial number'), value: same(shownText(signer.serialHex)), code: true },
        ]),
    ...(certification === null ? [] : [{ label: said('Chữ ký chứng nhận', 'Certification'), value: CERTIFICATIONS[certification] }]),
    ...(reason === null ? [] : [{ label: said('Lý do ký', 'Reason'), value: same(shownText(reason)) }]),
  ];
}

function linksOf({ chain, revocation }: SignatureReport): LinkOutline[] {
  return chain.map(({ subject, sha256, anchor }) => {
    const status = revocation.find((entry) => entry.for === sha256);
    return { subject: shownName(subject), sha256: shownHex(sha256), anchor, revocation: status === undefined ? null : revocationWords(status), unchecked: status !== undefined && isUnchecked(status) };
  });
}

function revocationWords({ status, type, source, thisUpdate }: RevocationStatus): Said {
  const evidence = type === null ? [] : [same(type.toUpperCase())];
  const origin = source === null ? [] : [REVOCATION_SOURCES[source]];
  const time = thisUpdate === null ? [] : [said(`cập nhật ${shownTime(thisUpdate)}`, `as of ${shownTime(thisUpdate)}`)];
  return joined([REVOCATION_STATUSES[status], ...evidence, ...origin, ...time], ' · ');
}

/** Those that did not pass: what a reader should see without opening anything. */
export const notPassed = (checks: readonly CheckOutline[]): CheckOutline[] => checks.filter(({ status }) => status !== 'passed');
