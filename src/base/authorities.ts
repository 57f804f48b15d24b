import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** What the runtime trusts by itself; looked up late, since it costs some milliseconds at the start. */
let own: readonly string[] | undefined;

/**
 * Makes this thread's outgoing TLS trust these authorities wherever nothing else is said: PEM texts, and `system`
 * for those of the machine together with those of the runtime. Undefined stands for those of the runtime alone.
 */
export function trustAuthorities(list: readonly string[] | undefined): void {
  if (list === undefined && own === undefined) return;
  own ??= getCACertificates('default');
  const runtime = own;
  const all = list?.flatMap((item) => (item === 'system' ? [...runtime, ...getCACertificates('system')] : [item]));
  setDefaultCACertificates([...new Set(all ?? runtime)]);
}
