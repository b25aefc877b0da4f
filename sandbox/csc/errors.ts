/** Errors of the Cloud Signature Consortium API with the texts that v2.0.0.2 fixes for them. */
export class CscError extends Error {
  override readonly name = 'CscError';
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

export const invalidRequest = (description: string): CscError => new CscError(400, 'invalid_request', description);
export const notOffered = (): CscError => new CscError(501, 'invalid_request', 'This method is not offered');
export const missing = (parameter: string): CscError => invalidRequest(`Missing (or invalid type) string parameter ${parameter}`);
export const invalidParameter = (parameter: string): CscError => invalidRequest(`Invalid parameter ${parameter}`);
export const sadInvalid = (): CscError => invalidParameter('SAD');
export const sadExpired = (): CscError => invalidRequest('SAD expired');
export const hashNotAuthorized = (): CscError => invalidRequest('Hash is not authorized by the SAD');
export const tooManySignatures = (): CscError => invalidRequest('Numbers of signatures is too high');
export const digestLength = (): CscError => invalidRequest('Invalid digest value length');
export const pinWrong = (): CscError => new CscError(400, 'invalid_authentication_data', 'The provided authentication data is invalid');
export const otpWrong = (): CscError => new CscError(400, 'invalid_otp', 'The provided OTP is invalid');
export const tokenInvalid = (): CscError => new CscError(401, 'invalid_token', 'The access or refresh token is expired or has been revoked');
export const clientInvalid = (): CscError => new CscError(401, 'invalid_client', 'Client authentication failed');
