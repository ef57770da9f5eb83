// What every browser test has: a server, and a watch that fails the test on any fault of a page, also one it did not
// look for: a request to a foreign host, a violation of the content security policy, an error on the console, an
// exception that nobody caught.
import { expect, test as base, type BrowserContext, type Page } from '@playwright/test';
import { PASSWORD } from './admin-page';
import { startCluster } from './cluster';
import { startServer, type Server } from './server';

export interface Faults {
  /** Names a fault that belongs to the test. It must then happen. */
  expect(pattern: RegExp): void;
  /** Names another server that the test asks. */
  visit(url: string): void;
}

type Store = 'geopackage' | 'postgis';

export const test = base.extend<{ faults: Faults }, { store: Store; server: Server }>({
  store: ['geopackage', { option: true, scope: 'worker' }],
  server: [
    async ({ store }, use) => {
      const cluster = store === 'postgis' ? await startCluster() : undefined;
      const database: Record<string, string> = cluster === undefined ? {} : { DATABASE_URL: cluster.databaseUrl };
      try {
        const server = await startServer({ CAIRN_ADMIN_PASSWORD: PASSWORD, ...database });
        await use(server);
        await server.stop();
      } finally {
        await cluster?.stop();
      }
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  faults: [
    async ({ context, server }, use) => {
      const expected: RegExp[] = [];
      const hosts = new Set([new URL(server.url).host]);
      const seen = await watch(context, hosts);
      await use({
        expect: (pattern) => void expected.push(pattern),
        visit: (url) => void hosts.add(new URL(url).host),
      });
      await Promise.all(context.pages().map(lastWords));
      const faults = seen.filter((fault) => !expected.some((pattern) => pattern.test(fault)));
      const missing = expected.filter((pattern) => !seen.some((fault) => pattern.test(fault)));
      expect(faults, 'faults of the pages').toEqual([]);
      expect(missing.map(String), 'expected faults that did not happen').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** The faults of all pages of `context`, as they come. */
async function watch(context: BrowserContext, hosts: Set<string>): Promise<string[]> {
  const faults: string[] = [];
  context.on('request', (request) => {
    const { protocol, host: asked } = new URL(request.url());
    if (/^(?:http|ws)s?:$/.test(protocol) && !hosts.has(asked)) faults.push(`foreign request: ${request.url()}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => void faults.push(`exception: ${error.error().stack ?? error.error().message}`));
  await context.exposeFunction('reportViolation', (text: string) => void faults.push(`policy: ${text}`));
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
      const { reportViolation } = globalThis as unknown as { reportViolation(text: string): void };
      reportViolation(`${violatedDirective} blocked ${blockedURI} at ${sourceFile}:${lineNumber}`);
    });
  });
  return faults;
}

/** A violation is an event of its own: what the page has still to tell comes before this answer. */
async function lastWords(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => setTimeout(done)));
}
