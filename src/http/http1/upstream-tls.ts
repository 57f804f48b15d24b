import { hash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext, type TLSSocket } from 'node:tls';
import type { UpstreamTls } from '../types.ts';

const keys = new WeakMap<UpstreamTls, string>();

/** What two TLS settings must share to share connections and sessions: a digest, so that no key lies about in text. */
export function upstreamTlsKey(tls: UpstreamTls): string {
  let key = keys.get(tls);
  if (key === undefined) {
    const { serverName, verify, verifyDepth, ca, clientCertificate } = tls;
    const parts = [serverName ?? null, verify, verifyDepth ?? null, ca ?? null];
    const shown = clientCertificate === undefined ? null : [clientCertificate.cert, clientCertificate.key];
    key = hash('sha256', JSON.stringify([...parts, shown]), 'base64');
    keys.set(tls, key);
  }
  return key;
}

/** One set of TLS settings, made ready once for all connections that use it. */
export class UpstreamTlsProfile {
  readonly #tls: UpstreamTls;
  #options: ConnectionOptions | undefined = undefined;

  constructor(tls: UpstreamTls) {
    this.#tls = tls;
  }

  /**
   * Options for `tls.connect`, but for address and session.
   *
   * @throws Error when a certificate or key cannot be read
   */
  get options(): ConnectionOptions {
    this.#options ??= this.#makeOptions();
    return this.#options;
  }

  /** Why a finished handshake is not good enough; undefined when it is. */
  chainFault(socket: TLSSocket): string | undefined {
    const { verify, verifyDepth } = this.#tls;
    // A resumed session stands for a chain that was judged under the same settings.
    if (!verify || verifyDepth === undefined || socket.isSessionReused()) return undefined;
    const intermediates = intermediatesOf(socket.getPeerX509Certificate());
    if (intermediates <= verifyDepth) return undefined;
    return `the chain has ${intermediates} intermediate certificates, tls_verify_depth allows ${verifyDepth}`;
  }

  #makeOptions(): ConnectionOptions {
    const { serverName, verify, ca, clientCertificate } = this.#tls;
    const secureContext = createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate.cert, key: clientCertificate.key }),
    });
    return {
      secureContext,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: verify,
      ...(serverName === undefined || isIP(serverName) !== 0 ? {} : { servername: serverName }),
      ...(serverName === undefined ? {} : { checkServerIdentity: (_, peer) => checkServerIdentity(serverName, peer) }),
    };
  }
}

/** Certificates between the upstream's own and the trusted one, which it may have sent too. */
function intermediatesOf(leaf: X509Certificate | undefined): number {
  let count = 0;
  let certificate = leaf?.issuerCertificate;
  while (certificate !== undefined && count < chainLengthMax && !certificate.checkIssued(certificate)) {
    count += 1;
    certificate = certificate.issuerCertificate;
  }
  return count;
}

const chainLengthMax = 100;

const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate is revoked',
  CERT_SIGNATURE_FAILURE: 'the signature of a certificate is wrong',
  CERT_CHAIN_TOO_LONG: 'the chain of certificates is too long',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate authority is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate authority is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate authority is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate authority is unknown',
  INVALID_CA: 'a certificate of the chain is no certificate authority',
  INVALID_PURPOSE: 'the certificate is not for servers',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the upstream does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the upstream does not speak TLS',
};

/** What went wrong in a handshake, in words where they are known, always with the code. */
export function tlsFaultText(error: NodeJS.ErrnoException): string {
  const code = error.code ?? error.message;
  const words = reasons[code];
  return words === undefined ? code : `${words} (${code})`;
}
