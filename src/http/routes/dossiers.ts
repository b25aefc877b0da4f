import { z } from 'zod';
import { parseDossierCode } from '../../domain/dossier.ts';
import { dossierList, dossierTimeline, dossierView, newDossier } from '../../formats/api/dossiers.ts';
import { defineRoute } from '../route.ts';
import { dossierCodePath, limitOf } from './parameters.ts';

export const openDossierRoute = defineRoute({
  method: 'POST',
  path: '/v1/dossiers',
  operationId: 'openDossier',
  summary: 'Open a dossier under the code its agency gave it, or let the gateway give the agency’s next one of the day',
  tag: 'Dossiers',
  scope: 'dossiers:write',
  idempotent: true,
  pathParameters: null,
  query: null,
  body: { kind: 'json', schema: newDossier },
  answer: { kind: 'json', status: 201, description: 'The dossier is open', schema: dossierView },
  problems: ['DOSSIER_EXISTS'],
  run: async ({ openDossier }, { body: input }, { call }) => {
    const { body, replayed } = await openDossier(call, input);
    return { body, replayed, headers: { location: `/v1/dossiers/${body.code}` } };
  },
});

export const listDossiersRoute = defineRoute({
  method: 'GET',
  path: '/v1/dossiers',
  operationId: 'listDossiers',
  summary: 'Your dossiers, newest first, without personal data',
  tag: 'Dossiers',
  scope: 'dossiers:read',
  idempotent: false,
  pathParameters: null,
  query: z.strictObject({ limit: limitOf(100, 50) }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'The dossiers', schema: dossierList },
  problems: [],
  run: async ({ listDossiers }, { query }, { call }) => ({ body: await listDossiers(call.caller, query.limit) }),
});

export const readDossierRoute = defineRoute({
  method: 'GET',
  path: '/v1/dossiers/{code}',
  operationId: 'readDossier',
  summary: 'A dossier and its timeline; every reading is audited',
  tag: 'Dossiers',
  scope: 'dossiers:read',
  idempotent: false,
  pathParameters: dossierCodePath,
  query: z.strictObject({ afterSeq: z.coerce.number().int().min(0).default(0), limit: limitOf(1_000, 200) }),
  body: null,
  answer: { kind: 'json', status: 200, description: 'The dossier and a page of its timeline', schema: dossierTimeline },
  problems: ['DOSSIER_NOT_FOUND', 'DOSSIER_CODE_INVALID'],
  run: async ({ readDossier }, { path, query }, { call }) => ({ body: await readDossier(call.caller, parseDossierCode(path.code), query) }),
});
