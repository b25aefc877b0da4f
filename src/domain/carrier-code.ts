/** A carrier's code as it may stand in logs and alarms: what a carrier sends as a code may be anything, a person's name included. */
export function shownCode(code: string): string {
  return /^[A-Za-z0-9._-]{1,24}$/.test(code) ? code : '(not a code)';
}
