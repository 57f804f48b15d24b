import { constants } from 'node:crypto';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { ServerTls, TlsIdentity } from '../types.ts';

/** Where finished handshakes go. */
export type OnSecure = (socket: TLSSocket) => void;

/**
 * TLS servers that never listen, one for each identity, kept as long as the identity lives. All of them ask their
 * clients for a certificate, or none does.
 */
export class IdentityServers {
  readonly #tls: ServerTls;
  readonly #onSecure: OnSecure;
  readonly #options: TlsOptions;
  readonly #complained: WeakSet<TlsIdentity>;
  readonly #servers = new WeakMap<TlsIdentity, Server>();
  /** The last one that worked for clients that name no server. */
  #usual: Server | undefined = undefined;

  /** @param parts `complained`: identities that the log knows already, shared by all servers of a listener */
  constructor(parts: {
    readonly tls: ServerTls;
    readonly handshakeTimeoutMs: number;
    readonly onSecure: OnSecure;
    readonly complained: WeakSet<TlsIdentity>;
    readonly asks: boolean;
  }) {
    this.#tls = parts.tls;
    this.#onSecure = parts.onSecure;
    this.#complained = parts.complained;
    this.#options = { ...commonOptions(parts.tls, parts.asks), handshakeTimeout: parts.handshakeTimeoutMs };
  }

  /** The server for a server name. One whose identity is unusable is stood in for by the one for no name. */
  forName(serverName: string | undefined): Server | undefined {
    const named = serverName === undefined ? undefined : this.#forIdentity(serverName);
    if (named !== undefined) return named;
    const usual = this.#forIdentity(undefined);
    if (usual !== undefined) this.#usual = usual;
    return this.#usual;
  }

  #forIdentity(serverName: string | undefined): Server | undefined {
    const identity = this.#tls.identityFor(serverName);
    const known = this.#servers.get(identity);
    if (known !== undefined || this.#complained.has(identity)) return known;
    try {
      const server = this.#create(identity);
      this.#servers.set(identity, server);
      return server;
    } catch (error) {
      this.#complained.add(identity);
      this.#tls.onCertificateFault?.(serverName, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #create({ cert, key, alternative }: TlsIdentity): Server {
    const server = createServer(
      {
        ...this.#options,
        cert: alternative === undefined ? cert : [cert, alternative.cert],
        key: alternative === undefined ? key : [key, alternative.key],
      },
      this.#onSecure,
    );
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }
}

function commonOptions(tls: ServerTls, asks: boolean): TlsOptions {
  const { minVersion, maxVersion, ciphers, honorCipherOrder, dhparam, sessionTickets, ticketKeys } = tls;
  const { sessionTimeoutSeconds } = tls;
  return {
    ALPNProtocols: ['http/1.1'],
    requestCert: asks,
    // Certificates of clients are judged by plugins; so the system's authorities need not be read either.
    rejectUnauthorized: false,
    ca: [],
    minVersion: minVersion ?? 'TLSv1.2',
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    honorCipherOrder: honorCipherOrder ?? true,
    ...(dhparam === undefined ? {} : { dhparam }),
    // A session in which the client was not asked must not be resumed when its server name begins to ask.
    sessionIdContext: asks ? 'sallyport-asking' : 'sallyport',
    ...(sessionTickets === false ? { secureOptions: constants.SSL_OP_NO_TICKET } : {}),
    ...(sessionTimeoutSeconds === undefined ? {} : { sessionTimeout: sessionTimeoutSeconds }),
    ...(ticketKeys === undefined ? {} : { ticketKeys: Buffer.from(ticketKeys) }),
  };
}
