import type { Check, SignatureReport, SubIndication, ValidationReport } from '../../domain/validation-report.ts';
import { APPLIED, CHECK_INDICATIONS, ownUri, sha256Digest, subIndicationUri } from './xml-uris.ts';
import { el, element, type XmlContent, type XmlElement } from '../xml/write-xml.ts';

/** `ValidationStatusType`; `data` may come several times (clause 4.3.4). */
export function validationStatus(name: string, mainIndication: string, subIndication: SubIndication | null, data: readonly XmlElement[] = []): XmlElement {
  return el(name, el('MainIndication', mainIndication), subIndication === null ? null : el('SubIndication', subIndicationUri(subIndication)), data);
}

/** Policy and every check, with clause and detail (clause 4.3.5). */
export function constraintsReport(checks: readonly Check[], policy: ValidationReport['policy']): XmlElement {
  return el('ValidationConstraintsEvaluationReport', policyOf(policy), checks.map(constraintOf));
}

function policyOf({ id, version, sha256 }: ValidationReport['policy']): XmlElement {
  const identifier = el('xades:SigPolicyId', el('xades:Identifier', ownUri('policy', `${id}:${version}`)));
  return el(
    'SignatureValidationPolicy',
    el('SignaturePolicyIdentifier', el('xades:SignaturePolicyId', identifier, sha256Digest('xades:SigPolicyHash', sha256))),
    el('PolicyName', `${id} ${version}`),
  );
}

function constraintOf({ name, clause, status, detail }: Check): XmlElement {
  return el(
    'ValidationConstraint',
    el('ValidationConstraintIdentifier', ownUri('check', name)),
    el('ConstraintStatus', el('Status', APPLIED)),
    el('ValidationStatus', el('MainIndication', CHECK_INDICATIONS[status])),
    el('Indications', el('lt:Status', status), el('lt:Clause', clause), el('lt:Detail', detail)),
  );
}

/** What the report knows of a signature beyond the standard's own elements, one typed value each. */
export function additionalData(signature: SignatureReport): XmlElement {
  const { integrity, coverage, level, format, validityAtClaimedTime, algorithms, certification, warnings, revocation } = signature;
  return el('AdditionalValidationReportData', [
    data('format', format),
    data('level', level),
    data('integrity', integrity),
    data('coverage', element('lt:Coverage', { extent: coverage.extent, revision: String(coverage.revision), of: String(coverage.of), changesAfter: coverage.changesAfter }, coverage.changes.map((change) => el('lt:Change', change)))),
    data('validity-at-claimed-time', validityAtClaimedTime),
    data('algorithms', element('lt:Algorithms', { digest: algorithms.digest ?? undefined, signature: algorithms.signature ?? undefined, keyBits: algorithms.keyBits?.toString() })),
    ...(certification === null ? [] : [data('certification', certification)]),
    ...(revocation.length === 0
      ? []
      : [
          data(
            'revocation',
            revocation.map((entry) => element('lt:Revocation', { certificateSha256: entry.for, status: entry.status, type: entry.type ?? undefined, source: entry.source ?? undefined, thisUpdate: entry.thisUpdate ?? undefined })),
          ),
        ]),
    ...(warnings.length === 0 ? [] : [data('warnings', warnings.map((warning) => el('lt:Warning', warning)))]),
  ]);
}

const data = (name: string, value: XmlContent): XmlElement => el('ReportData', el('Type', ownUri('report', name)), el('Value', value));
