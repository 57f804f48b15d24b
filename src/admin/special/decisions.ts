import { limits } from '../../base/limits.ts';
import { isObject, type PlainObject } from '../../schema/value.ts';
import { type AdminAnswer, type AdminRequest, message, ok, param } from '../answer.ts';
import { notFound } from '../errors.ts';
import type { AdminParts } from '../parts.ts';
import type { Query } from '../query.ts';
import type { AdminRoute } from '../router.ts';

type Ask = AdminParts['ask'];

/** `/decisions`: why requests were let through or refused, from the rings of all workers. */
export function decisionRoutes({ ask }: Pick<AdminParts, 'ask'>): AdminRoute[] {
  return [
    { path: '/decisions', methods: { GET: (request) => listDecisions(ask, request) } },
    {
      path: '/decisions/{request_id}',
      methods: {
        GET: async (request) => {
          const answers = await ask({ kind: 'decision', requestId: param(request, 'request_id') });
          const found = answers.find(isObject);
          return found === undefined ? notFound : ok(found);
        },
      },
    },
  ];
}

async function listDecisions(ask: Ask, { query }: AdminRequest): Promise<AdminAnswer> {
  const wanted = parseArguments(query);
  if (wanted.kind === 'refused') return wanted.answer;
  const { verdict, size } = wanted;
  const answers = await ask({ kind: 'decisions', verdict, size });
  const records = answers.flatMap((answer) => (Array.isArray(answer) ? answer.filter(isObject) : []));
  return ok({ data: records.sort(newestFirst).slice(0, size) });
}

type Arguments =
  | { readonly kind: 'arguments'; readonly verdict: 'allowed' | 'refused' | undefined; readonly size: number }
  | { readonly kind: 'refused'; readonly answer: AdminAnswer };

/** Unlike on lists, a misspelt argument is refused: it would silently answer something else. */
function parseArguments(query: Query): Arguments {
  for (const name of query.names) {
    if (name !== 'verdict' && name !== 'size') return refuse(`unknown argument '${name}'; known are verdict and size`);
  }
  const verdict = query.one('verdict');
  if (query.has('verdict') && verdict !== 'allowed' && verdict !== 'refused') {
    return refuse('verdict must be one of: allowed, refused');
  }
  const text = query.has('size') ? (query.one('size') ?? '') : '100';
  const size = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (size < 1 || size > limits.listSizeMax) {
    return refuse(`size must be an integer between 1 and ${limits.listSizeMax}`);
  }
  return { kind: 'arguments', size, verdict: verdict === 'allowed' || verdict === 'refused' ? verdict : undefined };
}

function refuse(text: string): Arguments {
  return { kind: 'refused', answer: message(400, text) };
}

/** `at` is ISO 8601 in UTC with a fixed number of digits, so its order as text is its order in time. */
function newestFirst(left: PlainObject, right: PlainObject): number {
  const [a, b] = [String(left['at']), String(right['at'])];
  return a < b ? 1 : a > b ? -1 : 0;
}
