import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

test('a reload restores the view, the layers and the open place', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.layer('Borders').uncheck();
  await map.layer('Earthquakes').uncheck();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await map.row('Hamburg').click();
  await expect(map.popup.getByRole('heading', { name: 'Hamburg' })).toBeVisible();
  await expect(page).toHaveURL(/#6\/\d+\.\d+\/\d+\.\d+\?layers=countries,cities&open=\d+$/);
  const link = page.url();
  await page.reload();
  await map.hasPlaces();
  await expect(map.popup.getByRole('heading', { name: 'Hamburg' })).toBeVisible();
  await expect(map.layer('Borders')).not.toBeChecked();
  await expect(map.layer('Earthquakes')).not.toBeChecked();
  await expect(map.layer('Cities')).toBeChecked();
  await expect(map.row('Hamburg')).toHaveAttribute('aria-current', 'true');
  expect(page.url()).toBe(link);
});

test('a link typed into the address bar moves the map', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await page.goto('/#6/35.7/139.7?layers=cities');
  await expect(map.row('Tokyo')).toBeVisible();
  await expect(map.layer('Countries')).not.toBeChecked();
  await expect(map.row('Berlin')).toHaveCount(0);
  expect(map.viewInLink()[0]).toBe(6);
});

// Two places that stand alone, one on each side of the line; 145.8 east lies west of the view's middle.
for (const { name, longitude, latitude } of [
  { name: 'Cairns', longitude: 145.7661 - 360, latitude: -16.9237 },
  { name: 'Honolulu', longitude: -157.8583, latitude: 21.3069 },
]) {
  test(`a view over 180 degrees asks for one box and shows ${name} where it lies`, async ({ page }) => {
    const map = new MapPage(page);
    const asked = page.waitForRequest((request) => request.postData()?.includes('"layer":"cities"') === true);
    await map.open('#4/0/-178');
    const { bbox } = ((await asked).postDataJSON() as { variables: { bbox: { west: number; east: number } } }).variables;
    expect(bbox.west).toBeGreaterThan(100);
    expect(bbox.west).toBeLessThan(145);
    expect(bbox.east).toBeGreaterThan(-157);
    expect(bbox.east).toBeLessThan(-100);
    await expect(map.row('Cairns')).toBeVisible();
    await expect(map.row('Honolulu')).toBeVisible();
    await map.clickAt(longitude, latitude);
    await expect(map.popup.getByRole('heading', { name })).toBeVisible();
  });
}
