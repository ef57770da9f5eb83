import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';
import { startServer } from './server';

test('the link holds everything: view, layers, filter, area, open place and surroundings', async ({ page, context }) => {
  const map = new MapPage(page);
  await map.open('#6/52.5/13.4?layers=countries,cities&where=cities,population,gt,500000;countries,name,startsWith,G&area=box,5,47,16,56&around=13.4,52.5,300000');
  await map.row('Berlin').click();
  await expect(map.popup.getByRole('heading', { name: 'Berlin' })).toBeVisible();
  await map.map.focus();
  await page.getByRole('button', { name: 'Share' }).click();
  const link = await page.getByRole('dialog', { name: 'Share this map' }).getByLabel('Link to what').inputValue();
  expect(link).toBe(page.url());
  const other = await context.newPage();
  const copy = new MapPage(other);
  await other.goto(link);
  await copy.hasPlaces();
  await expect(copy.popup.getByRole('heading', { name: 'Berlin' })).toBeVisible();
  await expect(copy.nearby.getByRole('button', { name: /^Berlin/ })).toBeVisible();
  await expect(copy.filter.locator('summary')).toHaveText('Filter (3)');
  await expect(copy.layer('Borders')).not.toBeChecked();
  await expect(copy.row('Germany')).toBeVisible();
  await expect(copy.row('France')).toHaveCount(0);
  expect(other.url()).toBe(link);
});

/** A page of another origin with `html` in it. */
async function otherSite(html: string): Promise<{ url: string; close(): void }> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(`<!doctype html><link rel="icon" href="data:,">${html}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}

test('the snippet shows the map on a page of another site where the setting lets it, and the map alone', async ({ page, faults }) => {
  const server = await startServer({ CAIRN_EMBED_ORIGINS: '*', CAIRN_ADMIN_PASSWORD: 'rain on tin roofs' });
  try {
    faults.visit(server.url);
    const map = new MapPage(page);
    await page.goto(`${server.url}/${EUROPE}?layers=cities`);
    await map.hasPlaces();
    await page.getByRole('button', { name: 'Share' }).click();
    const dialog = page.getByRole('dialog', { name: 'Share this map' });
    await expect(dialog.getByText('This server lets no other site')).toHaveCount(0);
    await dialog.getByLabel('Size').selectOption('800 × 600');
    const snippet = await dialog.getByLabel('HTML for a page of yours').inputValue();
    const site = await otherSite(snippet);
    faults.visit(site.url);
    await page.goto(site.url);
    const frame = page.frameLocator('iframe');
    await expect(frame.getByRole('application', { name: /^Map\./ })).toBeVisible();
    await expect(frame.getByRole('link', { name: 'Open the large map' })).toHaveAttribute('href', `${server.url}/`);
    await expect(frame.locator('.leaflet-control-scale')).toBeVisible();
    await expect(frame.locator('.attribution')).toContainText('GeoNames');
    await expect(frame.locator('.panel')).toHaveCount(0);
    expect(await page.locator('iframe').boundingBox()).toMatchObject({ width: 804, height: 604 });
    site.close();
  } finally {
    // The map in the frame would ask a server that is gone.
    await page.goto('about:blank');
    await server.stop();
  }
});

test('by default no other site may frame the map, and the dialog says so', async ({ page, faults, server }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByRole('dialog')).toContainText('CAIRN_EMBED_ORIGINS');
  const site = await otherSite(`<iframe src="${server.url}/embed/"></iframe>`);
  faults.visit(site.url);
  faults.expect(/^console: Framing '.*' violates the following Content Security Policy directive: "frame-ancestors 'self'"/);
  await page.goto(site.url);
  await expect.poll(() => page.frames().at(-1)?.url()).toContain('chrome-error:');
  site.close();
});

test('a raster base map is loaded from its own host when it is set, with its credit', async ({ page, faults }) => {
  const tile = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
  const tiles = createServer((_, response) => response.setHeader('content-type', 'image/png').setHeader('cross-origin-resource-policy', 'cross-origin').end(tile));
  await new Promise<void>((resolve) => tiles.listen(0, '127.0.0.1', resolve));
  const host = `http://127.0.0.1:${(tiles.address() as AddressInfo).port}`;
  const server = await startServer({
    CAIRN_BASEMAP_URL: `${host}/{z}/{x}/{y}.png`,
    CAIRN_BASEMAP_ATTRIBUTION: 'Tiles of the test',
    CAIRN_ADMIN_PASSWORD: 'rain on tin roofs',
  });
  try {
    faults.visit(server.url);
    faults.visit(host);
    await page.goto(`${server.url}/${EUROPE}`);
    await new MapPage(page).hasPlaces();
    await expect(page.locator('img.leaflet-tile-loaded').first()).toBeAttached();
    await expect(page.locator('.attribution')).toContainText('Tiles of the test');
    await expect(page.locator('.attribution')).not.toContainText('Natural Earth (public domain) ·');
  } finally {
    await server.stop();
    tiles.close();
  }
});
