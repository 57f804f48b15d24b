/**
 * Kong's way of printing keys in messages, a Lua table on one line: `{name="a"}`,
 * `{consumer=null,name="key-auth",route=null,service={id="…"}}`; names sorted.
 */
export function keyText(fields: Readonly<Record<string, unknown>>): string {
  const parts = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${valueText(fields[name])}`);
  return `{${parts.join(',')}}`;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (typeof value === 'object') return keyText({ ...value });
  return String(value);
}
