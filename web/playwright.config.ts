// How the browser tests run: in the Chromium of the system, against the real binary (see `e2e/server.ts`).
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

export default defineConfig<object, { store: 'geopackage' | 'postgis' }>({
  testDir: 'e2e',
  outputDir: 'e2e/results',
  // Each worker has a server and a browser of its own; what a software renderer draws wants a core.
  workers: 2,
  fullyParallel: true,
  // What is tagged `@both` asks the store something of every kind; the rest would only take its time twice.
  projects: [{ name: 'geopackage' }, { name: 'postgis', grep: /@both/, use: { store: 'postgis' } }],
  // A test that passes the second time is a test that fails.
  retries: 0,
  forbidOnly: true,
  reporter: 'list',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    locale: 'en-GB',
    timezoneId: 'UTC',
    // Animations only delay what the tests look at.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});

/** A browser that is missing is a failure: tests that skip themselves protect nothing. */
function chromium(): string {
  const path = process.env.CHROMIUM || '/usr/bin/chromium';
  if (!existsSync(path)) {
    throw new Error(`there is no Chromium at ${path}: run \`apt-get install chromium\`, or set CHROMIUM to its path`);
  }
  return path;
}
