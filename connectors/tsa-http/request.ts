/** Request of RFC 3161 §3.4: the DER request as body of a POST. */
export interface TsaHttpRequest {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export function buildTsaRequest(requestDer: Uint8Array, authorization: string | undefined): TsaHttpRequest {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/timestamp-query',
      accept: 'application/timestamp-reply',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: requestDer,
  };
}
