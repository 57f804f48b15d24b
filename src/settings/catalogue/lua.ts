import { type KnownSetting, setting } from '../setting.ts';

/** What only a Lua runtime has; accepted so that existing files start. */
export const luaSettings: readonly KnownSetting[] = [
  setting(
    'lua_ssl_trusted_certificate',
    'list',
    'system',
    'Authorities trusted by outgoing TLS: system, paths of PEM files, or both; those of the runtime when unset',
    { honoured: true, live: true },
  ),
  setting('lua_ssl_verify_depth', 'integer', '1', 'Length of certificate chains of outgoing TLS', {
    withoutMeaning: true,
  }),
  setting('lua_ssl_protocols', 'text', 'TLSv1.2 TLSv1.3', 'TLS versions of outgoing connections', {
    withoutMeaning: true,
  }),
  setting('lua_package_path', 'text', './?.lua;./?/init.lua;', 'Module path of Lua code', { withoutMeaning: true }),
  setting('lua_package_cpath', 'text', undefined, 'Module path of binary Lua modules', { withoutMeaning: true }),
  setting('lua_socket_pool_size', 'integer', '256', 'Size of the socket pool', { withoutMeaning: true }),
  setting('untrusted_lua', 'choice', 'sandbox', 'Whether configured Lua code runs', {
    choices: ['off', 'sandbox', 'on'],
    withoutMeaning: true,
  }),
  setting('untrusted_lua_sandbox_requires', 'list', undefined, 'Modules open to configured Lua code', {
    withoutMeaning: true,
  }),
  setting('untrusted_lua_sandbox_environment', 'list', undefined, 'Globals open to configured Lua code', {
    withoutMeaning: true,
  }),
  setting('openresty_path', 'text', undefined, 'Path of the OpenResty runtime', { withoutMeaning: true }),
  setting('wasm', 'boolean', 'off', 'WebAssembly filters', { withoutMeaning: true }),
  setting('wasm_filters_path', 'text', undefined, 'Folder of WebAssembly filters', { withoutMeaning: true }),
  setting('wasm_filters', 'list', 'bundled,user', 'Enabled WebAssembly filters', { withoutMeaning: true }),
];
