/** `ip:port`, with brackets around an IPv6 address. */
export function joinPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
