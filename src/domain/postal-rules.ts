import { NO_PLACES, type Places } from './places.ts';
import { POSTAL_LIMITS, type Holidays, type PostalLimits } from './postal-limits.ts';

/** What the law and the year say about the post, as an operator's file gives it. */
export interface PostalRules {
  readonly limits: readonly PostalLimits[];
  readonly holidays: Holidays;
  readonly places: Places;
}

export const DEFAULT_POSTAL_RULES: PostalRules = { limits: POSTAL_LIMITS, holidays: new Set(), places: NO_PLACES };
