import { describe, expect, it } from 'vitest';
import type { AgencyCode } from '../../../src/domain/agency-code.ts';
import type { PartnerId } from '../../../src/domain/ids.ts';
import type { Route } from '../../../src/domain/partner.ts';
import { nearestRoute, unroutable } from '../../../src/domain/routing.ts';

const route = (agencyCode: string, partnerId: string): Route => ({ agencyCode: agencyCode as AgencyCode, partnerId: partnerId as PartnerId });
const code = (text: string): AgencyCode => text as AgencyCode;
const ROUTES = [route('H57', 'portal'), route('H57.12', 'land'), route('H57.12.03', 'branch'), route('000.00.12.H57', 'axis')];

describe('nearestRoute', () => {
  it.each([
    ['H57.12.03', 'branch'],
    ['H57.12.03.01', 'branch'],
    ['H57.12.04', 'land'],
    ['H57.1', 'portal'],
    ['H57', 'portal'],
    ['000.00.12.H57', 'axis'],
    ['000.00.13.H57', undefined],
    ['H58.12', undefined],
  ])('%s → %s: the nearest above, and neither form of code for the other', (to, partner) => {
    expect(nearestRoute(code(to), ROUTES)?.partnerId).toBe(partner);
    expect(nearestRoute(code(to), ROUTES.toReversed())?.partnerId).toBe(partner);
  });
});

describe('unroutable', () => {
  it.each([
    ['nothing of it is served', 'H58', ROUTES, 'AGENCY_UNKNOWN'],
    ['parts of it are served by one system', 'H60', [route('H60.1', 'a'), route('H60.2', 'a')], 'AGENCY_UNKNOWN'],
    ['parts of it are served by different systems', 'H60', [route('H60.1', 'a'), route('H60.2', 'b')], 'AGENCY_AMBIGUOUS'],
    ['only a code with the same beginning is served', 'H60.1', [route('H60.10', 'a'), route('H60.11', 'b')], 'AGENCY_UNKNOWN'],
  ])('%s', (_, to, routes, expected) => {
    expect(unroutable(code(to), routes).code).toBe(expected);
  });
});
