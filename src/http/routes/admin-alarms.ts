import { z } from 'zod';
import { alarmAcknowledgement, alarmList, alarmListQuery, alarmView, alarmViewOf } from '../../formats/api/alarms.ts';
import { defineRoute } from '../route.ts';

export const listAlarmsRoute = defineRoute({
  method: 'GET',
  path: '/v1/admin/alarms',
  operationId: 'listAlarms',
  summary: 'What a person has to look at, with what to do next; and news that no receiver has taken yet',
  tag: 'Administration',
  scope: 'admin',
  idempotent: false,
  pathParameters: null,
  query: alarmListQuery,
  body: null,
  answer: { kind: 'json', status: 200, description: 'Alarms, the newest first', schema: alarmList },
  problems: [],
  run: async ({ listAlarms }, { query }) => ({ body: await listAlarms(query.which, query.limit) }),
});

export const acknowledgeAlarmRoute = defineRoute({
  method: 'POST',
  path: '/v1/admin/alarms/{id}/acknowledge',
  operationId: 'acknowledgeAlarm',
  summary: 'Say that somebody takes care of an alarm: it is not told again until it gets worse',
  tag: 'Administration',
  scope: 'admin',
  idempotent: false,
  pathParameters: z.strictObject({ id: z.uuid() }),
  query: null,
  body: { kind: 'json', schema: alarmAcknowledgement },
  answer: { kind: 'json', status: 200, description: 'The alarm', schema: alarmView },
  problems: ['ALARM_NOT_FOUND', 'STATE_CONFLICT'],
  run: async ({ acknowledgeAlarm }, { path, body }, { call }) => ({ body: alarmViewOf(await acknowledgeAlarm(`operator:key-${call.caller.keyId}`, path.id, body.note)) }),
});
