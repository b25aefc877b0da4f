/**
 * Sleeping on the Clock does not keep Node alive, and while a server is gone nothing else may: without this a command could end in the
 * middle of waiting for PostgreSQL to stop.
 */
export async function keepAwake<T>(work: () => Promise<T>): Promise<T> {
  const handle = setInterval(() => undefined, 60_000);
  try {
    return await work();
  } finally {
    clearInterval(handle);
  }
}
