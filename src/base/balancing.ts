/**
 * What threads tell each other about upstreams: plain data that structured clone carries. The main thread
 * owns names and health; workers choose from what it published.
 */

export type BalancingAlgorithm = 'round-robin' | 'consistent-hashing' | 'least-connections' | 'latency';

/** What a request is hashed on. */
export type HashInput =
  | { readonly kind: 'none' | 'consumer' | 'ip' | 'path' }
  | { readonly kind: 'header' | 'query_arg' | 'uri_capture'; readonly name: string }
  /** A request without the cookie gets one with a value of its own, for this path. */
  | { readonly kind: 'cookie'; readonly name: string; readonly path: string };

/** How an upstream spreads requests over its addresses. */
export interface BalancingPolicy {
  readonly algorithm: BalancingAlgorithm;
  readonly hashOn: HashInput;
  readonly hashFallback: HashInput;
  /** Size of the consistent-hashing ring. */
  readonly slots: number;
  /** Sent as Host in place of the target's name. */
  readonly hostHeader: string | undefined;
  /** The name an SRV record points to is sent as Host. */
  readonly useSrvName: boolean;
  /** The upstream is unhealthy when at most this percentage of its weight is available. */
  readonly threshold: number;
}

/** Which statuses count, and how many of a kind in a row flip an address; 0 disables that kind. */
export interface HealthyRules {
  readonly statuses: readonly number[];
  readonly successes: number;
}

export interface UnhealthyRules {
  readonly statuses: readonly number[];
  readonly httpFailures: number;
  readonly tcpFailures: number;
  readonly timeouts: number;
}

export interface ActiveChecks {
  readonly type: 'http' | 'https' | 'tcp';
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly serverName: string | undefined;
  readonly verify: boolean;
  readonly healthy: HealthyRules;
  readonly unhealthy: UnhealthyRules;
  /** Between two probes of addresses in that state; 0 probes none of them. */
  readonly healthyIntervalMs: number;
  readonly unhealthyIntervalMs: number;
}

export interface PassiveChecks {
  readonly healthy: HealthyRules;
  readonly unhealthy: UnhealthyRules;
}

export interface UpstreamSpec {
  readonly id: string;
  readonly name: string;
  readonly policy: BalancingPolicy;
  readonly active: ActiveChecks;
  readonly passive: PassiveChecks;
}

export interface TargetSpec {
  readonly id: string;
  readonly upstreamId: string;
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** 0 takes it out. */
  readonly weight: number;
}

/** What a change of the configuration means for balancing. `base` replaces everything known before. */
export interface BalancingChange {
  readonly base: boolean;
  readonly upstreams: readonly UpstreamSpec[];
  readonly targets: readonly TargetSpec[];
  readonly upstreamsGone: readonly string[];
  readonly targetsGone: readonly string[];
  /** Host names that services use, to be looked up before the first request asks for them. */
  readonly names: readonly string[];
}

/** One address requests can be sent to. */
export interface PublishedAddress {
  /** Stays with the address as long as the upstream keeps it, and is never used again. */
  readonly key: number;
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  /** For Host and TLS: the target's name as configured, its address when it has no name. */
  readonly hostname: string;
  /** The name an SRV record pointed to. */
  readonly srvName: string | undefined;
  /** Health, counters and connections, shared by all threads (see `balancer/address-cells.ts`). */
  readonly cells: SharedArrayBuffer;
}

/** Why a name has no addresses. */
export type NameFault = 'not_found' | 'error';

/** What the node knows about a name; durations count from when it was sent. */
export type NameRecord =
  | {
      readonly kind: 'found';
      readonly addresses: readonly {
        readonly ip: string;
        /** Of an SRV record. */
        readonly port: number | undefined;
        readonly weight: number;
        readonly srvName: string | undefined;
      }[];
      /** From then on a request should ask for a fresh answer, while this one still serves. */
      readonly freshMs: number;
      /** From then on a request must wait for a fresh answer. */
      readonly usableMs: number;
    }
  | { readonly kind: 'failed'; readonly fault: NameFault; readonly detail: string; readonly usableMs: number };

/** One part of what main publishes; each replaces what was published about the same thing. */
export type BalancePart =
  | {
      readonly kind: 'upstream';
      readonly id: string;
      readonly name: string;
      readonly policy: BalancingPolicy;
      /** Undefined while no result of a request can change the health of an address. */
      readonly passive: PassiveChecks | undefined;
      readonly addresses: readonly PublishedAddress[];
      /** Wheel position and health version, shared by all threads (see `balancer/pool-cells.ts`). */
      readonly cells: SharedArrayBuffer;
      /** Names of targets are being looked up for the first time: having no address may change soon. */
      readonly pending: boolean;
      /** Every target's name failed to resolve; what to tell instead of "no peer". */
      readonly nameFault: { readonly fault: NameFault; readonly name: string; readonly detail: string } | undefined;
    }
  | { readonly kind: 'upstream_gone'; readonly id: string }
  | { readonly kind: 'name'; readonly name: string; readonly record: NameRecord; readonly cells: SharedArrayBuffer };

export type HealthWord = 'HEALTHY' | 'UNHEALTHY' | 'HEALTHCHECKS_OFF' | 'DNS_ERROR';

/** Weights as `GET /upstreams/{u}/health` shows them. */
export interface WeightSums {
  readonly total: number;
  readonly available: number;
  readonly unavailable: number;
}

export interface AddressHealth {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly health: 'HEALTHY' | 'UNHEALTHY' | 'HEALTHCHECKS_OFF';
}

export interface TargetHealth {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** How the name became addresses: `ttl=0, virtual SRV` for an address, `A`, `SRV`, or the failure. */
  readonly dns: string;
  readonly nodeWeight: number;
  readonly weight: WeightSums;
  readonly health: HealthWord;
  readonly addresses: readonly AddressHealth[];
}

/** The node's view of one upstream. */
export interface UpstreamHealth {
  readonly id: string;
  readonly name: string;
  /** False while nothing can change the health of an address. */
  readonly checksOn: boolean;
  /** More of the weight is available than the threshold demands. */
  readonly healthy: boolean;
  readonly weight: WeightSums;
  readonly targets: readonly TargetHealth[];
}

/** What the control thread asks main about health. */
export type HealthQuestion =
  | { readonly kind: 'of'; readonly upstreamId: string }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'set';
      readonly upstreamId: string;
      readonly targetId: string;
      /** `ip:port` (or `[ipv6]:port`) of one address of the target; undefined sets all of them. */
      readonly address: string | undefined;
      readonly healthy: boolean;
    };
