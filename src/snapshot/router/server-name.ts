/** A TLS server name as it is compared: lower case, without a trailing dot (proxying.md 2). */
export function comparableServerName(serverName: string): string {
  const lower = serverName.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
