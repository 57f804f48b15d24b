import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { requestSettings } from './request-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'request-settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function read(values: Readonly<Record<string, string>>) {
  const faults: string[] = [];
  const settings = requestSettings({ text: (name) => values[name], cwd: folder, faults });
  return { settings, faults };
}

function template(text: string): string {
  writeFileSync(join(folder, 'template'), text);
  return 'template';
}

test('every setting is read', () => {
  const { settings, faults } = read({
    headers: 'Server_Tokens, x-kong-upstream-status',
    headers_upstream: 'off',
    real_ip_header: 'X-Forwarded-For',
    real_ip_recursive: 'TRUE',
    error_default_type: 'text/html',
    error_template_json: template('100%% %s'),
    allow_debug_header: 'on',
    port_maps: '80:8000, 443:8443',
    proxy_access_log_fields: 'at, query.page, at, request_header.X-A',
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(settings, {
    responseHeaders: ['server', 'via', 'x-kong-upstream-status'],
    upstreamRequestId: false,
    realIpHeader: 'x-forwarded-for',
    realIpRecursive: true,
    errorDefaultType: 'text/html',
    errorTemplates: { html: undefined, json: '100%% %s', xml: undefined, plain: undefined },
    allowDebugHeader: true,
    portMaps: [
      [8000, 80],
      [8443, 443],
    ],
    accessLogFields: ['at', 'query.page', 'request_header.X-A'],
  });
});

for (const [name, text] of [
  ['headers', 'off, Via'],
  ['headers', 'X-Powered-By'],
  ['headers_upstream', 'X-Other'],
  ['headers_upstream', 'off, X-Kong-Request-Id'],
  ['real_ip_header', 'X Real'],
  ['real_ip_header', 'proxy_protocol'],
  ['port_maps', '80'],
  ['port_maps', '80:0'],
  ['port_maps', '80:65536'],
  ['port_maps', '80:8000, 80->8001'],
  ['error_template_html', '/no/such/file'],
  ['proxy_access_log_fields', 'at, nothing'],
] as const) {
  test(`${name} "${text}" is a fault that names the setting`, () => {
    const { faults } = read({ [name]: text });
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? '', new RegExp(`^${name}: `));
  });
}

test('a template with more than two places, or another percent sign, is a fault', () => {
  for (const text of ['%s %s %s', '50% off', '%d', 'ends with %']) {
    assert.match(read({ error_template_xml: template(text) }).faults.join(), /^error_template_xml: /, text);
  }
  assert.deepEqual(read({ error_template_xml: template('%s%%%s') }).faults, []);
  assert.match(read({ error_template_xml: template('a'.repeat(70_000)) }).faults.join(), /larger than/);
});
