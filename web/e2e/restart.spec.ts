import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';
import { startServer } from './server';

test('a server that goes and comes back is asked again by itself, and nothing of the reader is lost', async ({ page, faults }) => {
  const settings = { CAIRN_ADMIN_PASSWORD: 'rain on tin roofs' };
  const first = await startServer(settings);
  faults.visit(first.url);
  const map = new MapPage(page);
  await page.goto(`${first.url}/${EUROPE}?layers=cities&where=cities,population,gte,1000000`);
  await map.hasPlaces();
  await first.stop();
  faults.expect(/^console: Failed to load resource: net::ERR_CONNECTION_REFUSED/);
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(map.error).toContainText('The server does not answer.');
  const second = await startServer({ ...settings, CAIRN_LISTEN: new URL(first.url).host });
  try {
    await expect(map.error).toBeEmpty({ timeout: 30_000 });
    await expect(map.row('Berlin')).toBeVisible();
    await expect(map.row('Bremen')).toHaveCount(0);
    await expect(page).toHaveURL(/where=cities,population,gte,1000000$/);
  } finally {
    await second.stop();
  }
});

test('on a slow line the page says that it loads, and an answer that is overtaken is not shown', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(`${EUROPE}?layers=cities`);
  const held: (() => Promise<void>)[] = [];
  await page.route('**/graphql', (route) => void held.push(() => route.continue()));
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(map.loading).toHaveText('Loading places …');
  await expect.poll(() => held.length).toBe(1);
  await page.goto('/#7/48.85/2.35?layers=cities');
  await expect.poll(() => held.length).toBeGreaterThan(1);
  // The newest first: what was asked before comes last.
  for (const go of held.reverse()) await go().catch(() => undefined);
  await page.unroute('**/graphql');
  await expect(map.row('Paris')).toBeVisible();
  await expect(map.row('Berlin')).toHaveCount(0);
  await expect(map.loading).toBeEmpty();
});
