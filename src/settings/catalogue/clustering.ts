import { type KnownSetting, setting } from '../setting.ts';

/** Roles of a node and the connection between them. */
export const clusteringSettings: readonly KnownSetting[] = [
  setting('role', 'choice', 'traditional', 'Role of the node; only traditional exists', {
    honoured: true,
    choices: ['traditional'],
  }),
  setting('cluster_listen', 'listeners', '0.0.0.0:8005', 'Control plane listener for data planes', {
    harmless: ['off'],
  }),
  setting('cluster_control_plane', 'text', undefined, 'host:port of the control plane (data plane side)'),
  setting('cluster_mtls', 'choice', 'shared', 'How nodes of a cluster prove who they are', {
    choices: ['shared', 'pki'],
  }),
  setting('cluster_cert', 'certificate', undefined, 'Certificate of the node within its cluster'),
  setting('cluster_cert_key', 'certificate', undefined, 'Key of cluster_cert', { secret: true }),
  setting('cluster_ca_cert', 'certificate', undefined, 'Authority that cluster certificates must come from (pki)'),
  setting('cluster_server_name', 'text', undefined, 'Server name asked of the control plane'),
  setting('cluster_data_plane_purge_delay', 'integer', '1209600', 'Seconds until an offline data plane is forgotten'),
  setting('cluster_ocsp', 'choice', 'off', 'Revocation check of cluster certificates', {
    choices: ['off', 'on', 'optional'],
  }),
  setting('cluster_max_payload', 'integer', '16777216', 'Largest configuration message, bytes'),
  setting('cluster_dp_labels', 'list', undefined, 'Labels of a data plane, key:value'),
  setting('cluster_use_proxy', 'boolean', 'off', 'Reach the control plane through proxy_server'),
];
