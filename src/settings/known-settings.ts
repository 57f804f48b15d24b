import { clusteringSettings } from './catalogue/clustering.ts';
import { datastoreSettings } from './catalogue/datastore.ts';
import { dnsSettings } from './catalogue/dns.ts';
import { generalSettings } from './catalogue/general.ts';
import { httpSettings } from './catalogue/http.ts';
import { listenerSettings } from './catalogue/listeners.ts';
import { luaSettings } from './catalogue/lua.ts';
import { ownSettings } from './catalogue/own.ts';
import { type KnownSetting, setting } from './setting.ts';

/** The catalogue by chapter, in the order of the reference page. */
export const settingChapters: readonly { readonly title: string; readonly settings: readonly KnownSetting[] }[] = [
  { title: 'General', settings: generalSettings },
  { title: 'Roles and clustering', settings: clusteringSettings },
  { title: 'Listeners and TLS', settings: listenerSettings },
  { title: 'HTTP behaviour', settings: httpSettings },
  { title: 'Datastore', settings: datastoreSettings },
  { title: 'DNS', settings: dnsSettings },
  { title: 'Lua specifics', settings: luaSettings },
  { title: 'Only in Sallyport', settings: ownSettings },
];

/** Every setting with a name of its own. */
export const knownSettings: readonly KnownSetting[] = settingChapters.flatMap((chapter) => chapter.settings);

const byName = new Map(knownSettings.map((known) => [known.name, known]));

// Kong injects `nginx_<context>_<directive>` into the server it generates, with any directive,
// and names the settings of each plugin server after it. Neither list can be closed.
const openFamilies = [
  /^nginx_(main|events|http|proxy|location|upstream|admin|status|debug|stream|sproxy|supstream)_[a-z0-9_]+$/,
  /^pluginserver_[a-z0-9_]+_(socket|start_cmd|query_cmd)$/,
];

/** The setting of that name (lower case), also when it belongs to one of Kong's open-ended families. */
export function findSetting(name: string): KnownSetting | undefined {
  const known = byName.get(name);
  if (known !== undefined) return known;
  if (!openFamilies.some((family) => family.test(name))) return undefined;
  return setting(name, 'text', undefined, 'A directive for a server that Sallyport does not generate', {
    withoutMeaning: true,
  });
}
