import { expect, test } from './fixtures';
import { countIn, EUROPE, LAYERS, MapPage } from './map-page';

test('the map opens on the world with every demo layer', async ({ page }) => {
  const map = new MapPage(page);
  await map.open();
  await expect(map.legend.getByRole('listitem').getByRole('checkbox')).toHaveCount(LAYERS.length);
  for (const [index, { title, file }] of LAYERS.entries()) {
    const label = map.legend.locator('label').nth(index);
    await expect(label).toContainText(title);
    await expect(label).toContainText(countIn(file).toLocaleString('en'));
    await expect(map.layer(title)).toBeChecked();
    await expect(map.group(title)).toHaveCount(1);
  }
  // The weightiest first.
  await expect(map.group('Cities').getByRole('button').first()).toContainText('Shanghai');
  await expect(map.group('Earthquakes').getByRole('button').first()).toContainText('M 6.4');
  // There are more places than a browser can draw: what is left out is said.
  await expect(page.getByText(/^Cities: showing the first [\d,]+; zoom in for all\.$/)).toBeVisible();
  await expect(page.locator('.attribution')).toContainText('Natural Earth');
  await expect(page.locator('.attribution')).toContainText('GeoNames');
  await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
});

test('a close view asks for its own box and shows all there is in it', { tag: '@both' }, async ({ page }) => {
  const map = new MapPage(page);
  const asked = page.waitForRequest((request) => request.postData()?.includes('"layer":"cities"') === true);
  await map.open('#8/48.85/2.35');
  const { bbox } = ((await asked).postDataJSON() as { variables: { bbox: Record<string, number> } }).variables;
  expect(bbox.west).toBeLessThan(2.35);
  expect(bbox.east).toBeGreaterThan(2.35);
  expect((bbox.east ?? 0) - (bbox.west ?? 0)).toBeLessThan(10);
  await expect(map.row('Paris')).toBeVisible();
  await expect(map.row('Shanghai')).toHaveCount(0);
  await expect(page.getByText('zoom in for all')).toHaveCount(0);
});

test('a layer that is switched off leaves the map, the list and the link, and comes back', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await expect(map.group('Cities')).toBeVisible();
  await map.layer('Cities').uncheck();
  await expect(map.group('Cities')).toHaveCount(0);
  await expect(map.group('Countries')).toBeVisible();
  await expect(page).toHaveURL(/\?layers=countries,borders,earthquakes$/);
  // Where the city was, the country below it answers.
  await map.clickAt(13.41, 52.52);
  await expect(map.popup).toContainText('Germany');
  await map.layer('Cities').check();
  await expect(map.group('Cities')).toBeVisible();
  await expect(page).not.toHaveURL(/layers=/);
});

test('with every layer off the list says so, without a way out that does nothing', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  for (const { title } of LAYERS) await map.layer(title).uncheck();
  await expect(map.list).toContainText('All layers are hidden.');
  await expect(map.count).toHaveText('0 places in view');
  await expect(map.list.locator('.list-body').getByRole('button')).toHaveCount(0);
});

test('an empty view leads back to the whole map', async ({ page }) => {
  const map = new MapPage(page);
  await page.goto('/#9/-40/-120');
  await expect(map.list).toContainText('No places in this view.');
  await map.list.getByRole('button', { name: 'Show the whole map' }).click();
  await map.hasPlaces();
  expect(map.viewInLink()[0]).toBe(2);
});
