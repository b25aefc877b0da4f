import type { Migration } from '../migrate.ts';
import * as ledger from './0001-ledger.ts';
import * as pinGuard from './0002-pin-guard.ts';
import * as jobs from './0003-jobs.ts';
import * as webhookKeys from './0004-webhook-keys.ts';
import * as uploads from './0005-uploads.ts';
import * as post from './0006-post.ts';
import * as requestSignatures from './0007-request-signatures.ts';
import * as keyUse from './0008-key-use.ts';
import * as sealedColumns from './0009-sealed-columns.ts';
import * as preparedSignatures from './0010-prepared-signatures.ts';
import * as erasure from './0011-erasure.ts';
import * as messageVersions from './0012-message-versions.ts';
import * as addressChange from './0013-address-change.ts';
import * as alarms from './0014-alarms.ts';
import * as standing from './0015-standing.ts';
import * as idempotencyHolder from './0016-idempotency-holder.ts';
import * as evidenceLog from './0017-evidence-log.ts';
import * as evidence from './0018-evidence.ts';

/** In order, forward only. */
export const MIGRATIONS: readonly Migration[] = [ledger, pinGuard, jobs, webhookKeys, uploads, post, requestSignatures, keyUse, sealedColumns, preparedSignatures, erasure, messageVersions, addressChange, alarms, standing, idempotencyHolder, evidenceLog, evidence];
