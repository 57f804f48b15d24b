import { at, type CheckFault, type EntityCheck, isSet, oneOrNone, type PlainObject } from '../../../schema/index.ts';
import { urlFault } from './shared.ts';

/** Lists that are read side by side. */
const pairs = [
  ['discovery_headers_names', 'discovery_headers_values'],
  ['token_headers_names', 'token_headers_values'],
  ['token_post_args_names', 'token_post_args_values'],
  ['upstream_headers_names', 'upstream_headers_claims'],
  ['downstream_headers_names', 'downstream_headers_claims'],
] as const;

/** Rules between fields; each waits until the fields it reads are valid by themselves. */
export const crossFieldChecks: readonly EntityCheck[] = [
  issuerIsUrl(),
  pseudoIssuerHasEndpoint(),
  cookieHasName(),
  cacheBoundsInOrder(),
  ...pairs.map(([names, values]) => sameLength(names, values)),
  oneOrNone(['consumer_claims', 'consumer_groups_claim']),
];

function issuerIsUrl(): EntityCheck {
  return check(['issuer', 'using_pseudo_issuer'], (config) => {
    const issuer = at(config, 'issuer');
    // A pseudo issuer is a name only, nothing is fetched from it.
    if (at(config, 'using_pseudo_issuer') === true || typeof issuer !== 'string') return undefined;
    const fault = urlFault(issuer);
    return fault === undefined ? undefined : { field: 'issuer', message: fault };
  });
}

function pseudoIssuerHasEndpoint(): EntityCheck {
  return check(['using_pseudo_issuer', 'token_endpoint', 'auth_methods'], (config) => {
    if (at(config, 'using_pseudo_issuer') !== true || isSet(at(config, 'token_endpoint'))) return undefined;
    const methods = at(config, 'auth_methods');
    if (!Array.isArray(methods) || !methods.includes('client_credentials')) return undefined;
    return { field: 'token_endpoint', message: 'required for client_credentials when using_pseudo_issuer is true' };
  });
}

function cookieHasName(): EntityCheck {
  return check(['bearer_token_param_type', 'bearer_token_cookie_name'], (config) => {
    const locations = at(config, 'bearer_token_param_type');
    if (!Array.isArray(locations) || !locations.includes('cookie')) return undefined;
    if (isSet(at(config, 'bearer_token_cookie_name'))) return undefined;
    return { field: 'bearer_token_cookie_name', message: 'required when bearer_token_param_type has cookie' };
  });
}

function cacheBoundsInOrder(): EntityCheck {
  return check(['cache_ttl_min', 'cache_ttl_max'], (config) => {
    const least = at(config, 'cache_ttl_min');
    const most = at(config, 'cache_ttl_max');
    if (typeof least !== 'number' || typeof most !== 'number' || least <= most) return undefined;
    return { field: 'cache_ttl_max', message: `must not be less than cache_ttl_min (${least})` };
  });
}

function sameLength(names: string, values: string): EntityCheck {
  return check([names, values], (config) => {
    const [expected, found] = [countAt(config, names), countAt(config, values)];
    if (expected === found) return undefined;
    return { field: values, message: `must have as many entries as ${names} (${expected}), not ${found}` };
  });
}

function countAt(config: PlainObject, name: string): number {
  const list = at(config, name);
  return Array.isArray(list) ? list.length : 0;
}

function check(fields: readonly string[], run: (config: PlainObject) => CheckFault | undefined): EntityCheck {
  return {
    fields,
    run: (config) => {
      const fault = run(config);
      return fault === undefined ? [] : [fault];
    },
  };
}
