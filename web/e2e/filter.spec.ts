import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

/** How many locations pass a `LocationFilter` written in GraphQL. */
type Count = (filter: string) => Promise<string>;

const it = test.extend<{ count: Count }>({
  count: async ({ request }, use) => {
    await use(async (filter) => {
      const response = await request.post('/graphql', { data: { query: `{ locationStats(filter: ${filter}) { count } }` } });
      const { data } = (await response.json()) as { data: { locationStats: { count: number } } };
      return data.locationStats.count.toLocaleString('en');
    });
  },
});

it('a condition narrows the map, the list and the count, and the link keeps it', { tag: '@both' }, async ({ page, count }) => {
  const map = new MapPage(page);
  await map.open(`${EUROPE}?layers=cities`);
  await map.openFilter();
  const all = await count('{ layer: { eq: "cities" } }');
  await expect(map.filterCount).toHaveText(`${all} of ${all} places pass.`);
  await map.addCondition('Cities', 'Population', 'gte', '1000000');
  const large = await count('{ layer: { eq: "cities" }, property: { path: "population", gte: 1000000 } }');
  await expect(map.filterCount).toHaveText(`${large} of ${all} places pass.`);
  await expect(map.row('Berlin')).toBeVisible();
  await expect(map.row('Bremen')).toHaveCount(0);
  await map.addCondition('Cities', 'Country', 'eq', 'DE');
  await expect(map.row('Prague')).toHaveCount(0);
  await expect(map.filter.locator('summary')).toHaveText('Filter (2)');
  const german = await count('{ layer: { eq: "cities" }, and: [{ property: { path: "population", gte: 1000000 } }, { property: { path: "country", eq: "DE" } }] }');
  await expect(map.filterCount).toHaveText(`${german} of ${all} places pass.`);
  await page.reload();
  await expect(map.filterCount).toHaveText(`${german} of ${all} places pass.`);
  await expect(map.filter.getByLabel('Value').nth(1)).toHaveValue('DE');
  await map.filter.getByRole('button', { name: 'Remove this condition' }).first().click();
  await expect(map.row('Bremen')).toBeVisible();
  await map.filter.getByRole('button', { name: 'Clear the filter' }).click();
  await expect(map.filterCount).toHaveText(`${all} of ${all} places pass.`);
  await expect(page).not.toHaveURL(/where=/);
});

it('a condition on one layer leaves the others alone, and what passes can be brought into view', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.openFilter();
  await map.addCondition('Cities', 'Name', 'startsWith', 'Reykj');
  await expect(map.row('Berlin')).toHaveCount(0);
  await expect(map.row('Germany')).toBeVisible();
  for (const layer of ['Countries', 'Borders', 'Earthquakes']) await map.layer(layer).uncheck();
  await expect(map.filterCount).toHaveText(/^1 of /);
  await map.filter.getByRole('button', { name: 'Show them all' }).click();
  await expect(map.row('Reykjavík')).toBeVisible();
});

it('a circle is drawn with its radius shown, becomes a test in metres, and can be set by number', { tag: '@both' }, async ({ page, count }) => {
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=cities');
  await map.openFilter();
  await map.filter.getByRole('button', { name: 'Circle' }).click();
  await expect(map.drawBar).toContainText('Click the middle of the circle.');
  const [middle, edge] = [await map.pixelOf(9.99, 53.55), await map.pixelOf(10.99, 53.55)];
  await page.mouse.click(middle.x, middle.y);
  // A move that follows another one closely may be lost: a hand goes on moving.
  await expect(async () => {
    await page.mouse.move(edge.x - 1, edge.y);
    await page.mouse.move(edge.x, edge.y);
    await expect(map.drawBar.locator('output')).toHaveText(/^Radius 6\d(\.\d)? km$/, { timeout: 300 });
  }).toPass();
  await page.mouse.click(edge.x, edge.y);
  await expect(map.drawBar).toBeHidden();
  await expect(page).toHaveURL(/area=circle,[\d.]+,[\d.]+,6\d{4}$/);
  await expect(map.row('Hamburg')).toBeVisible();
  await expect(map.row('Hannover')).toHaveCount(0);
  await map.filter.getByLabel('Radius in metres').fill('200000');
  await map.filter.getByLabel('Radius in metres').press('Enter');
  await expect(map.row('Hannover')).toBeVisible();
  const [lon, lat] = /circle,([\d.]+),([\d.]+)/.exec(page.url())?.slice(1) ?? [];
  const within = await count(`{ layer: { eq: "cities" }, dWithin: { geometry: { type: "Point", coordinates: [${lon}, ${lat}] }, meters: 200000 } }`);
  await expect(map.filterCount).toContainText(`${within} of `);
  await map.filter.getByRole('button', { name: 'Remove the area' }).click();
  await expect(page).not.toHaveURL(/area=/);
});

