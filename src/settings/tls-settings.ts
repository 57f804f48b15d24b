import { createSecureContext } from 'node:tls';
import type { SettingsInput } from './input.ts';
import type { TlsSettings, TlsVersion } from './settings.ts';
import { parseTime } from './units.ts';

interface Suite {
  readonly versions: readonly TlsVersion[];
  readonly ciphers: readonly string[];
  readonly preferServerCiphers: boolean;
}

const ofVersion3 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const forwardSecret = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
];

const legacy = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-SHA',
  'AES256-SHA',
];

/** What each word of `ssl_cipher_suite` stands for: the three recommendations of Mozilla's server-side TLS page. */
const suites: Readonly<Record<string, Suite>> = {
  modern: { versions: ['TLSv1.3'], ciphers: ofVersion3, preferServerCiphers: false },
  intermediate: {
    versions: ['TLSv1.2', 'TLSv1.3'],
    ciphers: [...ofVersion3, ...forwardSecret],
    preferServerCiphers: false,
  },
  old: {
    versions: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    ciphers: [...ofVersion3, ...forwardSecret, ...legacy],
    preferServerCiphers: true,
  },
};

const order: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** TLS towards clients: versions and ciphers by name or one by one, session tickets. */
export function tlsSettings(input: SettingsInput): TlsSettings {
  const { text, given, faults, warnings } = input;
  const name = text('ssl_cipher_suite') ?? 'intermediate';
  const suite = suites[name];
  const versions = given('ssl_protocols') ? versionsOf(text('ssl_protocols') ?? '', faults) : suite?.versions;
  const [minVersion = 'TLSv1.2'] = versions ?? [];
  const maxVersion = versions?.at(-1) ?? 'TLSv1.3';
  for (const custom of ['ssl_ciphers', 'ssl_prefer_server_ciphers']) {
    if (suite === undefined || !given(custom)) continue;
    warnings.push(`${custom}: has no effect, because ssl_cipher_suite is ${name} and not custom`);
  }
  return {
    minVersion,
    maxVersion,
    ciphers: ciphersOf(suite, input, minVersion),
    preferServerCiphers: suite?.preferServerCiphers ?? text('ssl_prefer_server_ciphers')?.toLowerCase() !== 'off',
    sessionTickets: !/^(off|false)$/i.test(text('ssl_session_tickets') ?? 'on'),
    sessionTimeoutSeconds: Math.round((parseTime(text('ssl_session_timeout') ?? '') ?? 86_400_000) / 1000),
  };
}

function versionsOf(text: string, faults: string[]): TlsVersion[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const known = order.filter((version) => words.includes(version));
  const gapless = known.every(
    (version, index) => order.indexOf(version) === order.indexOf(known[0] ?? version) + index,
  );
  if (known.length === 0 || known.length < new Set(words).size || !gapless) {
    faults.push(
      `ssl_protocols: ${JSON.stringify(text)} is not accepted; accepted: ${order.join(', ')}, separated by blanks, without a gap between the lowest and the highest`,
    );
  }
  return known;
}

function ciphersOf(suite: Suite | undefined, { text, faults }: SettingsInput, minVersion: TlsVersion): string {
  // OpenSSL 3 speaks versions below 1.2 only at its lowest security level.
  const level = minVersion === 'TLSv1' || minVersion === 'TLSv1.1' ? ':@SECLEVEL=0' : '';
  if (suite !== undefined) return suite.ciphers.join(':') + level;
  const custom = text('ssl_ciphers');
  if (custom === undefined) {
    faults.push('ssl_ciphers: must be set, because ssl_cipher_suite is custom');
    return '';
  }
  // OpenSSL keeps the suites of TLS 1.3 in a list of their own, so a list of older ciphers alone leaves it untouched.
  const ciphers = /(^|:)TLS_/.test(custom) ? custom : `${ofVersion3.join(':')}:${custom}`;
  try {
    createSecureContext({ ciphers });
  } catch {
    faults.push(
      `ssl_ciphers: ${JSON.stringify(custom)} is not accepted; accepted: a cipher list in the form of OpenSSL`,
    );
  }
  return ciphers + level;
}
