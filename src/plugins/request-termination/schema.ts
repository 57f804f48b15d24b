import { boolean, type Fault, type InferRecord, integer, record, string } from '../../schema/index.ts';

export type RequestTerminationConfig = InferRecord<typeof requestTerminationConfig>;

export const requestTerminationConfig = record(
  {
    status_code: integer({
      required: true,
      default: 503,
      between: [100, 599],
      validate: finalFault,
      description: 'Status of the answer.',
    }),
    message: string({ description: 'Sent as `{"message": …}`; excludes `body` and `content_type`.' }),
    content_type: string({
      validate: headerValueFault,
      description: 'Content-Type of `body`; `application/json; charset=utf-8` unless given.',
    }),
    body: string({ description: 'Body, sent as it is.' }),
    echo: boolean({
      required: true,
      default: false,
      description: 'Answer with what reached the gateway: the request, the route and the service.',
    }),
    trigger: string({
      description: 'Answer only requests with a header or query argument of this name; unset answers all.',
    }),
  },
  { required: true },
);

/** A message is sent as JSON of ours, so it can have neither a type nor a body beside it. */
export function checkRequestTermination({ message, content_type, body }: RequestTerminationConfig): Fault[] {
  if (message !== null && (content_type !== null || body !== null)) {
    return [{ path: [], entity: true, message: 'message cannot be used with content_type or body' }];
  }
  if (content_type === null || body !== null) return [];
  return [{ path: [], entity: true, message: 'content_type requires a body' }];
}

function finalFault(value: number): string | undefined {
  return value >= 200 ? undefined : 'a status below 200 cannot end a request';
}

function headerValueFault(value: string): string | undefined {
  return /^[\t\u0020-\u007e\u0080-\u00ff]+$/.test(value) ? undefined : 'must not hold control characters';
}
