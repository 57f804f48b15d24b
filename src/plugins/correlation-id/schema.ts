import { headerName } from '../../pdk/index.ts';
import { boolean, type InferRecord, record, string } from '../../schema/index.ts';

export type CorrelationIdConfig = InferRecord<typeof correlationIdConfig>;

export const correlationIdConfig = record(
  {
    header_name: string({
      default: 'Kong-Request-ID',
      ...headerName,
      description: 'Header that carries the id; a value that came with the request is kept.',
    }),
    generator: string({
      required: true,
      default: 'uuid#counter',
      one_of: ['uuid', 'uuid#counter', 'tracker'],
      description:
        '`uuid`: a new one each time. `uuid#counter`: one for each worker, with a number. `tracker`: address and port of ' +
        'this node, process, connection, request on it, and time.',
    }),
    echo_downstream: boolean({ required: true, default: false, description: 'Send the id to the client too.' }),
  },
  { required: true },
);
