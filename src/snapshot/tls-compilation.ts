import { isDeepStrictEqual } from 'node:util';
import { ShardedMap, type ShardedMapDraft } from '../base/sharded-map.ts';
import type { CaCertificate, Certificate, Service, Sni, Upstream } from '../entities/index.ts';
import { authorityFault, compileCertificate } from './compile-certificate.ts';
import type { CompileEnvironment, CompileFault } from './compile-types.ts';
import type { CertificatePair, CompiledUpstream, ServiceTls, TlsIdentity } from './compiled.ts';
import { comparableServerName } from './router/server-name.ts';
import { ServerCertificates } from './server-certificates.ts';

/** Certificates, names and authorities of a snapshot, for compiling the next one. */
export interface TlsParts {
  readonly certificates: ShardedMap<CompiledCertificate>;
  readonly names: ShardedMap<Sni>;
  readonly authorities: ShardedMap<CaCertificate>;
}

export interface CompiledCertificate {
  readonly identity: TlsIdentity;
  readonly entity: Certificate;
}

export const noTlsParts: TlsParts = Object.freeze({
  certificates: ShardedMap.empty<CompiledCertificate>(),
  names: ShardedMap.empty<Sni>(),
  authorities: ShardedMap.empty<CaCertificate>(),
});

const noCertificates: readonly string[] = Object.freeze([]);

/** The certificates of a change, and what depends on them. Every entity is taken in before anything is asked. */
export class TlsCompilation {
  readonly #faults: CompileFault[];
  readonly #previous: TlsParts;
  readonly #source: ServerCertificates;
  readonly #certificates: ShardedMapDraft<CompiledCertificate>;
  readonly #names: ShardedMapDraft<Sni>;
  readonly #authorities: ShardedMapDraft<CaCertificate>;
  readonly #table: ShardedMapDraft<TlsIdentity>;
  /** Ids of certificates and authorities that are new, changed or gone. */
  readonly #changed = new Set<string>();
  readonly #staleNames = new Map<string, Sni>();

  constructor(previous: TlsParts, certificates: ServerCertificates, faults: CompileFault[]) {
    this.#faults = faults;
    this.#previous = previous;
    this.#source = certificates;
    this.#certificates = previous.certificates.edit();
    this.#names = previous.names.edit();
    this.#authorities = previous.authorities.edit();
    this.#table = certificates.table.edit();
  }

  /** Whether anything that services and upstreams may refer to is not what it was. */
  get changed(): boolean {
    return this.#changed.size > 0;
  }

  remove(kind: 'certificates' | 'snis' | 'ca_certificates', id: string): void {
    if (kind === 'certificates' && this.#certificates.delete(id)) this.#changed.add(id);
    else if (kind === 'ca_certificates' && this.#authorities.delete(id)) this.#changed.add(id);
    else if (kind === 'snis') this.#dropName(id);
  }

  setCertificate(entity: Certificate): void {
    const known = this.#certificates.get(entity.id);
    if (known !== undefined && isDeepStrictEqual(known.entity, entity)) return;
    const outcome = compileCertificate(entity);
    if (outcome.kind === 'fault') {
      this.#faults.push({ kind: 'certificates', id: entity.id, name: null, message: outcome.message });
      return;
    }
    this.#certificates.set(entity.id, Object.freeze({ identity: outcome.identity, entity }));
    this.#changed.add(entity.id);
  }

  setAuthority(entity: CaCertificate): void {
    const known = this.#authorities.get(entity.id);
    if (known !== undefined && isDeepStrictEqual(known, entity)) return;
    const message = authorityFault(entity.cert);
    if (message !== undefined) {
      this.#faults.push({ kind: 'ca_certificates', id: entity.id, name: null, message });
      return;
    }
    this.#authorities.set(entity.id, entity);
    this.#changed.add(entity.id);
  }

  setName(entity: Sni): void {
    const known = this.#names.get(entity.id);
    if (known !== undefined && isDeepStrictEqual(known, entity)) return;
    this.#dropName(entity.id);
    this.#names.set(entity.id, entity);
    this.#staleNames.set(entity.id, entity);
  }

  /** Gives every name its certificate, one for each step. */
  *build(): Generator<void> {
    if (this.changed) {
      let looked = 0;
      for (const sni of this.#previous.names.values()) {
        const current = this.#names.get(sni.id);
        if (current !== undefined && this.#changed.has(current.certificate.id))
          this.#staleNames.set(current.id, current);
        looked += 1;
        if (looked % 64 === 0) yield;
      }
    }
    for (const sni of this.#staleNames.values()) {
      const certificate = this.#certificates.get(sni.certificate.id);
      if (certificate === undefined) {
        this.#fault('snis', sni, `certificate: there is no certificate ${sni.certificate.id}`);
      } else this.#table.set(comparableServerName(sni.name), certificate.identity);
      yield;
    }
  }

  /** Whether this service was built from something that is not what it was. */
  concernsService({ client_certificate, ca_certificates }: Service): boolean {
    if (client_certificate !== null && this.#changed.has(client_certificate.id)) return true;
    return ca_certificates?.some((id) => this.#changed.has(id)) === true;
  }

  concernsUpstream({ client_certificate }: Upstream): boolean {
    return client_certificate !== null && this.#changed.has(client_certificate.id);
  }

  /** How TLS towards a service is done; what it refers to in vain is a fault of the service. */
  ofService(entity: Service, env: CompileEnvironment): ServiceTls {
    const ca: string[] = [];
    for (const id of entity.ca_certificates ?? []) {
      const authority = this.#authorities.get(id);
      if (authority === undefined) this.#fault('services', entity, `ca_certificates: there is no CA certificate ${id}`);
      else ca.push(authority.cert);
    }
    return Object.freeze({
      verify: entity.tls_verify ?? env.tlsVerifyDefault ?? false,
      verifyDepth: entity.tls_verify_depth ?? undefined,
      ca: ca.length === 0 ? noCertificates : Object.freeze(ca),
      clientCertificate: this.#clientCertificate('services', entity),
    });
  }

  ofUpstream(entity: Upstream): CompiledUpstream {
    const clientCertificate = this.#clientCertificate('upstreams', entity);
    return Object.freeze({ id: entity.id, name: entity.name, clientCertificate, entity });
  }

  done(): { readonly certificates: ServerCertificates; readonly tlsParts: TlsParts } {
    const table = this.#table.done();
    return {
      certificates: table === this.#source.table ? this.#source : new ServerCertificates(table),
      tlsParts: Object.freeze({
        certificates: this.#certificates.done(),
        names: this.#names.done(),
        authorities: this.#authorities.done(),
      }),
    };
  }

  #clientCertificate(
    kind: 'services' | 'upstreams',
    entity: Pick<Service | Upstream, 'id' | 'name' | 'client_certificate'>,
  ): CertificatePair | undefined {
    const id = entity.client_certificate?.id;
    if (id === undefined) return undefined;
    const certificate = this.#certificates.get(id);
    if (certificate === undefined) this.#fault(kind, entity, `client_certificate: there is no certificate ${id}`);
    return certificate?.identity;
  }

  #dropName(id: string): void {
    const known = this.#names.get(id);
    if (known === undefined) return;
    this.#names.delete(id);
    this.#staleNames.delete(id);
    // Names are given out once all of the change is in, so one that passed to another entry is set again then.
    this.#table.delete(comparableServerName(known.name));
  }

  #fault(kind: CompileFault['kind'], entity: { id: string; name: string | null }, message: string): void {
    this.#faults.push({ kind, id: entity.id, name: entity.name, message });
  }
}
