/** Bytes that have to be refused, in the name of the rule they break. */
export interface RefusedCase {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
}

export const host = 'Host: a.example\r\n';

/** What an attacker hopes to have read as a request of its own. */
export const smuggled = `GET /smuggled HTTP/1.1\r\n${host}\r\n`;

/** A head with these lines beside a good Host. */
export function head(lines: string, start = 'POST /x HTTP/1.1'): string {
  return `${start}\r\n${host}${lines}\r\n`;
}

/** Refused with 400 unless told otherwise. A smuggled request follows each. */
export function refused(cases: readonly (readonly [name: string, bytes: string, status?: number])[]): RefusedCase[] {
  return cases.map(([name, bytes, status = 400]) => ({ name, bytes: bytes + smuggled, status }));
}
