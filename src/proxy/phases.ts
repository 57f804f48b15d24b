import type { PluginChain } from '../snapshot/plugin-chain.ts';

/** Which phases a chain has, so that a request pays for no phase that nobody uses. */
export interface ChainPhases {
  readonly rewrite: boolean;
  readonly headerFilter: boolean;
  readonly log: boolean;
}

const none: ChainPhases = Object.freeze({ rewrite: false, headerFilter: false, log: false });
const byChain = new WeakMap<PluginChain, ChainPhases>();

/** Worked out once for each chain. */
export function phasesOf(chain: PluginChain | undefined): ChainPhases {
  if (chain === undefined || chain.links.length === 0) return none;
  let phases = byChain.get(chain);
  if (phases === undefined) {
    const plugins = chain.links.map((link) => link.plugin);
    phases = {
      rewrite: plugins.some((plugin) => plugin.rewrite !== undefined),
      headerFilter: plugins.some((plugin) => plugin.headerFilter !== undefined),
      log: plugins.some((plugin) => plugin.log !== undefined),
    };
    byChain.set(chain, phases);
  }
  return phases;
}
