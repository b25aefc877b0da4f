import { loadPolicy } from './load-policy.ts';

/** Algorithms of the default policy, for callers that need no more of it. */
export const DEFAULT_ALGORITHMS = loadPolicy('default').algorithms;
