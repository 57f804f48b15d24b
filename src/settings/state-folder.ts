import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The state folder when none is configured: beside the project for `dev`, in the user's state
 * folder (XDG Base Directory specification) for `start`. Absolute.
 */
export function defaultPrefix(
  mode: 'start' | 'dev',
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): string {
  if (mode === 'dev') return resolve(cwd, '.sallyport');
  const configured = env['XDG_STATE_HOME'];
  // The specification says that relative paths in this variable are to be ignored.
  if (configured?.startsWith('/')) return join(configured, 'sallyport');
  return join(env['HOME']?.startsWith('/') ? env['HOME'] : homedir(), '.local', 'state', 'sallyport');
}

/**
 * Makes the state folder with mode 0700. A folder that existed before keeps its mode, since it may
 * hold other things than ours (`prefix = /tmp`); when others can look into it, that is a warning.
 */
export function prepareStateFolder(
  prefix: string,
): { kind: 'ok'; warnings: string[] } | { kind: 'fault'; fault: string } {
  try {
    const made = mkdirSync(prefix, { recursive: true, mode: 0o700 });
    // The process's umask can only have taken bits away; this puts ours back on the folder itself.
    if (made !== undefined) chmodSync(prefix, 0o700);
    const state = statSync(prefix);
    if (!state.isDirectory()) return { kind: 'fault', fault: `prefix: ${prefix} is not a folder` };
    const mode = state.mode & 0o777;
    if ((mode & 0o077) === 0) return { kind: 'ok', warnings: [] };
    const warning = `prefix: ${prefix} is open to other users (mode ${mode.toString(8).padStart(4, '0')}); chmod 0700 closes it`;
    return { kind: 'ok', warnings: [warning] };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown fault';
    return { kind: 'fault', fault: `prefix: the folder ${prefix} cannot be made or read (${code})` };
  }
}
