import { isIP } from 'node:net';
import { limits } from '../base/limits.ts';
import { LruCache } from '../base/lru-cache.ts';
import {
  appendTo,
  emptyBlock,
  fieldStart,
  type HeaderBlock,
  lastingBlock,
  type UpstreamEndpoint,
  type UpstreamPools,
  type UpstreamTls,
} from '../http/index.ts';
import type { Destination, PickedAddress, UpstreamPool } from '../runtime/worker-balancer.ts';
import type { CertificatePair, CompiledService } from '../snapshot/snapshot.ts';

/** One address as a service uses it; made once, shared by every request that goes there. */
export interface ServiceTarget {
  readonly endpoint: UpstreamEndpoint;
  /** `Host`, where the route does not keep the client's. */
  readonly host: HeaderBlock;
  /** Undefined where the service names an address itself. */
  readonly address: PickedAddress | undefined;
  /** The upstream it was chosen from, which hears how requests went. */
  readonly upstream: UpstreamPool | undefined;
}

const hostStart = fieldStart('Host');

/** The places a service's requests can go to. */
export class ServiceTargets {
  readonly service: CompiledService;
  /** Undefined where the service names an address itself. */
  readonly destination: Destination | undefined;
  readonly #pools: UpstreamPools;
  /** Shown to upstreams that ask; part of what an endpoint is. */
  #clientCertificate: CertificatePair | undefined = undefined;
  #fixed: ServiceTarget | undefined = undefined;
  #byAddress = new WeakMap<PickedAddress, ServiceTarget>();
  #byName: LruCache<ServiceTarget> | undefined = undefined;

  constructor(service: CompiledService, pools: UpstreamPools, destinationOf: (host: string) => Destination) {
    this.service = service;
    this.#pools = pools;
    this.destination = isIP(bare(service.host)) === 0 ? destinationOf(service.host) : undefined;
  }

  /** What is known of earlier requests does not hold for another certificate. */
  useClientCertificate(certificate: CertificatePair | undefined): void {
    if (this.#clientCertificate === certificate) return;
    this.#clientCertificate = certificate;
    this.#fixed = undefined;
    this.#byAddress = new WeakMap();
    this.#byName = undefined;
  }

  /** The address that the service names itself. */
  fixed(): ServiceTarget {
    const { host, port } = this.service;
    this.#fixed ??= this.#make(bare(host), port, bare(host), undefined, undefined);
    return this.#fixed;
  }

  at(address: PickedAddress): ServiceTarget {
    const upstream = this.destination?.upstream;
    const known = this.#byAddress.get(address);
    if (known !== undefined && known.upstream === upstream) return known;
    const { host, port } = this.service;
    const made = this.#make(address.ip, address.port || port, address.hostname ?? host, address, upstream);
    this.#byAddress.set(address, made);
    return made;
  }

  /** The same place, spoken to by the name the client used: what is sent as Host is what TLS asks for. */
  named(target: ServiceTarget, clientHost: string): ServiceTarget {
    const { endpoint, address, upstream } = target;
    if (endpoint.tls === undefined) return target;
    const key = `${endpoint.host} ${endpoint.port} ${clientHost}`;
    this.#byName ??= new LruCache(limits.upstreamHostNamesMax);
    const known = this.#byName.get(key);
    if (known !== undefined && known.upstream === upstream && known.address === address) return known;
    const made = this.#make(endpoint.host, endpoint.port, clientHost, address, upstream);
    this.#byName.set(key, made);
    return made;
  }

  #make(
    ip: string,
    port: number,
    name: string,
    address: PickedAddress | undefined,
    upstream: UpstreamPool | undefined,
  ): ServiceTarget {
    const tls = this.service.protocol === 'https' ? this.#tls(name) : undefined;
    return {
      endpoint: this.#pools.endpoint({ host: ip, port, tls }),
      host: hostField(name, port, this.service.protocol),
      address,
      upstream,
    };
  }

  #tls(name: string): UpstreamTls {
    const { verify, verifyDepth, ca } = this.service.tls;
    const plain = name.replace(/:\d+$/, '');
    return {
      serverName: isIP(bare(plain)) === 0 && isIP(name) === 0 ? plain : undefined,
      verify,
      ...(verifyDepth === undefined ? {} : { verifyDepth }),
      ...(ca.length === 0 ? {} : { ca }),
      ...(this.#clientCertificate === undefined ? {} : { clientCertificate: this.#clientCertificate }),
    };
  }
}

/** `Host` with the port unless it is the scheme's own or the name brings one (proxying.md 5). */
export function hostField(name: string, port: number, protocol: string): HeaderBlock {
  const literal = isIP(name) === 6 ? `[${name}]` : name;
  const hasPort = isIP(name) === 0 && /:\d+$/.test(name);
  const usual = port === (protocol === 'https' ? 443 : 80);
  return lastingBlock(appendTo(emptyBlock, hostStart, hasPort || usual ? literal : `${literal}:${port}`));
}

function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
