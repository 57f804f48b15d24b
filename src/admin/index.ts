export type { Listeners, ListenOptions } from './listeners.ts';
export { MetricsLedger, mainSource } from './metrics/ledger.ts';
export type { AdminParts, AdminSettings, CheckedChange, Publisher } from './parts.ts';
export { createPublisher, type PublisherParts } from './publisher.ts';
export { type AdminServer, createAdminServer } from './server.ts';
export { createStatusServer } from './status-server.ts';
