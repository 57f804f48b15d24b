import type { HeaderList } from '../http/index.ts';

/** Kong's error bodies in the representation the client accepts (proxying.md 10). */
export interface ErrorBody {
  readonly contentType: string;
  readonly body: string;
  /** Fields that a gRPC client reads in place of a body: name, value … */
  readonly headers: readonly string[];
}

export type Representation = 'json' | 'html' | 'xml' | 'plain' | 'grpc';

/** Who raised an error: a stage or a plugin, or the part that reads and writes messages. */
export type ErrorOrigin = 'gateway' | 'core';

/** What settings say about error bodies. */
export interface ErrorBodyOptions {
  /** Media type where a request that is answered by the core names none. */
  readonly errorDefaultType: string;
  /** Texts in place of the usual ones, with `%s` for message and request id. */
  readonly errorTemplates: Readonly<Record<'html' | 'json' | 'xml' | 'plain', string | undefined>>;
}

const defaultMessages: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  411: 'Length required',
  412: 'Precondition failed',
  413: 'Payload too large',
  414: 'URI too long',
  417: 'Expectation failed',
  426: 'Upgrade required',
  429: 'Too many requests',
  431: 'Request header or cookie too large',
  494: 'Request header or cookie too large',
  500: 'An unexpected error occurred',
  502: 'An invalid response was received from the upstream server',
  503: 'The upstream server is currently unavailable',
  504: 'The upstream server is timing out',
};

/** The sentence for a status where nobody has a better one. */
export function defaultMessage(status: number): string {
  return defaultMessages[status] ?? `The upstream server responded with ${status}`;
}

const contentTypes: Readonly<Record<Representation, string>> = {
  json: 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  plain: 'text/plain; charset=utf-8',
  grpc: 'application/grpc',
};

const usualTemplates: Readonly<Record<'html' | 'json' | 'xml' | 'plain', string>> = {
  json: '{\n  "message":"%s",\n  "request_id":"%s"\n}',
  html:
    '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n' +
    '  <body>\n    <h1>Error</h1>\n    <p>%s.</p>\n    <p>request_id: %s</p>\n  </body>\n</html>\n',
  xml:
    '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n' +
    '  <message>%s</message>\n  <requestid>%s</requestid>\n</error>\n',
  plain: '%s\nrequest_id: %s\n',
};

/** The body of an error; `message` is escaped for the representation. */
export function errorBody(
  options: ErrorBodyOptions,
  error: { readonly status: number; readonly message: string; readonly requestId: string },
  representation: Representation,
): ErrorBody {
  const contentType = contentTypes[representation];
  if (representation === 'grpc') return { contentType, body: '', headers: grpcHeaders(error.status, error.message) };
  const template = options.errorTemplates[representation] ?? usualTemplates[representation];
  const message = escapers[representation](error.message);
  return { contentType, body: fill(template, message, error.requestId), headers: nothing };
}

const nothing: readonly string[] = [];

const escapers: Readonly<Record<'html' | 'json' | 'xml' | 'plain', (text: string) => string>> = {
  json: (text) => JSON.stringify(text).slice(1, -1),
  html: escapeMarkup,
  xml: escapeMarkup,
  plain: (text) => text,
};

/** Puts message and id in place of the first and second `%s`; `%%` stands for a percent sign. */
function fill(template: string, message: string, requestId: string): string {
  let place = 0;
  return template.replace(/%[s%]/g, (mark) => {
    if (mark === '%%') return '%';
    place += 1;
    return place === 1 ? message : requestId;
  });
}

/**
 * How the client wants an error: by `Accept`; without one JSON for errors of stages and plugins, the type of the
 * request's own body and then `error_default_type` for those of the core.
 */
export function chooseRepresentation(
  headers: HeaderList | undefined,
  origin: ErrorOrigin,
  options: ErrorBodyOptions,
): Representation {
  const accept = headers?.all('accept').join(',') ?? '';
  if (accept.trim() !== '') return representationFor(accept);
  if (headers !== undefined && isGrpc(headers.get('content-type'))) return 'grpc';
  if (origin === 'gateway') return 'json';
  const sent = headers?.get('content-type');
  return representationFor(sent === undefined || sent === '' ? options.errorDefaultType : sent);
}

const representations: ReadonlyMap<string, Representation> = new Map([
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['text/html', 'html'],
  ['application/xml', 'xml'],
  ['text/plain', 'plain'],
  ['text/*', 'plain'],
  ['application/grpc', 'grpc'],
]);

/** Highest q wins, the first on a tie; a type nobody knows counts as JSON, so do all zeros. */
export function representationFor(accept: string): Representation {
  let best: Representation = 'json';
  let bestQuality = 0;
  for (const entry of accept.slice(0, acceptCharsRead).split(',')) {
    const [type = '', ...parameters] = entry.split(';');
    const name = type.trim().toLowerCase();
    if (name === '') continue;
    let quality = 1;
    for (const parameter of parameters) {
      const weight = /^\s*q\s*=\s*([01](?:\.\d*)?|\.\d+)\s*$/i.exec(parameter)?.[1];
      if (weight !== undefined) quality = Math.min(1, Number(weight));
      else if (/^\s*q\s*=/i.test(parameter)) quality = 0;
    }
    if (!(quality > bestQuality)) continue;
    bestQuality = quality;
    best = representations.get(name) ?? (isGrpc(name) ? 'grpc' : 'json');
  }
  return best;
}

const acceptCharsRead = 1024;

function isGrpc(type: string | undefined): boolean {
  return type !== undefined && /^application\/grpc(?:$|[+;\s])/i.test(type);
}

/** Codes of gRPC for statuses of HTTP; the rest is UNKNOWN. */
const grpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  409: 10,
  412: 9,
  413: 8,
  429: 8,
  499: 1,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
};

function grpcHeaders(status: number, message: string): readonly string[] {
  // The message is percent-encoded, as the protocol wants it; spaces may stay.
  const encoded = encodeURIComponent(message.toWellFormed()).replaceAll('%20', ' ');
  return ['grpc-status', String(grpcCodes[status] ?? 2), 'grpc-message', encoded];
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
