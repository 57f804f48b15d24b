import type { DataPlane } from '../data-plane.ts';
import type { RequestContext } from '../request-context.ts';
import { answerError } from './send.ts';

/**
 * Chooses where the request goes. False: it was answered, since there is no service or nowhere to send it. A promise
 * only while a name is looked up that nobody knows yet.
 */
export function select(plane: DataPlane, context: RequestContext): boolean | Promise<boolean> {
  if (context.match?.route.service === undefined) {
    answerError(plane, context, 503, 'no Service found with those values');
    return false;
  }
  return true;
}
