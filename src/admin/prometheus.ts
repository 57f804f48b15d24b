/** The door to prom-client, which renders metrics; nothing on the request path comes near it. */
export { Counter, Gauge, Histogram, Registry } from 'prom-client';
