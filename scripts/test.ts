import { runSteps } from './steps/run-steps.ts';
import { testSteps } from './steps/test-steps.ts';

// `npm test`: what a developer runs before every commit, in less than three minutes.
await runSteps(testSteps);
