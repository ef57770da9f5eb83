import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

interface Near {
  features: { distanceMeters: number; properties: { name: string } }[];
}

test('a click anywhere lists the places around with the distances of the server, on the map and in the list', async ({ page, request }) => {
  const map = new MapPage(page);
  await map.open('#8/53/10?layers=cities');
  await map.clickAt(9, 53.3);
  await expect(map.nearby).toBeVisible();
  await map.nearby.getByLabel('Radius').selectOption({ label: '100 km' });
  await expect(page).toHaveURL(/around=[\d.]+,[\d.]+,100000$/);
  const [lon, lat] = /around=([\d.]+),([\d.]+)/.exec(page.url())?.slice(1).map(Number) ?? [];
  const query = `{ locationsGeoJson(near: { position: { lon: ${lon}, lat: ${lat} }, maxMeters: 100000 }, filter: { layer: { eq: "cities" } }) }`;
  const { data } = (await (await request.post('/graphql', { data: { query } })).json()) as { data: { locationsGeoJson: Near } };
  const expected = data.locationsGeoJson.features.map(({ distanceMeters, properties }) =>
    `${properties.name}${(distanceMeters / 1000).toLocaleString('en', { maximumSignificantDigits: 3 })} km`);
  expect(expected.length).toBeGreaterThan(5);
  await expect(map.nearby.locator('.row')).toHaveText(expected);
  await expect(map.nearby.getByRole('status')).toHaveText(`${expected.length} places, nearest first`);
  await expect(page.locator('.near-pin')).toHaveText(expected.map((text) => /[\d.]+ km$/.exec(text)?.[0] ?? ''));
  await map.nearby.locator('.row').first().click();
  await expect(map.popup).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(map.nearby.locator('.row').first()).toBeFocused();
  await page.reload();
  await expect(map.nearby.locator('.row')).toHaveText(expected);
  await map.nearby.getByRole('button', { name: 'Close what is around' }).click();
  await expect(map.nearby).toHaveCount(0);
  await expect(page.locator('.near-pin')).toHaveCount(0);
  await expect(page).not.toHaveURL(/around=/);
});

test('what is around a place is asked from its popup, and keeps to the filter', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.row('Hamburg').click();
  await map.popup.getByRole('button', { name: 'What is around?' }).click();
  await expect(map.popup).toHaveCount(0);
  await expect(map.nearby.getByRole('button', { name: 'Hamburg 0 m' })).toBeVisible();
  await expect(map.nearby.getByRole('button', { name: 'Germany 0 m' })).toBeVisible();
  await map.layer('Countries').uncheck();
  await expect(map.nearby.getByRole('button', { name: 'Germany 0 m' })).toHaveCount(0);
  await map.openFilter();
  await map.addCondition('Cities', 'Population', 'gte', '1000000');
  await expect(map.nearby.getByRole('button', { name: /^Bremen/ })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(map.nearby).toHaveCount(0);
});

test('distances are in miles for readers who choose them, and stay so', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#8/53/10?layers=cities&around=9.99,53.55,80000');
  await expect(map.nearby.locator('.row').nth(1)).toContainText(/ km$/);
  await page.getByLabel('Units').selectOption('imperial');
  await expect(map.nearby.locator('.row').nth(1)).toContainText(/ mi$/);
  await expect(page.locator('.leaflet-control-scale')).toHaveText(/ mi$/);
  await page.reload();
  await expect(map.nearby.locator('.row').nth(1)).toContainText(/ mi$/);
});
