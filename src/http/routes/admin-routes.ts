import { z } from 'zod';
import { routeList, routeTarget, routeView } from '../../formats/api/admin-partners.ts';
import { agencyCode } from '../../formats/api/primitives.ts';
import { defineRoute } from '../route.ts';

const admin = { tag: 'Administration', scope: 'admin', idempotent: false, query: null } as const;
const routePath = z.strictObject({ agencyCode });

const listRoutesRoute = defineRoute({
  ...admin,
  method: 'GET',
  path: '/v1/admin/routes',
  operationId: 'listRoutes',
  summary: 'Which system serves which agency',
  pathParameters: null,
  body: null,
  answer: { kind: 'json', status: 200, description: 'All routes', schema: routeList },
  problems: [],
  run: async ({ administration }) => ({ body: { routes: [...(await administration.listRoutes())] } }),
});

const setRouteRoute = defineRoute({
  ...admin,
  method: 'PUT',
  path: '/v1/admin/routes/{agencyCode}',
  operationId: 'setRoute',
  summary: 'Let a system serve an agency, and those below it that have no route of their own; messages accepted before go where they were going',
  pathParameters: routePath,
  body: { kind: 'json', schema: routeTarget },
  answer: { kind: 'json', status: 200, description: 'The route', schema: routeView },
  problems: ['PARTNER_NOT_FOUND'],
  run: async ({ administration }, { path, body }, { call }) => ({ body: await administration.setRoute(call, { ...path, ...body }) }),
});

const removeRouteRoute = defineRoute({
  ...admin,
  method: 'DELETE',
  path: '/v1/admin/routes/{agencyCode}',
  operationId: 'removeRoute',
  summary: 'Remove an agency’s route; without one there is nothing to remove, and that is fine',
  pathParameters: routePath,
  body: null,
  answer: { kind: 'empty', status: 204, description: 'There is no such route (any more)', headers: {} },
  problems: [],
  run: async ({ administration }, { path }, { call }) => {
    await administration.removeRoute(call, path.agencyCode);
    return { headers: {} };
  },
});

export const routingRoutes = [listRoutesRoute, setRouteRoute, removeRouteRoute];
