/** Log lines and metrics. Attributes are ids, codes, counts; never personal data, secrets or document bytes. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  debug(event: string, attributes?: Attributes): void;
  info(event: string, attributes?: Attributes): void;
  warn(event: string, attributes?: Attributes): void;
  /** `error` is logged with its causes; its message is kept, its data is not. */
  error(event: string, error: unknown, attributes?: Attributes): void;
}
