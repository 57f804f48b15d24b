import { ensureCertificate } from '../../base/certificate.ts';
import type { CertificatePair, Listener, Settings } from '../../settings/settings.ts';

/** What the ssl listeners of each kind show. */
export interface ListenerCertificates {
  readonly proxy: CertificatePair | undefined;
  readonly admin: CertificatePair | undefined;
  readonly status: CertificatePair | undefined;
}

/** The configured certificates; where an ssl listener has none, the self-signed one under prefix, made when missing. */
export async function listenerCertificates(settings: Settings): Promise<ListenerCertificates> {
  const own = async (listeners: readonly Listener[], given: CertificatePair | undefined) => {
    if (given !== undefined || !listeners.some((listener) => listener.ssl)) return given;
    return ensureCertificate(`${settings.prefix}/certificates`, 'default');
  };
  return {
    proxy: await own(settings.proxyListen, settings.certificates.proxy),
    admin: await own(settings.adminListen, settings.certificates.admin),
    status: await own(settings.statusListen, settings.certificates.status),
  };
}
