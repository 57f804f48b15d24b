import { routingSuite } from './suite.ts';
import { allWorlds } from './worlds/index.ts';

routingSuite(1, allWorlds);
