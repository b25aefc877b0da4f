/** How far a change goes; each level includes what is before it. */
const CHANGE_LEVELS = ['none', 'validation-data', 'form', 'annotation', 'other'] as const;
export type ChangeLevel = (typeof CHANGE_LEVELS)[number];

/** One thing that a later revision did to the one before it. */
export interface Change {
  readonly level: Exclude<ChangeLevel, 'none'>;
  /** For people: what was changed, by the name of its field or the number of its object. */
  readonly detail: string;
  /** Fully qualified name of the field concerned, for field locks. */
  readonly fieldName?: string;
  /** Allowed even when the field is locked (ISO 32000-2 §12.8.2.4): validation data and invisible time-stamps. */
  readonly allowedWhenLocked?: boolean;
  /** Not allowed after a certification of any level: a new widget that shows, over content that was certified. */
  readonly forbiddenWhenCertified?: boolean;
  /** Takes validation data away: what was signed before there was any has lost nothing by it. */
  readonly losesValidationData?: boolean;
  /** Lawful, and yet something a reader should look at. */
  readonly suspicious?: boolean;
}

export const isAbove = (a: ChangeLevel, b: ChangeLevel): boolean => CHANGE_LEVELS.indexOf(a) > CHANGE_LEVELS.indexOf(b);

export function highestLevel(changes: readonly Change[]): ChangeLevel {
  return changes.reduce<ChangeLevel>((highest, { level }) => (isAbove(level, highest) ? level : highest), 'none');
}
