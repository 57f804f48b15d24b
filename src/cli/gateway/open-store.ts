import { join } from 'node:path';
import type { AnyPlugin } from '../../pdk/index.ts';
import type { Settings } from '../../settings/settings.ts';
import { openDeclarativeStore } from '../../store/declarative/open-declarative-store.ts';
import { openSqliteStore } from '../../store/sqlite/sqlite-store.ts';
import type { Store } from '../../store/store.ts';

/** The store that `database` names. A declarative file that is not right stops the start with everything that is wrong in it. */
export async function openStore(settings: Settings, plugins: ReadonlyMap<string, AnyPlugin>): Promise<Store> {
  if (settings.database === 'sqlite') return openSqliteStore({ path: join(settings.prefix, 'sallyport.db') });
  const opened = await openDeclarativeStore({
    plugins,
    ...(settings.declarativeConfig === undefined ? {} : { file: settings.declarativeConfig }),
    ...(settings.declarativeConfigString === undefined ? {} : { text: settings.declarativeConfigString }),
  });
  if (opened.kind === 'ok') return opened.store;
  throw new Error(`the declarative configuration is not right:\n${opened.text}`);
}
