import { routeCovers, type AgencyCode } from './agency-code.ts';
import { GatewayError } from './errors.ts';
import type { Route } from './partner.ts';

/** The route that serves `code`: its own, or the nearest one above it. Null: nobody serves it. */
export function nearestRoute(code: AgencyCode, routes: readonly Route[]): Route | null {
  const covering = routes.filter(({ agencyCode }) => routeCovers(agencyCode, code));
  return covering.reduce<Route | null>((nearest, route) => (nearest === null || route.agencyCode.length > nearest.agencyCode.length ? route : nearest), null);
}

/**
 * Why `code` cannot be addressed. An agency whose parts are served by different systems, but not itself, is ambiguous: the sender has to
 * name the part it means.
 */
export function unroutable(code: AgencyCode, routes: readonly Route[]): GatewayError {
  const below = routes.filter(({ agencyCode }) => routeCovers(code, agencyCode));
  const systems = new Set(below.map(({ partnerId }) => partnerId));
  if (systems.size < 2) return new GatewayError('AGENCY_UNKNOWN', `No system serves the agency ${code}: check the code, or ask the operator for a route`);
  return new GatewayError('AGENCY_AMBIGUOUS', `Several systems serve agencies below ${code}, and none serves ${code} itself: name the agency that is meant`);
}
