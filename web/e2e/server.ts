// The real server for the tests: the binary with the demo data, in a folder of its own, on a port the system picks.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The server gives running requests a moment to end; one that takes longer than this hangs. */
const STOP_MS = 20_000;

export interface Server {
  url: string;
  /** Where the admin page is, with the slash at its end. */
  adminUrl: string;
  /** The link that makes the first administrator; none when an account was made by a setting. */
  setupUrl: string | undefined;
  /** Ends the server with SIGTERM. Throws when it does not end well. */
  stop(): Promise<void>;
}

export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'cairn-e2e-'));
}

/**
 * Starts a server with the demo data, with `settings` beside those that keep it to itself. A `kept` folder belongs to the test:
 * another server can go on in it.
 */
export async function startServer(settings: Record<string, string> = {}, kept?: string): Promise<Server> {
  const binary = resolve(process.env.CAIRN_BIN || fileURLToPath(new URL('../../target/debug/cairn', import.meta.url)));
  const folder = kept ?? (await makeFolder());
  const hasAccounts = existsSync(join(folder, 'cairn.gpkg'));
  const env = { ...withoutSettings(process.env), CAIRN_LISTEN: '127.0.0.1:0', CAIRN_DATA_DIR: folder, ...settings };
  const child = spawn(binary, ['serve', '--demo'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface(child.stdout);
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit').catch((cause: unknown) => {
    throw new Error(`${binary} does not start: run \`cargo build\`, or set CAIRN_BIN to its path`, { cause });
  }) as Promise<[number | null, NodeJS.Signals | null]>;

  const tooEarly = exited.then(([code]) => {
    throw new Error(`the server ended with ${code} before it listened:\n${log}`);
  });
  const said: string[] = [];
  const all = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      said.push(line);
      const lastWord = hasAccounts ? 'database ' : settings.CAIRN_ADMIN_PASSWORD === undefined ? '#setup=' : 'made the account';
      if (line.includes(lastWord)) resolve();
    });
  });
  await Promise.race([all, tooEarly]);
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(said[0] ?? '')?.[1];
  const adminUrl = said.map((line) => /^admin page at (http:\S+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  const setupUrl = said.map((line) => /^\s+(http:\S+#setup=\S+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  tooEarly.catch(() => undefined);

  async function stop(): Promise<void> {
    const hung = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    const [code, signal] = await exited;
    clearTimeout(hung);
    if (kept === undefined) await rm(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`after SIGTERM the server ended with ${code ?? signal}, not with 0:\n${log}`);
  }

  if (url === undefined || adminUrl === undefined) {
    await stop();
    throw new Error(`the server says neither "listening on http://127.0.0.1:PORT" first nor where its admin page is:\n${said.join('\n')}`);
  }
  return { url, adminUrl, setupUrl, stop };
}

/** Settings of the shell that runs the tests must not reach the server: it could open a database of somebody. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CAIRN_') && name !== 'DATABASE_URL'));
}
