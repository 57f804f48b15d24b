import { routingSuite } from './suite.ts';
import { allWorlds } from './worlds/index.ts';

routingSuite(2, allWorlds);
