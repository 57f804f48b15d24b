import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProviderControl, type ProviderControl } from '../src/dev/provider/control-client.ts';
import { type LocalProvider, startLocalProvider } from '../src/dev/provider/start-provider.ts';
import { inParallel } from './probe.ts';

export const audience = 'https://bench.example/';
export const scope = 'read:bench';
export const manyCredentials = 1000;

/** Longer than any run, so that no token ends during it. */
const tokenLifetimeSeconds = 86_400;

/** `Authorization` lines, one file for each set. */
export interface CredentialFiles {
  readonly bearerOne: string;
  readonly bearerMany: string;
  readonly basicOne: string;
  readonly basicMany: string;
}

export interface BenchProvider {
  readonly issuer: string;
  readonly control: ProviderControl;
  readonly files: CredentialFiles;
  readonly clientIds: { readonly one: readonly string[]; readonly many: readonly string[] };
  stop(): Promise<void>;
}

/** The local OpenID provider with an API, 1,001 machine clients and as many tokens. */
export async function startProvider(folder: string): Promise<BenchProvider> {
  const home = join(folder, 'provider');
  mkdirSync(home);
  const provider = await startLocalProvider({ stateDir: join(home, 'state') });
  try {
    return await prepare(provider, home);
  } catch (error) {
    await provider.stop();
    throw error;
  }
}

async function prepare(provider: LocalProvider, home: string): Promise<BenchProvider> {
  const control = createProviderControl(provider.controlUrl);
  await control.putApi({ identifier: audience, scopes: [scope], tokenLifetimeSeconds });
  const many = Array.from({ length: manyCredentials }, (_, index) => `bench-client-${String(index).padStart(4, '0')}`);
  const one = ['bench-client-single'];
  const secretOf = (id: string) => `secret-of-${id}-0123456789abcdef0123456789`;
  await inParallel([...one, ...many], 8, async (id) => {
    await control.putClient(id, { secret: secretOf(id), grants: [{ audience, scopes: [scope] }] });
  });
  const tokens: string[] = [];
  await inParallel(many, 8, async (id) => {
    const claims = {
      sub: `${id}@clients`,
      aud: audience,
      azp: id,
      scope: `${scope} write:bench`,
      gty: 'client-credentials',
    };
    tokens.push(await control.sign({ claims, expiresInSeconds: tokenLifetimeSeconds }));
  });
  const basic = (id: string) => `Basic ${Buffer.from(`${id}:${secretOf(id)}`).toString('base64')}`;
  const write = (name: string, lines: readonly string[]): string => {
    const file = join(home, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const bearer = tokens.map((token) => `Bearer ${token}`);
  return {
    issuer: provider.issuer,
    control,
    clientIds: { one, many },
    files: {
      bearerOne: write('bearer-1', bearer.slice(0, 1)),
      bearerMany: write('bearer-1000', bearer),
      basicOne: write('basic-1', one.map(basic)),
      basicMany: write('basic-1000', many.map(basic)),
    },
    stop: () => provider.stop(),
  };
}

/** Calls that the provider has answered so far. */
export interface ProviderCalls {
  readonly token: number;
  readonly discovery: number;
  readonly jwks: number;
}

export async function providerCalls(control: ProviderControl): Promise<ProviderCalls> {
  const state = await control.state();
  return { token: state.tokenRequests, discovery: state.discoveryRequests, jwks: state.jwksRequests };
}
