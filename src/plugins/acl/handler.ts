import {
  type AccessContext,
  type AccessResult,
  type CheckView,
  type Identity,
  identityPairs,
  namedChecks,
} from '../../pdk/index.ts';
import type { AclConfig } from './schema.ts';

/** Every check of the plugin, in the order it makes them. */
export const { checks, check } = namedChecks({
  'caller.identified': { about: 'An authentication plugin has established who calls.', field: null },
  'caller.groups': { about: 'The groups of the caller are let in.', field: null },
});

/** One configuration, worked out once. */
export interface AccessList {
  readonly config: AclConfig;
  readonly groups: ReadonlySet<string>;
  readonly mode: 'allow' | 'deny';
  /** `one of a, b` or `none of a, b`. */
  readonly expected: string;
  /** What the upstream is told of an identity with these groups. */
  readonly told: WeakMap<Identity, { readonly groups: readonly string[]; readonly pairs: readonly string[] }>;
}

interface Groups {
  readonly names: readonly string[];
  readonly from: 'consumer' | 'authenticated';
}

export function prepareAcl(config: AclConfig): AccessList {
  const mode = config.allow !== null ? 'allow' : 'deny';
  const names = config.allow ?? config.deny ?? [];
  return {
    config,
    mode,
    groups: new Set(names),
    expected: `${mode === 'allow' ? 'one' : 'none'} of ${names.join(', ')}`,
    told: new WeakMap(),
  };
}

/** Lets a caller through whose groups fit; it must run after authentication, as its priority has it. */
export function access(context: AccessContext, list: AccessList): AccessResult {
  const { identity, decision } = context;
  const groups = groupsOf(context, list);
  if (identity === null || (groups === undefined && identity.credential === null)) return refuseUnknown(context);
  decision.pass(check['caller.identified']);
  if (groups === undefined) return refuseGroups(context, list, 'neither a consumer nor groups');
  const isMember = groups.names.some((name) => list.groups.has(name));
  if (isMember !== (list.mode === 'allow')) {
    return refuseGroups(context, list, groups.names.length === 0 ? 'no group' : groups.names.join(', '));
  }
  decision.pass(check['caller.groups']);
  decision.allow(groups);
  context.edits.setIdentity(pairsOf(identity, groups, list));
  return undefined;
}

/** `seen` and `expected` of a passed check. */
export function describeCheck(index: number, facts: unknown, list: AccessList): CheckView | undefined {
  if (index !== check['caller.groups'] || facts === undefined) return undefined;
  const { names } = facts as Groups;
  return { seen: names.length === 0 ? 'no group' : names.join(', '), expected: list.expected };
}

/** Whose groups count (proxying.md 11.4); undefined when nobody has said anything of groups. */
function groupsOf(context: AccessContext, { config }: AccessList): Groups | undefined {
  const { identity, services } = context;
  if (identity === null) return undefined;
  const { consumer, credential, authenticatedGroups } = identity;
  const prefersAuthenticated = consumer === null || credential === null || config.always_use_authenticated_groups;
  if (prefersAuthenticated && authenticatedGroups !== null)
    return { names: authenticatedGroups, from: 'authenticated' };
  return consumer === null ? undefined : { names: services.credentials.groupsOf(consumer.id), from: 'consumer' };
}

/** The headers about the caller, with the groups that counted, or with none where they are to be hidden. */
function pairsOf(identity: Identity, groups: Groups, { config, told }: AccessList): readonly string[] {
  const known = told.get(identity);
  if (known !== undefined && known.groups === groups.names) return known.pairs;
  const pairs = [...identityPairs({ ...identity, authenticatedGroups: null })];
  if (!config.hide_groups_header && groups.names.length > 0) {
    const header = groups.from === 'consumer' ? 'X-Consumer-Groups' : 'X-Authenticated-Groups';
    pairs.push(header, groups.names.join(', '));
  }
  told.set(identity, { groups: groups.names, pairs });
  return pairs;
}

function refuseUnknown(context: AccessContext): AccessResult {
  context.decision.refuse(
    {
      check: check['caller.identified'],
      status: 401,
      text: 'nobody has established who calls',
      seen: 'an unknown caller',
      expected: 'an authenticated caller',
      hint: 'Put an authentication plugin such as key-auth or openid-connect on this route, or on its service.',
    },
    undefined,
  );
  return { status: 401, headers: [], message: 'Unauthorized' };
}

function refuseGroups(context: AccessContext, list: AccessList, seen: string): AccessResult {
  context.decision.refuse(
    {
      check: check['caller.groups'],
      status: 403,
      text: 'the groups of the caller are not let in',
      seen,
      expected: list.expected,
      field: `config.${list.mode}`,
      hint:
        list.mode === 'allow'
          ? 'Put the caller into one of these groups (POST /consumers/{consumer}/acls, or the groups claim of its token), or add its group to config.allow.'
          : 'Take the caller out of the denied group (DELETE /consumers/{consumer}/acls/{group}), or remove the group from config.deny.',
    },
    undefined,
  );
  return { status: 403, headers: [], message: 'You cannot consume this service' };
}
