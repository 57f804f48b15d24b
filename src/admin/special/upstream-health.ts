import type { TargetHealth, UpstreamHealth } from '../../base/balancing.ts';
import type { Entity } from '../../entities/index.ts';
import { type AdminAnswer, type AdminHandler, message, noContent, ok, param } from '../answer.ts';
import { withParent } from '../entity-routes.ts';
import { notFound } from '../errors.ts';
import { presentAll } from '../lists.ts';
import type { AdminParts } from '../parts.ts';
import type { AdminRoute } from '../router.ts';
import { targetOf, targetsOf, withTarget } from './targets.ts';

const targetPath = '/upstreams/{upstreams}/targets/{targets}';

/** Health of upstreams and their targets on this node, to be read and to be set (admin-api 9). */
export function upstreamHealthRoutes(parts: AdminParts): AdminRoute[] {
  return [
    {
      path: '/upstreams/{upstreams}/health',
      methods: {
        GET: withParent(parts, 'upstreams', (upstream, { query }) =>
          ['1', 'true'].includes(query.one('balancer_health') ?? '')
            ? ofBalancer(parts, upstream)
            : ofTargets(parts, upstream),
        ),
      },
    },
    ...[true, false].flatMap((healthy) => {
      const word = healthy ? 'healthy' : 'unhealthy';
      const methods = { PUT: setHealth(parts, healthy) };
      return [
        { path: `${targetPath}/${word}`, methods, ignoresBody: true },
        { path: `${targetPath}/{address}/${word}`, methods, ignoresBody: true },
      ];
    }),
  ];
}

function setHealth(parts: AdminParts, healthy: boolean): AdminHandler {
  return withTarget(parts, async (upstream, address, request) => {
    const target = await targetOf(parts, upstream, address);
    if (target === undefined) return notFound;
    const one = param(request, 'address');
    const outcome = await parts.health.set(upstream.id, target.id, one === '' ? undefined : one, healthy);
    if (outcome === 'set') return noContent;
    return outcome === 'unknown' ? notFound : message(400, 'No healthchecker found for the upstream');
  });
}

async function ofTargets(parts: AdminParts, upstream: Entity): Promise<AdminAnswer> {
  const health = await parts.health.ofUpstream(upstream.id);
  const known = new Map(health?.targets.map((target) => [target.id, target]));
  const targets = await targetsOf(parts, upstream.id);
  const rows = await presentAll(parts, 'targets', targets);
  const data = rows.map((row, index) => {
    const found = known.get(targets[index]?.id ?? '');
    return found === undefined ? { ...row, health: 'HEALTHCHECKS_OFF' } : { ...row, ...healthOf(found) };
  });
  return ok({ data, next: null, node_id: parts.settings.nodeId });
}

function healthOf({ health, host, port, dns, nodeWeight, weight, addresses }: TargetHealth) {
  return { health, data: { host, port, dns, nodeWeight, weight, addresses } };
}

async function ofBalancer(parts: AdminParts, upstream: Entity): Promise<AdminAnswer> {
  const health = await parts.health.ofUpstream(upstream.id);
  if (health === undefined) return notFound;
  const word = wordOf(health);
  const data = {
    health: word,
    balancer_health: health.healthy ? 'HEALTHY' : 'UNHEALTHY',
    id: upstream.id,
    details: {
      healthy: health.healthy,
      weight: health.weight,
      hosts: health.targets.map((target) => healthOf(target).data),
    },
  };
  return ok({ data, next: null, node_id: parts.settings.nodeId });
}

function wordOf({ checksOn, healthy }: UpstreamHealth): string {
  if (!checksOn) return 'HEALTHCHECKS_OFF';
  return healthy ? 'HEALTHY' : 'UNHEALTHY';
}
