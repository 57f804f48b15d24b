const commands: Readonly<Record<string, { readonly summary: string; readonly text: string }>> = {
  start: {
    summary: 'run the gateway in the foreground until SIGTERM',
    text: `Usage: sallyport start [-c FILE]

Runs the gateway in the foreground. Ready when GET /status on the Admin API answers 200.
SIGTERM or Ctrl-C drains running requests and ends it. SIGHUP reads the settings anew, like sallyport reload.

Options
  -c, --conf FILE   settings file in the form of kong.conf (name = value)
  -h, --help        this text

Settings come from the environment first (SALLYPORT_<NAME>, then KONG_<NAME>), then the file:
  proxy_listen            addresses of the proxy      0.0.0.0:8000, 0.0.0.0:8443 ssl
  admin_listen            addresses of the Admin API  127.0.0.1:8001, 127.0.0.1:8444 ssl
  status_listen           address of the status API   off
  database                sqlite, or off to run from a declarative file
  declarative_config      the file for database=off
  prefix                  state folder (default $XDG_STATE_HOME/sallyport)
  nginx_worker_processes  worker threads, auto = one per core
  log_level               debug, info, notice, warn, error
  proxy_access_log        path, or off
  trusted_ips             networks whose X-Forwarded-* are believed
All of them: docs/reference/settings.md
`,
  },
  reload: {
    summary: 'have the running gateway read its settings and declarative configuration anew',
    text: `Usage: sallyport reload [-c FILE] [--prefix DIR]

Has the gateway that runs with this state folder read its settings file and, with database=off, its
declarative configuration anew, and open its log files anew. No request is dropped. The gateway reads the
file that it was started with; its environment cannot change while it runs.

Prints which settings changed, and which of them need a restart to take effect. When something is wrong, the
gateway keeps what it has, and every fault is printed.

Options
  -c, --conf FILE   settings file, to find the state folder by
      --prefix DIR  state folder of the gateway
  -h, --help        this text

Exit status: 0 when the new settings are in force; 1 when they were refused, no gateway runs, or it gave no answer.
`,
  },
  dev: {
    summary: 'try everything on this machine: gateway, OpenID provider, echo upstream and the guide',
    text: `Usage: sallyport dev [options]

Starts the gateway, a local OpenID provider that behaves like an Auth0 tenant, and an echo upstream,
sets up the service, route and plugin of the guide "OpenID Connect with Auth0" through the Admin API,
and prints commands to paste. Needs no account and no internet. Ctrl-C stops everything; the state in
./.sallyport survives a restart.

Options
      --proxy-port N      port of the proxy (8000)
      --admin-port N      port of the Admin API (8001)
      --provider-port N   port of the OpenID provider (8090)
      --echo-port N       port of the echo upstream (8091)
      --issuer URL        use this OpenID provider (your Auth0 tenant) instead of the local one
      --audience ID       identifier of the API (https://example.com/)
      --reset             forget everything in the state folder and start over
      --prefix DIR        state folder (./.sallyport)
      --workers N         worker threads (1)
  -h, --help              this text
`,
  },
  'check-settings': {
    summary: 'read settings and environment, say what is wrong, start nothing',
    text: `Usage: sallyport check-settings [-c FILE]

Reads the settings as \`start\` would and prints every fault and warning. Exit status 1 when there is a fault.
`,
  },
  version: { summary: 'print the version', text: 'Usage: sallyport version\n' },
};

export function help(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`);
  return `sallyport: an API gateway with a complete OpenID Connect plugin

Usage: sallyport COMMAND [options]

Commands
${lines.join('\n')}

sallyport COMMAND --help tells more. Begin with: sallyport dev
`;
}

export function helpFor(command: string): string | undefined {
  return Object.hasOwn(commands, command) ? commands[command]?.text : undefined;
}
