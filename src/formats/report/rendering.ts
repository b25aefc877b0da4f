/**
 * One sentence of a report in Vietnamese. The pattern matches the whole English sentence; in the Vietnamese, `$1` stands for a name or a number
 * out of it, `~1` for a part that is a sentence itself.
 */
export type Rendering = readonly [english: RegExp, vietnamese: string];
