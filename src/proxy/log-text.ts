import { looksLikeCredential } from '../base/access-log-names.ts';
import { limits } from '../base/limits.ts';
import { parseArguments } from '../pdk/index.ts';
import type { RequestContext } from './request-context.ts';
import { chosenFor } from './stages/filter.ts';

/** What stands in the log for a value that nobody may read there. */
const mask = '***';

// Characters that JSON must escape or a terminal would act on; what is logged hardly ever has one.
const unsafe = /["\\\u0000-\u001f\u007f-\uffff]/;

/** A JSON string. Text of the wire (one unit per byte) is read as UTF-8, control characters are escaped. */
export function logText(value: string): string {
  const short = value.length > limits.accessLogTextMax ? `${value.slice(0, limits.accessLogTextMax)}…` : value;
  if (!unsafe.test(short)) return `"${short}"`;
  // What lies beyond latin1 did not come over the wire.
  const read = /^[\u0000-\u00ff]*$/.test(short) ? Buffer.from(short, 'latin1').toString('utf8') : short;
  return JSON.stringify(read).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The query with names only: any value may be a credential, and a part without a name is nothing but a value. */
export function maskedQuery(query: string | undefined): string | undefined {
  if (query === undefined || query === '') return query;
  const parts = query.slice(0, limits.accessLogTextMax).split('&');
  return parts
    .map((part) => {
      const equals = part.indexOf('=');
      return equals === -1 ? mask : `${part.slice(0, equals)}=${mask}`;
    })
    .join('&');
}

/** Value of the first argument of that name, masked where plugins take it for a credential. */
export function queryValue(context: RequestContext, name: string): string | undefined {
  const { query } = context.request;
  if (query === undefined) return undefined;
  const found = parseArguments(query)?.find((argument) => argument.name === name)?.value;
  return found === undefined || !isCredential(context, name) ? found : mask;
}

/** What the upstream gets for this name where a plugin set it, else what the client sent; masked for credentials. */
export function requestHeaderValue(context: RequestContext, lower: string): string | undefined {
  const { upstream } = context.edited;
  let found = context.request.headers.get(lower);
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    if (upstream[index]?.toLowerCase() === lower) found = upstream[index + 1];
  }
  return found === undefined || !isCredential(context, lower) ? found : mask;
}

function isCredential(context: RequestContext, name: string): boolean {
  if (looksLikeCredential(name)) return true;
  const lower = name.toLowerCase();
  return (context.chain?.links ?? []).some(({ plugin }, index) => {
    if (plugin.credentialNames === undefined) return false;
    const instance = chosenFor(context, index);
    if (instance === undefined) return false;
    return plugin.credentialNames(instance.prepared).some((candidate) => candidate.toLowerCase() === lower);
  });
}
