import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

test('names are offered while they are typed, and the chosen one opens', { tag: '@both' }, async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.search.pressSequentially('reykj');
  await expect(map.hits.first()).toContainText('Reykjavík');
  await expect(map.hits.first()).toContainText('Cities');
  await expect(map.search).toHaveAttribute('aria-activedescendant', 'search-hit-0');
  await page.keyboard.press('Enter');
  await expect(map.popup.getByRole('heading', { name: 'Reykjavík' })).toBeVisible();
  await expect(map.hits).toHaveCount(0);
  expect(map.viewInLink()[1]).toBeCloseTo(64.1, 0);
});

test('arrow keys move through what is found, Escape puts it away', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.search.fill('san');
  await expect(map.hits).toHaveCount(8);
  await page.keyboard.press('ArrowDown');
  await expect(map.hits.nth(1)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(map.hits.nth(7)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Escape');
  await expect(map.hits).toHaveCount(0);
  await expect(map.search).toBeFocused();
});

test('a name of a layer that is off switches it on, and a name that nothing has is said', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(`${EUROPE}?layers=countries`);
  await map.search.fill('qqqqqq');
  await expect(page.getByText('Nothing is called so.')).toBeAttached();
  await map.search.fill('Nairobi');
  await map.hits.first().click();
  await expect(map.popup.getByRole('heading', { name: 'Nairobi' })).toBeVisible();
  await expect(map.layer('Cities')).toBeChecked();
});

for (const text of ['48.8534, 2.3488', '48°51\'12.24"N 2°20\'55.68"E', 'E2.3488 N48.8534', '48,8534 2,3488']) {
  test(`the coordinate ${text} leads there and shows what is around`, async ({ page }) => {
    const map = new MapPage(page);
    await map.open(EUROPE);
    await map.search.fill(text);
    await expect(map.hits).toHaveText(/48\.85340, 2\.34880\s*Coordinate/);
    await page.keyboard.press('Enter');
    await expect(map.nearby).toContainText('Around 48.8534, 2.3488');
    await expect(map.nearby.getByRole('button', { name: /^Paris/ })).toContainText('0 m');
    expect(map.viewInLink()[0]).toBe(12);
  });
}

test.describe('with a device that knows where it is', () => {
  test.use({ permissions: ['geolocation'], geolocation: { latitude: 52.52, longitude: 13.405 } });

  test('the map goes there', async ({ page }) => {
    const map = new MapPage(page);
    await map.open(EUROPE);
    await page.getByRole('button', { name: 'Where am I?' }).click();
    await expect(map.nearby).toContainText('Around 52.5200, 13.4050');
    await expect(map.nearby.getByRole('button', { name: /^Berlin/ })).toBeVisible();
  });
});

test('without HTTPS the page explains why it cannot know, and so when it may not', async ({ page, context }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await page.getByRole('button', { name: 'Where am I?' }).click();
  await expect(page.getByRole('dialog', { name: 'Where am I?' })).toContainText('The browser was told not to');
  await context.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
  await page.reload();
  await map.hasPlaces();
  await page.getByRole('button', { name: 'Where am I?' }).click();
  const dialog = page.getByRole('dialog', { name: 'Where am I?' });
  await expect(dialog).toContainText('only when it came over HTTPS');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Where am I?' })).toBeFocused();
});
