import { generateDevKey, type DevIdentity, type DevKeyKind } from '../../../certs/dev/identity.ts';
import { OFFICER_NAME } from '../../../certs/dev/names.ts';
import type { ValidationReport } from '../../../src/domain/validation-report.ts';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { envelopingChunks } from '../../../src/formats/cms/attach-content.ts';
import { pemOf } from '../../../src/formats/x509/pem.ts';
import { signBytes } from '../../../src/usecases/sign-bytes.ts';
import { verifyDocument } from '../../../src/usecases/verify-document.ts';
import { startLongTermWorld, type LongTermWorld } from '../../support/long-term.ts';
import { opensslFolder, type OpensslFolder } from '../../support/openssl.ts';
import { onePagePdf, pdfsigVerdicts, samplePdf } from '../../support/pdf.ts';
import { hasTool } from '../../support/tools.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite } from '../suite.ts';
import { CASES, CMS_FORMS, type CmsForm, type MatrixCase, type PdfForm } from './cases.ts';

/**
 * A thousand signatures over kinds of keys, algorithms, levels and forms, each judged by our own verifier and by somebody else's: poppler's
 * pdfsig for PDFs, openssl for CMS. From B-LT on ours has no network.
 */
export const suite: Suite = { name: 'sign-matrix', run: async () => sumUp(await outcomes(CASES), readDeviations('sign-matrix')) };

export async function outcomes(cases: readonly MatrixCase[]): Promise<CaseOutcome[]> {
  const folder = opensslFolder();
  const world = await startLongTermWorld();
  try {
    folder.write('root.pem', pemOf('CERTIFICATE', world.pki.root.identity.certificateDer));
    const bench: Bench = { world, folder, identities: new Map(), pdfs: await basePdfs() };
    const judged: CaseOutcome[] = [];
    for (const one of cases) judged.push(await judge(bench, one));
    return judged;
  } finally {
    await world.close();
    folder.remove();
  }
}

interface Bench {
  readonly world: LongTermWorld;
  readonly folder: OpensslFolder;
  readonly identities: Map<DevKeyKind, DevIdentity>;
  readonly pdfs: Readonly<Record<PdfForm, Uint8Array>>;
}

const TEXT = Buffer.from('Quyết định giải quyết hồ sơ đất đai (mẫu)\r\n'.repeat(50), 'utf8');

async function basePdfs(): Promise<Bench['pdfs']> {
  const [objectStreams, rotated, cropped] = await Promise.all([samplePdf({ objectStreams: true }), samplePdf({ rotation: 90 }), samplePdf({ pages: 2, cropBox: [50, 50, 500, 700] })]);
  return { classic: onePagePdf(), 'object-streams': objectStreams, rotated, cropped, certified: onePagePdf(), 'signed-before': onePagePdf() };
}

async function judge(bench: Bench, one: MatrixCase): Promise<CaseOutcome> {
  const outcome = { id: one.id, shouldPass: true };
  const tool = isCms(one.form) ? 'openssl' : 'pdfsig';
  if (!hasTool(tool)) return { ...outcome, passed: false, detail: '', skipped: `needs ${tool}` };
  try {
    const faults = isCms(one.form) ? await cmsFaults(bench, one, one.form) : await pdfFaults(bench, one, one.form);
    return { ...outcome, passed: faults.length === 0, detail: faults.join('; ') };
  } catch (error) {
    return { ...outcome, passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

const isCms = (form: MatrixCase['form']): form is CmsForm => CMS_FORMS.some((known) => known === form);

async function identityOf({ world, identities }: Bench, key: DevKeyKind): Promise<DevIdentity> {
  const known = identities.get(key);
  if (known !== undefined) return known;
  const now = world.clock.now().getTime();
  const DAY_MS = 86_400_000;
  const made = await world.pki.issuing.issue({ name: key, subject: OFFICER_NAME, profile: 'signer', key: await generateDevKey(key), notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 365 * DAY_MS) });
  identities.set(key, made);
  return made;
}

async function pdfFaults(bench: Bench, { key, scheme, digestAlgorithm, level }: MatrixCase, form: PdfForm): Promise<string[]> {
  const { world } = bench;
  const identity = await identityOf(bench, key);
  const first = form === 'signed-before' ? await world.sign(bench.pdfs[form], world.pki.seal, 'B-B') : bench.pdfs[form];
  const signed = await world.sign(first, identity, level, { scheme, digestAlgorithm, ...(form === 'certified' && { presentation: { certify: 2 } }) });
  const wanted = form === 'signed-before' ? 2 : 1;
  const valid = pdfsigVerdicts(signed).slice(0, wanted).filter((verdict) => verdict.valid).length; // it does not look into document time-stamps
  const faults = valid === wanted ? [] : [`pdfsig finds ${valid} of ${wanted} valid`];
  return [...faults, ...ownFaults(await world.verify(signed, { online: form === 'signed-before' || isOnline(level) }), level)];
}

async function cmsFaults(bench: Bench, { key, scheme, digestAlgorithm, level }: MatrixCase, form: CmsForm): Promise<string[]> {
  const { world, folder } = bench;
  const content = form.endsWith('pdf') ? bench.pdfs.classic : TEXT;
  const { cmsDer, facts } = await signBytes(world.signingPorts(await identityOf(bench, key), scheme), { source: bytesSource(content), level, digestAlgorithm });
  const isDetached = form.startsWith('detached');
  const cms = isDetached ? cmsDer : Buffer.concat([...envelopingChunks(cmsDer, bytesSource(content), facts)]);
  folder.write('content', content);
  folder.write('signature', cms);
  const { said } = folder.judge('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'signature', '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'verified', ...(isDetached ? ['-content', 'content'] : []));
  const faults = said.includes('CAdES Verification successful') ? [] : [`openssl: ${said.trim()}`];
  const { trustStore, policy, collector } = world.ports().longTerm;
  const source = bytesSource(cms);
  const report = await verifyDocument({ trustStore, clock: world.clock, collector: isOnline(level) ? collector : undefined }, { file: 'matrix', source, policy, ...(isDetached && { detached: bytesSource(content) }) });
  return [...faults, ...ownFaults(report, level)];
}

/** Below B-LT what is said of revocation is not in the file. */
const isOnline = (level: MatrixCase['level']): boolean => level === 'B-B' || level === 'B-T';

function ownFaults({ result, signatures }: ValidationReport, level: MatrixCase['level']): string[] {
  const last = signatures.at(-1);
  if (result === 'TOTAL-PASSED' && last?.level === level) return [];
  return [`our verifier finds ${result} at ${last?.level}: ${last?.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join(', ')}`];
}
