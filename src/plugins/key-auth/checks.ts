import { anonymousCheck, namedChecks } from '../../pdk/index.ts';

/** Every check of the plugin, in the order it makes them. */
export const { checks, check } = namedChecks({
  'key.present': { about: 'The request holds a key where the plugin looks for it.', field: 'config.key_names' },
  'key.unambiguous': { about: 'The key is given once.', field: null },
  'key.known': { about: 'The key is that of a consumer, and its time is not over.', field: null },
  'consumer.anonymous': anonymousCheck,
});
