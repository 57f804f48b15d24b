import type { NoPick, Pick, PickedAddress } from '../../runtime/worker-balancer.ts';
import type { CertificatePair, CompiledService } from '../../snapshot/snapshot.ts';
import type { DataPlane } from '../data-plane.ts';
import { balancingHash } from '../hash-key.ts';
import type { RequestContext } from '../request-context.ts';
import { type ServiceTarget, ServiceTargets } from '../service-targets.ts';
import { answerError } from './send.ts';

/**
 * Chooses where the request goes and leaves it in `context.target`. False: it was answered, since there is no service
 * or nowhere to send it. A promise only while a name is looked up that nobody knows yet.
 */
export function select(plane: DataPlane, context: RequestContext): boolean | Promise<boolean> {
  const service = context.match?.route.service;
  if (service === undefined) {
    answerError(plane, context, 503, 'no Service found with those values');
    return false;
  }
  const targets = targetsOf(plane, service);
  if (service.protocol === 'https') targets.useClientCertificate(clientCertificateOf(plane, context, service));
  const { destination } = targets;
  if (destination === undefined) {
    context.target = spokenTo(context, targets, targets.fixed());
    return true;
  }
  const { upstream } = destination;
  if (upstream?.pool.algorithm === 'consistent-hashing') context.balanceHash = balancingHash(context, upstream.policy);
  // The moment the request came is close enough, and no clock has to be read.
  const picked = destination.pick(context.request.receivedAt, context.balanceHash);
  if (!(picked instanceof Promise)) return take(plane, context, targets, picked);
  return picked.then((found) => !context.exchange.clientGone && take(plane, context, targets, found));
}

/** Another place after a failed try; undefined when there is none. Those tried already come last. */
export function selectAgain(
  plane: DataPlane,
  context: RequestContext,
  service: CompiledService,
  tried: readonly PickedAddress[],
): ServiceTarget | undefined {
  const targets = targetsOf(plane, service);
  if (targets.destination === undefined) return context.target;
  const picked = targets.destination.pick(performance.now(), context.balanceHash, tried);
  if (picked instanceof Promise || picked.kind === 'none') return undefined;
  return spokenTo(context, targets, targets.at(picked));
}

function take(plane: DataPlane, context: RequestContext, targets: ServiceTargets, picked: Pick): boolean {
  if (picked.kind === 'none') {
    tellNowhere(plane, context, picked);
    return false;
  }
  context.target = spokenTo(context, targets, targets.at(picked));
  return true;
}

/** With `preserve_host`, TLS asks for the name that is sent as Host: the client's. */
function spokenTo(context: RequestContext, targets: ServiceTargets, target: ServiceTarget): ServiceTarget {
  if (context.match?.route.preserveHost !== true) return target;
  return targets.named(target, context.request.host);
}

function tellNowhere(plane: DataPlane, context: RequestContext, { status, message }: NoPick): void {
  plane.services.log.warn('proxy.upstream.none', {
    request_id: context.requestId,
    route: context.route.name ?? context.route.id,
    service: context.service?.name ?? context.service?.id,
    host: context.service?.host,
    reason: message,
  });
  answerError(plane, context, status, message);
}

function targetsOf(plane: DataPlane, service: CompiledService): ServiceTargets {
  let targets = plane.targets.get(service);
  if (targets === undefined) {
    targets = new ServiceTargets(service, plane.pools, (host) => plane.balancer.destination(host));
    plane.targets.set(service, targets);
  }
  return targets;
}

/** The service's own, else that of the upstream it names, else the node's (proxying.md 9). */
function clientCertificateOf(
  plane: DataPlane,
  context: RequestContext,
  service: CompiledService,
): CertificatePair | undefined {
  return (
    service.tls.clientCertificate ??
    context.snapshot.upstreams.byName(service.host)?.clientCertificate ??
    plane.options.upstreamClientCertificate
  );
}
