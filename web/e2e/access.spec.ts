import { seriousViolations } from './axe';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme} colours`, () => {
    test.use({ colorScheme });

    test('axe finds nothing serious on the map page, with and without an open place', async ({ page }) => {
      const map = new MapPage(page);
      await map.open(EUROPE);
      expect(await seriousViolations(page)).toEqual([]);
      await map.row('Berlin').click();
      await expect(map.popup).toBeVisible();
      expect(await seriousViolations(page)).toEqual([]);
    });

    test('axe finds nothing serious in the filter, the surroundings, the table, the drawing and the dialogs', async ({ page }) => {
      const map = new MapPage(page);
      await map.open('#6/52.5/13.4?layers=countries,cities&where=cities,population,gt,500000&area=circle,13.4,52.5,400000&around=13.4,52.5,300000');
      await expect(map.filterCount).toHaveText(/places pass\.$/);
      await expect(map.nearby.locator('.row').first()).toBeVisible();
      await map.list.getByRole('button', { name: 'Table' }).click();
      await expect(page.getByRole('table')).toBeVisible();
      expect(await seriousViolations(page)).toEqual([]);
      for (const name of ['Share', 'As a query', 'Download', 'Where am I?']) {
        await page.getByRole('button', { name, exact: true }).click();
        await expect(page.locator('dialog[open]')).toBeVisible();
        expect(await seriousViolations(page), name).toEqual([]);
        await page.keyboard.press('Escape');
        await expect(page.locator('dialog')).toHaveCount(0);
      }
      await map.filter.getByRole('button', { name: 'Polygon' }).click();
      await map.search.fill('Berl');
      await expect(map.hits.first()).toBeVisible();
      expect(await seriousViolations(page), 'drawing and searching').toEqual([]);
      await page.goto('/embed/#5/54/10');
      await expect(page.getByRole('link', { name: 'Open the large map' })).toBeVisible();
      expect(await seriousViolations(page), 'in a frame').toEqual([]);
    });
  });
}

test('the page turns dark and light with the system, and the base map with it', async ({ page }) => {
  const map = new MapPage(page);
  const backgrounds = (): Promise<string[]> =>
    page.evaluate(() => ['body', '.map'].map((selector) => getComputedStyle(document.querySelector(selector) as Element).backgroundColor));
  await map.open(EUROPE);
  expect(await backgrounds()).toEqual(['rgb(255, 255, 255)', 'rgb(216, 228, 234)']);
  await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await backgrounds()).toEqual(['rgb(24, 33, 32)', 'rgb(16, 24, 28)']);
  await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
});

test('the keyboard alone reaches everything, the skip link first', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to the list of places' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Tab');
  await expect(skip).not.toBeInViewport();
  await expect(page.getByRole('link', { name: 'GraphiQL' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(map.search).toBeFocused();
  for (const name of ['Where am I?', 'Share']) {
    await page.keyboard.press('Tab');
    await expect(page.getByRole('button', { name })).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await expect(map.layer('Cities')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(map.layer('Cities')).not.toBeChecked();
  await page.keyboard.press('Space');
  await expect(map.group('Cities')).toBeVisible();
  for (const title of ['Earthquakes', 'Borders', 'Countries']) {
    await page.keyboard.press('Tab');
    await expect(map.layer(title)).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await expect(map.filter.locator('summary')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(map.list.getByLabel('Order')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(map.list.getByRole('button', { name: 'Table' })).toBeFocused();
  // The list is one stop, whatever its length.
  await page.keyboard.press('Tab');
  await expect(map.group('Cities').locator('.row').first()).toBeFocused();
  for (const name of ['Language', 'Units']) {
    await page.keyboard.press('Tab');
    await expect(page.getByLabel(name)).toBeFocused();
  }
  await page.keyboard.press('Tab');
  await expect(map.map).toBeFocused();
  const [, latitude = 0] = map.viewInLink();
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => map.viewInLink()[1]).toBeGreaterThan(latitude);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Zoom in' })).toBeFocused();
});

test('the skip link leads to the list and leaves the permalink alone', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  const link = page.url();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(map.group('Cities').locator('.row').first()).toBeFocused();
  expect(page.url()).toBe(link);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test('the panel is a sheet that opens and closes', async ({ page }) => {
    const map = new MapPage(page);
    await page.goto(`/${EUROPE}`);
    await expect(map.loading).toBeEmpty();
    await expect(map.map).toBeInViewport({ ratio: 0.9 });
    await expect(map.legend).toBeHidden();
    const closed = page.getByRole('button', { name: 'Show layers and places' });
    await expect(closed).toHaveAttribute('aria-expanded', 'false');
    await closed.tap();
    await expect(map.legend).toBeVisible();
    await map.hasPlaces();
    const open = page.getByRole('button', { name: 'Hide layers and places' });
    await expect(open).toHaveAttribute('aria-expanded', 'true');
    await open.tap();
    await expect(map.legend).toBeHidden();
    await closed.tap();
    await page.keyboard.press('Escape');
    await expect(map.legend).toBeHidden();
  });

  test('a place tapped in the sheet opens on the map, and the focus is not lost when it closes', async ({ page }) => {
    const map = new MapPage(page);
    await page.goto(`/${EUROPE}`);
    await page.getByRole('button', { name: 'Show layers and places' }).tap();
    // Of what the sheet leaves of the map.
    await map.row('Stockholm').tap();
    await expect(map.popup.getByRole('heading', { name: 'Stockholm' })).toBeInViewport();
    await expect(map.legend).toBeHidden();
    await map.popup.getByRole('button', { name: 'Close' }).tap();
    await expect(map.popup).toHaveCount(0);
    await expect(map.map).toBeFocused();
  });

  test('a tap shows what is around, an area is drawn by taps, and the sources fold away', async ({ page }) => {
    const map = new MapPage(page);
    await page.goto('/#7/53/10?layers=cities');
    await expect(map.loading).toBeEmpty();
    await expect(page.locator('.attribution')).not.toHaveAttribute('open');
    await page.getByLabel('Sources').tap();
    await expect(page.locator('.attribution')).toContainText('GeoNames');
    await page.getByLabel('Sources').tap();
    const at = await map.pixelOf(9, 53.3);
    await page.touchscreen.tap(at.x, at.y);
    await expect(page.locator('.near-pin span').first()).toBeVisible();
    await page.getByRole('button', { name: 'Show layers and places' }).tap();
    await expect(map.nearby.locator('.row').first()).toBeVisible();
    await map.filter.locator('summary').tap();
    await map.filter.getByRole('button', { name: 'Circle' }).tap();
    await expect(map.drawBar).toBeVisible();
    await expect(map.legend).toBeHidden();
    for (const [longitude, latitude] of [[9.9, 53.5], [10.5, 53.5]] as const) {
      const { x, y } = await map.pixelOf(longitude, latitude);
      await page.touchscreen.tap(x, y);
    }
    await expect(page).toHaveURL(/#7\/.*area=circle,9\.\d+,53\.5/);
  });

  test('nothing is wider than the screen', async ({ page }) => {
    await page.goto(`/${EUROPE}`);
    await page.getByRole('button', { name: 'Show layers and places' }).tap();
    await new MapPage(page).hasPlaces();
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths).toEqual([390, 390]);
  });
});
