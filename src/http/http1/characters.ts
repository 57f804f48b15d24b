/** Character classes of RFC 9110 §5.6 and RFC 9112, as tables over latin1 code units. */

export const HT = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const PERCENT = 0x25;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const COLON = 0x3a;
export const QUESTION = 0x3f;

/** 1 for `tchar`: what a method or a field name is made of. */
export const isToken = table((code) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)));

/** 1 for what a field value may hold: visible characters, space, tab and obs-text. */
export const isFieldText = table((code) => code === HT || (code >= SP && code !== 0x7f));

/**
 * What a request target may hold. Characters that a URI may not have but clients do send
 * (`"<>^{|}` and the backquote) are let through, as every common server does; controls, space,
 * `#` and non-ASCII bytes are not.
 */
export const isTargetText = table((code) => code > SP && code < 0x7f && code !== 0x23);

/** 1 for path characters that need no look whatever stands around them; behind a slash `;` may hide a segment. */
export const isPlainPath = table((code) => /[A-Za-z0-9\-_~!$&'()*+,=:@[\]]/.test(String.fromCharCode(code)));

/** Values of hexadecimal digits, 255 for everything else. */
export const hexValue = new Uint8Array(256).map((_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

function table(member: (code: number) => boolean): Uint8Array {
  return new Uint8Array(256).map((_, code) => (member(code) ? 1 : 0));
}
