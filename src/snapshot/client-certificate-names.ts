import { comparableServerName } from './router/server-name.ts';

/** For which server names clients are asked for a certificate: those of routes with a plugin that wants one. */
export class ClientCertificateNames {
  static readonly none = new ClientCertificateNames(false, new Set());

  readonly #every: boolean;
  readonly #names: ReadonlySet<string>;

  /** @param names as `comparableServerName` writes them */
  constructor(every: boolean, names: ReadonlySet<string>) {
    this.#every = every;
    this.#names = names;
  }

  /** Whether some name asks. */
  get any(): boolean {
    return this.#every || this.#names.size > 0;
  }

  /** Whether a handshake for this server name asks; undefined: the client sent none. */
  includes(serverName: string | undefined): boolean {
    if (this.#every) return true;
    if (this.#names.size === 0 || serverName === undefined) return false;
    return this.#names.has(comparableServerName(serverName));
  }
}
