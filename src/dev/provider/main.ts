import { isLoopbackHost } from '../loopback.ts';
import { DevStartError } from '../start-error.ts';
import { serveProvider } from './serve.ts';
import type { ProviderMessage, StartMessage } from './types.ts';

// The provider's own process. It lives as long as the channel to its parent: when the parent ends in any
// way, kill -9 included, the channel closes. Ctrl-C reaches the whole process group; the parent decides.
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => process.exit(0));

if (process.send === undefined) {
  process.stderr.write('This is a part of "sallyport dev" and does not start by itself.\n');
  process.exit(1);
}
process.once('message', (message) => {
  void start(message as StartMessage);
});

async function start(message: StartMessage): Promise<void> {
  try {
    refuseUnsafe(message);
    const served = await serveProvider(message, async () => (await import('./oidc-provider.ts')).createOidcHandler);
    const { issuer, port, registry } = served;
    tell({ kind: 'ready', issuer, port, clients: registry.clients, apis: registry.apis });
  } catch (error) {
    const failure =
      error instanceof DevStartError
        ? { kind: 'failed' as const, code: error.code, message: error.message }
        : { kind: 'failed' as const, code: 'start_failed' as const, message: describeFault(error) };
    tell(failure, () => process.exit(1));
  }
}

/** Asked again in here, so that no other caller of this process can get round it. */
function refuseUnsafe(message: StartMessage): void {
  if (!isLoopbackHost(message.host)) throw new DevStartError('not_loopback', 'Only loopback addresses are allowed.');
  if (process.env['NODE_ENV'] === 'production') throw new DevStartError('production', 'Not under NODE_ENV=production.');
}

function tell(message: ProviderMessage, done: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, done);
}

function describeFault(error: unknown): string {
  return `The local OpenID provider could not start: ${error instanceof Error ? error.message : 'unknown fault'}`;
}
