import type { FaultsOf } from '../faults.ts';

export type { Fault } from '../faults.ts';

export const CALLS = ['token', 'post', 'cancel', 'tracking'] as const;
export type Call = (typeof CALLS)[number];
export type Faults = FaultsOf<Call>;
