// A scratch cluster of PostgreSQL with PostGIS, as the tests of the stores have one (`tests/common/cluster.rs`).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

const DEBIAN = '/usr/lib/postgresql';

/** Takes the cluster away as soon as its standard input ends: so it goes with the test run, however that ends. */
const SUPERVISOR = `
set -eu
bin=$1
folder=$(mktemp -d /tmp/cairn-e2e-postgres-XXXXXX)
end() { "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap end EXIT
"$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
printf '%s\\n' "listen_addresses = ''" "unix_socket_directories = '$folder'" 'fsync = off' 'full_page_writes = off' >>"$folder/data/postgresql.conf"
"$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null || { cat "$folder/log" >&2; exit 1; }
echo "$folder"
read -r _ || true
`;

export interface Cluster {
  /** Of a database that nobody else uses. */
  databaseUrl: string;
  stop(): Promise<void>;
}

/** Makes one on a socket of its own; some two seconds. */
export async function startCluster(): Promise<Cluster> {
  const shell = ['sh', '-c', SUPERVISOR, 'sh', programs()];
  // `postgres` refuses to run as root.
  const [program = '', ...args] = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...shell] : shell;
  const supervisor = spawn(program, args, { cwd: '/tmp', stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(supervisor, 'exit');
  const tooEarly = ended.then(() => {
    throw new Error('the scratch cluster does not start; its words stand above');
  });
  const [folder] = (await Promise.race([once(createInterface(supervisor.stdout), 'line'), tooEarly])) as [string];
  tooEarly.catch(() => undefined);
  return {
    databaseUrl: `postgres://postgres@${encodeURIComponent(folder)}/postgres`,
    async stop() {
      supervisor.stdin.end();
      await ended;
    },
  };
}

/** Where `initdb` is: Debian keeps it by version. The newest one is taken. */
function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((one, other) => Number(other) - Number(one)) : [];
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')));
  if (found === undefined) throw new Error('PostgreSQL is not installed: run scripts/test-tools');
  return found;
}
