import { certificateCases } from './cases/certificates.ts';
import { consumerCases } from './cases/consumers.ts';
import { credentialCases } from './cases/credentials.ts';
import { formCases } from './cases/forms.ts';
import { guardCases } from './cases/guard.ts';
import { informationCases } from './cases/information.ts';
import { listCases } from './cases/lists.ts';
import { nestedCases } from './cases/nested.ts';
import { pluginCases } from './cases/plugins.ts';
import { routeCases } from './cases/routes.ts';
import { serviceCases } from './cases/services.ts';
import { transportCases } from './cases/transport.ts';
import { upstreamCases } from './cases/upstreams.ts';
import { Client } from './client.ts';

/**
 * What a client of the Admin API observes, against any gateway: every test makes entities of its own and looks only
 * at those. `getBaseUrl` is read when a test runs.
 */
export function adminSuite(getBaseUrl: () => string): void {
  const client = new Client(getBaseUrl);
  serviceCases(client);
  routeCases(client);
  consumerCases(client);
  pluginCases(client);
  upstreamCases(client);
  certificateCases(client);
  credentialCases(client);
  nestedCases(client);
  formCases(client);
  listCases(client);
  informationCases(client);
  transportCases(client);
  guardCases(client, getBaseUrl);
}
