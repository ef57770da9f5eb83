// The main states of the map as pictures, for the README and the manual: written into the folder that CAIRN_SCREENSHOTS
// names, otherwise among the results. They are not compared, since fonts differ between machines.
import { join } from 'node:path';
import type { Page, TestInfo } from '@playwright/test';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

async function shoot(page: Page, info: TestInfo, name: string): Promise<void> {
  await page.screenshot({ path: join(process.env.CAIRN_SCREENSHOTS || info.outputPath(), `${name}.png`) });
}

const FILTERED = '#6/51/10?layers=countries,cities&where=cities,population,gte,200000&area=circle,10,51.2,300000';

test('the world, a filter, what is around, the table and the dialogs', async ({ page }, info) => {
  const map = new MapPage(page);
  await map.open();
  await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
  await shoot(page, info, 'map');
  await page.goto(`/${FILTERED}`);
  await expect(map.filterCount).toHaveText(/places pass\.$/);
  await map.hasPlaces();
  await shoot(page, info, 'map-filter');
  await map.list.getByRole('button', { name: 'Table' }).click();
  await expect(page.getByRole('table')).toBeVisible();
  await shoot(page, info, 'map-table');
  await page.getByRole('button', { name: 'Close the table' }).click();
  await map.filter.getByRole('button', { name: 'As a query' }).click();
  await shoot(page, info, 'map-query');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Share' }).click();
  await shoot(page, info, 'map-share');
  await page.keyboard.press('Escape');
  await page.goto('/#8/53.3/10?layers=countries,cities&around=10,53.5,100000');
  await expect(map.nearby.locator('.row').first()).toBeVisible();
  await shoot(page, info, 'map-around');
});

test.describe('in the dark', () => {
  test.use({ colorScheme: 'dark' });

  test('an open place', async ({ page }, info) => {
    const map = new MapPage(page);
    await map.open(EUROPE);
    await map.row('Berlin').click();
    await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
    await shoot(page, info, 'map-dark');
  });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test('the map and its sheet', async ({ page }, info) => {
    const map = new MapPage(page);
    await page.goto(`/${EUROPE}`);
    await expect.poll(() => map.baseMapShows('--map-land')).toBe(true);
    await shoot(page, info, 'map-phone');
    await page.getByRole('button', { name: 'Show layers and places' }).tap();
    await map.hasPlaces();
    await shoot(page, info, 'map-phone-sheet');
  });
});
