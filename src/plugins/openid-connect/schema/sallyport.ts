import { boolean, record } from '../../../schema/index.ts';

/**
 * Options that are ours, not Kong's. Each lifts a rule that Kong lacks and is named for its danger; the record is
 * left out of answers while nobody set it.
 */
export const sallyportFields = {
  sallyport: record(
    {
      allow_missing_exp: boolean({
        default: false,
        description: 'Accept access tokens without exp; they never expire here.',
      }),
      allow_issuer_mismatch: boolean({
        default: false,
        description: 'Accept metadata whose issuer is not the configured one, as when a provider has an inner name.',
      }),
      keep_session_after_logout: boolean({
        default: false,
        unsupported: true,
        description: 'Accept a cookie session after its logout, until it expires.',
      }),
    },
    { omitWhenUnset: true, description: 'Options of Sallyport that Kong does not have.' },
  ),
};
