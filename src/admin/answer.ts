import type { AdminBody } from './decode-body.ts';
import type { Query } from './query.ts';

/** One call of the Admin API after guard, routing and decoding. */
export interface AdminRequest {
  readonly method: string;
  /** The path prefix the client used, `` or `/kong-admin`; links in answers repeat it. */
  readonly prefix: string;
  /** The path after the prefix as sent, still percent-encoded. */
  readonly path: string;
  /** Path parameters by name, percent-decoded once. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: AdminBody;
}

/** What goes back. `json` and `text` exclude each other; with neither the body is empty. */
export interface AdminAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type AdminHandler = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>;

/** 200 with a JSON body. */
export function ok(json: unknown): AdminAnswer {
  return { status: 200, json };
}

/** `{"message": …}` with a status; the shape of every answer that is not one of Kong's coded errors. */
export function message(status: number, text: string): AdminAnswer {
  return { status, json: { message: text } };
}

/** 204. */
export const noContent: AdminAnswer = { status: 204 };

/** The value of a path parameter; a route is matched only when it has all of its parameters. */
export function param(request: AdminRequest, name: string): string {
  return request.params[name] ?? '';
}