it('a box is drawn from corner to corner, and the view itself can be one', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=cities');
  await map.openFilter();
  await map.filter.getByRole('button', { name: 'Box' }).click();
  await map.clickAt(9.5, 53.3);
  await map.clickAt(10.5, 53.8);
  await expect(page).toHaveURL(/area=box,9\.\d+,53\.\d+,10\.\d+,53\.\d+$/);
  await expect(map.row('Hamburg')).toBeVisible();
  await expect(map.row('Hannover')).toHaveCount(0);
  await map.filter.getByRole('button', { name: 'This view' }).click();
  await expect(map.row('Hannover')).toBeVisible();
});

it('a polygon is drawn corner by corner, and one that crosses itself is refused in words', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=cities');
  await map.openFilter();
  await map.filter.getByRole('button', { name: 'Polygon' }).click();
  await map.clickAt(9, 53.2);
  await map.clickAt(11, 53.2);
  await expect(map.drawBar.getByRole('button', { name: 'Finish' })).toBeDisabled();
  await map.clickAt(11.5, 54.5);
  await map.drawBar.getByRole('button', { name: 'Remove the last point' }).click();
  await map.clickAt(10, 54.2);
  await map.drawBar.getByRole('button', { name: 'Finish' }).click();
  await expect(map.filter).toContainText('Polygon with 3 corners');
  await expect(map.row('Hamburg')).toBeVisible();
  await expect(map.row('Hannover')).toHaveCount(0);
  await page.goto('/#7/53/10?layers=cities&area=polygon,9,53,11,54,11,53,9,54');
  await expect(map.filter.getByRole('alert')).toHaveText(/crosses itself/);
});

it('the query is copied, opened in GraphiQL, and answers the same', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=cities&where=cities,population,gte,1000000&area=circle,10,53.5,50000');
  await map.filter.getByRole('button', { name: 'As a query' }).click();
  const dialog = page.getByRole('dialog', { name: 'This map as a GraphQL query' });
  await dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(dialog.getByRole('status')).toHaveText('Copied.');
  const query = await page.evaluate(() => navigator.clipboard.readText());
  const answer = (await (await page.request.post('/graphql', { data: { query } })).json()) as {
    data: { locationStats: { count: number }; locationsGeoJson: { features: { properties: { name: string } }[] } };
  };
  expect(answer.data.locationsGeoJson.features.map(({ properties }) => properties.name)).toEqual(['Hamburg']);
  await dialog.getByRole('link', { name: 'Open in GraphiQL' }).click();
  await expect(page).toHaveURL(/\/graphiql\/$/);
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('population');
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await expect(page.locator('.graphiql-response .view-lines')).toContainText('Hamburg');
});

it('every format of the download answers with what passes the filter', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=borders,cities&where=cities,population,gte,1000000&area=circle,10,53.5,50000');
  await map.filter.getByRole('button', { name: 'Download' }).click();
  const dialog = page.getByRole('dialog', { name: 'Download the places' });
  const links = dialog.getByRole('link', { name: /^Cities as / });
  await expect(links).toHaveCount(7);
  for (const link of await links.all()) {
    const response = await page.request.get((await link.getAttribute('href')) ?? '');
    expect(response.status(), await link.textContent() ?? '').toBe(200);
  }
  const geojson = await page.request.get((await dialog.getByRole('link', { name: 'Cities as GeoJSON', exact: true }).getAttribute('href')) ?? '');
  const { features } = (await geojson.json()) as { features: { properties: { name: string } }[] };
  expect(features.map(({ properties }) => properties.name)).toEqual(['Hamburg']);
  const download = page.waitForEvent('download');
  await dialog.getByRole('link', { name: 'Cities as CSV' }).click();
  expect((await download).suggestedFilename()).toBe('cities.csv');
});

it('the keyboard alone searches, opens, filters and draws', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/53/10?layers=cities');
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press('Tab', 'Tab', 'Tab');
  await expect(map.search).toBeFocused();
  await page.keyboard.type('Hamburg');
  await expect(map.hits.first()).toContainText('Hamburg');
  await press('Enter');
  await expect(map.popup).toBeFocused();
  await press('Escape');
  await expect(map.map).toBeFocused();
  await map.filter.locator('summary').focus();
  await press('Enter', 'Tab', 'Enter');
  await expect(map.filter.getByLabel('Property')).toBeFocused();
  await press('Tab');
  await expect(map.filter.getByLabel('Comparison')).toBeFocused();
  await press('Tab');
  await page.keyboard.type('Hamb');
  await expect(map.filterCount).toHaveText(/^\d of /);
  await map.filter.getByRole('button', { name: 'Circle' }).focus();
  await press('Enter');
  await expect(map.map).toBeFocused();
  await press('Enter');
  await expect(map.drawBar).toContainText('Click where the circle ends.');
  const [, , longitude = 0] = map.viewInLink();
  await press('ArrowRight');
  await expect.poll(() => map.viewInLink()[2]).toBeGreaterThan(longitude);
  await expect(map.drawBar.locator('output')).toHaveText(/^Radius /);
  await press('Enter');
  await expect(page).toHaveURL(/area=circle/);
  await expect(map.drawBar).toBeHidden();
  await map.filter.getByRole('button', { name: 'Polygon' }).focus();
  await press('Enter', 'Escape');
  await expect(map.drawBar).toBeHidden();
});
