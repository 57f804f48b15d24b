import type { ConnectionInfo, HeaderList, InboundRequest, RequestBody } from '../types.ts';
import type { RequestHeadParser } from './head-parser.ts';

/** A request as the parser read it. */
export class ParsedRequest implements InboundRequest {
  readonly method: string;
  readonly target: string;
  readonly rawPath: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly host: string;
  readonly versionMinor: 0 | 1;
  readonly headers: HeaderList;
  readonly body: RequestBody;
  readonly connection: ConnectionInfo;
  readonly receivedAt: number;

  constructor(parser: RequestHeadParser, body: RequestBody, connection: ConnectionInfo, receivedAt: number) {
    this.method = parser.method;
    this.target = parser.target;
    this.rawPath = parser.rawPath;
    this.path = parser.path;
    this.query = parser.query;
    this.host = parser.host;
    this.versionMinor = parser.versionMinor;
    this.headers = parser.fields.headers;
    this.body = body;
    this.connection = connection;
    this.receivedAt = receivedAt;
  }
}
