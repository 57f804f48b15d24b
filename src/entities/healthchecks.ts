import { array, boolean, integer, map, number, type PlainObject, record, string } from '../schema/index.ts';
import { hostFault, serverNameFault } from './host.ts';
import { servicePathFault } from './path.ts';

const types = ['tcp', 'http', 'https', 'grpc', 'grpcs'] as const;

/** There is no gRPC towards upstreams, so none could be probed. */
const unsupportedTypes = { values: ['grpc', 'grpcs'] } as const;

const secondsMax = 65535;

const activeHealthy = { interval: 0, successes: 0, http_statuses: [200, 302] };
const activeUnhealthy = {
  interval: 0,
  http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
  tcp_failures: 0,
  timeouts: 0,
  http_failures: 0,
};
const activeDefault = {
  type: 'http',
  timeout: 1,
  concurrency: 10,
  http_path: '/',
  https_verify_certificate: true,
  healthy: activeHealthy,
  unhealthy: activeUnhealthy,
};
const passiveHealthy = {
  successes: 0,
  http_statuses: [200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308],
};
const passiveUnhealthy = { tcp_failures: 0, timeouts: 0, http_failures: 0, http_statuses: [429, 500, 503] };
const passiveDefault = { type: 'http', healthy: passiveHealthy, unhealthy: passiveUnhealthy };

/** How the targets of an upstream are found to be fit or unfit. */
export function healthchecksRecord() {
  return record(
    {
      active: activeRecord(),
      passive: passiveRecord(),
      threshold: number({
        default: 0,
        between: [0, 100],
        description: 'Per cent of the weight that must be available; at or below it the whole upstream is unhealthy.',
      }),
    },
    {
      default: { active: activeDefault, passive: passiveDefault } satisfies PlainObject,
      description: 'How targets are found to be fit or unfit.',
    },
  );
}

function activeRecord() {
  return record(
    {
      type: typeField('How targets are probed.'),
      timeout: number({
        default: 1,
        between: [0, secondsMax],
        description: 'Seconds a probe may take.',
      }),
      concurrency: integer({
        default: 10,
        between: [1, 2147483648],
        description: 'Probes of the upstream at the same time.',
      }),
      http_path: string({ default: '/', validate: servicePathFault, description: 'Path of HTTP probes.' }),
      https_sni: string({ validate: probeNameFault, description: 'Server name of HTTPS probes.' }),
      https_verify_certificate: boolean({ default: true, description: 'Verify the certificate of HTTPS probes.' }),
      headers: map(string({ validate: headerNameFault }), array(string({ validate: headerValueFault })), {
        description: 'Further header fields of HTTP probes.',
      }),
      healthy: record(
        {
          interval: intervalField('Seconds between probes of healthy targets; 0 for no probes.'),
          successes: countField('Good probes in a row after which a target is healthy; 0 never.'),
          http_statuses: statusesField(activeHealthy.http_statuses, 'Statuses that count as good.'),
        },
        { default: activeHealthy },
      ),
      unhealthy: record(
        {
          interval: intervalField('Seconds between probes of unhealthy targets; 0 for no probes.'),
          http_statuses: statusesField(activeUnhealthy.http_statuses, 'Statuses that count as bad.'),
          tcp_failures: countField('Failed connections after which a target is unhealthy; 0 never.'),
          timeouts: countField('Time-outs after which a target is unhealthy; 0 never.'),
          http_failures: countField('Bad statuses after which a target is unhealthy; 0 never.'),
        },
        { default: activeUnhealthy },
      ),
    },
    { default: activeDefault },
  );
}

function passiveRecord() {
  return record(
    {
      type: typeField('What the traffic of callers is judged by.'),
      healthy: record(
        {
          successes: countField('Good answers in a row after which a target is healthy; 0 never.'),
          http_statuses: statusesField(passiveHealthy.http_statuses, 'Statuses that count as good.'),
        },
        { default: passiveHealthy },
      ),
      unhealthy: record(
        {
          tcp_failures: countField('Failed connections after which a target is unhealthy; 0 never.'),
          timeouts: countField('Time-outs after which a target is unhealthy; 0 never.'),
          http_failures: countField('Bad statuses after which a target is unhealthy; 0 never.'),
          http_statuses: statusesField(passiveUnhealthy.http_statuses, 'Statuses that count as bad.'),
        },
        { default: passiveUnhealthy },
      ),
    },
    { default: passiveDefault },
  );
}

function typeField(description: string) {
  return string({ default: 'http', one_of: types, unsupported: unsupportedTypes, description });
}

function intervalField(description: string) {
  return number({ default: 0, between: [0, secondsMax], description });
}

function countField(description: string) {
  return integer({ default: 0, between: [0, 255], description });
}

function statusesField(statuses: readonly number[], description: string) {
  return array(integer({ between: [100, 999] }), { default: statuses, description });
}

function probeNameFault(value: string): string | undefined {
  return hostFault(value) ?? serverNameFault(value);
}

/** Header names as Kong takes them in its configuration. */
export function headerNameFault(name: string): string | undefined {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return undefined;
  return `bad header name '${name}', allowed characters are A-Z, a-z, 0-9, '_', and '-'`;
}

/** RFC 9110 §5.5: anything else could end the field and begin another. */
function headerValueFault(value: string): string | undefined {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value) ? undefined : 'invalid value: not a header field value';
}
