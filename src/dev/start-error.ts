export type DevStartErrorCode = 'port_busy' | 'not_loopback' | 'production' | 'state_unusable' | 'start_failed';

/** Why a part of `sallyport dev` could not start. The message is for the operator and holds no secret. */
export class DevStartError extends Error {
  readonly code: DevStartErrorCode;
  constructor(code: DevStartErrorCode, message: string) {
    super(message);
    this.name = 'DevStartError';
    this.code = code;
  }
}
