/** Whether `error` comes from a system call that failed with one of `codes` (`ENOENT` …). */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
