import { argumentsTarget, cutArgumentsTarget, cutMembersTarget } from './arguments.ts';
import { clientHelloTarget } from './client-hello.ts';
import { cookieTarget } from './cookies.ts';
import { requestBodyTarget, requestHeadTarget, requestStreamTarget } from './requests.ts';
import { responseTarget } from './responses.ts';
import type { FuzzTarget } from './target.ts';
import { joinedPathTarget, pathTarget } from './uris.ts';

/** Everything that is fuzzed, in CI for moments and by `npm run soak -- --fuzz-minutes N` for as long as wanted. */
export const fuzzTargets: readonly FuzzTarget[] = [
  requestHeadTarget,
  requestBodyTarget,
  requestStreamTarget,
  responseTarget,
  pathTarget,
  joinedPathTarget,
  argumentsTarget,
  cutArgumentsTarget,
  cutMembersTarget,
  clientHelloTarget,
  cookieTarget,
];
