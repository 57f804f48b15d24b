import { ShardedMap } from '../base/sharded-map.ts';
import type { TlsIdentity } from './compiled.ts';
import { comparableServerName } from './router/server-name.ts';

/** Which certificate a TLS listener shows for which server name. It never changes. */
export class ServerCertificates {
  static readonly empty = new ServerCertificates(ShardedMap.empty());

  /** By name as `comparableServerName` writes it, wildcards included. */
  readonly table: ShardedMap<TlsIdentity>;

  constructor(table: ShardedMap<TlsIdentity>) {
    this.table = table;
  }

  /**
   * The identity for a server name (proxying.md 9): the exact name, then `*.parent` for one label, then `name.*`,
   * then `*`. Undefined: the listener's default certificate. A client that sent no name gets that of `*` too.
   */
  identityFor(serverName: string | undefined): TlsIdentity | undefined {
    const { table } = this;
    if (table.size === 0) return undefined;
    if (serverName !== undefined) {
      const name = comparableServerName(serverName);
      const exact = table.get(name);
      if (exact !== undefined) return exact;
      const first = name.indexOf('.');
      if (first > 0) {
        const wildcard = table.get(`*${name.slice(first)}`) ?? table.get(`${name.slice(0, name.lastIndexOf('.'))}.*`);
        if (wildcard !== undefined) return wildcard;
      }
    }
    return table.get('*');
  }
}
