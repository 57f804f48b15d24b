/** Kong's error bodies in the representation the client accepts (proxying.md 10). */
export interface ErrorBody {
  readonly contentType: string;
  readonly body: string;
}

type Representation = 'json' | 'html' | 'xml' | 'plain' | 'grpc';

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
  500: 'An unexpected error occurred',
  502: 'An invalid response was received from the upstream server',
  503: 'The upstream server is currently unavailable',
  504: 'The upstream server is timing out',
};

export function defaultMessage(status: number): string {
  return defaultMessages[status] ?? `The upstream server responded with ${status}`;
}

/** `accept` is the request's Accept header. Without one, router and plugin errors are JSON, core errors plain text. */
export function errorBody(
  message: string,
  requestId: string,
  accept: string | undefined,
  fallback: Representation,
): ErrorBody {
  const representation = accept === undefined || accept === '' ? fallback : representationFor(accept);
  switch (representation) {
    case 'json':
      return {
        contentType: 'application/json; charset=utf-8',
        body: `{\n  "message":${JSON.stringify(message)},\n  "request_id":"${requestId}"\n}`,
      };
    case 'html': {
      const text = escapeMarkup(message);
      return {
        contentType: 'text/html; charset=utf-8',
        body:
          '<!doctype html>\n<html>\n  <head>\n    <meta charset="utf-8">\n    <title>Error</title>\n  </head>\n' +
          `  <body>\n    <h1>Error</h1>\n    <p>${text}.</p>\n    <p>request_id: ${requestId}</p>\n  </body>\n</html>\n`,
      };
    }
    case 'xml':
      return {
        contentType: 'application/xml; charset=utf-8',
        body:
          '<?xml version="1.0" encoding="UTF-8"?>\n<error>\n' +
          `  <message>${escapeMarkup(message)}</message>\n  <requestid>${requestId}</requestid>\n</error>\n`,
      };
    case 'plain':
      return { contentType: 'text/plain; charset=utf-8', body: `${message}\nrequest_id: ${requestId}\n` };
    case 'grpc':
      return { contentType: 'application/grpc', body: '' };
  }
}

const representations: Readonly<Record<string, Representation>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'text/html': 'html',
  'application/xml': 'xml',
  'text/plain': 'plain',
  'text/*': 'plain',
  'application/grpc': 'grpc',
};

/** Highest q wins, the first on a tie; a type nobody knows counts as JSON, so do all zeros. */
export function representationFor(accept: string): Representation {
  let best: Representation = 'json';
  let bestQuality = 0;
  for (const entry of accept.slice(0, 1024).split(',')) {
    const [type = '', ...parameters] = entry.split(';');
    let quality = 1;
    for (const parameter of parameters) {
      const trimmed = parameter.trim();
      if (trimmed.startsWith('q=')) quality = Number(trimmed.slice(2));
    }
    if (!(quality > bestQuality)) continue;
    bestQuality = quality;
    best = representations[type.trim().toLowerCase()] ?? 'json';
  }
  return best;
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
