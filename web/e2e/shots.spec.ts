// The main states of the pages as pictures, for the README and the manual: written into the folder that CAIRN_SCREENSHOTS
// names, otherwise among the results. They are not compared, since fonts differ between machines.
import { join } from 'node:path';
import type { Page, TestInfo } from '@playwright/test';
import { AdminPage } from './admin-page';
import { EditorPage, Elsewhere } from './editor-page';
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

test.describe('behind the sign-in', () => {
  // What the pictures show fits, and their files stay small.
  test.use({ viewport: { width: 1100, height: 760 } });

  test('the editor and a conflict', async ({ page, server, request }, info) => {
    const elsewhere = await new Elsewhere(request, server).signIn();
    await elsewhere.makeLayer('paths', 'Paths and parks');
    await elsewhere.make('paths', 'Old park', { type: 'Polygon', coordinates: [[[10, 50], [14, 50], [14, 53], [10, 53], [10, 50]], [[11, 51], [12, 52], [13, 51], [11, 51]]] }, { kind: 'park' });
    const id = await elsewhere.make('paths', 'River path', { type: 'LineString', coordinates: [[8, 50], [9, 51], [9.5, 53]] }, { kind: 'path', length: 41 });
    const editor = new EditorPage(page);
    await editor.enter(server, 'Paths and parks');
    await editor.open('Old park');
    await expect(editor.form.getByText('1. Polygon, 7 corners, 1 hole')).toBeVisible();
    await expect(page.locator('.leaflet-marker-icon.marker-icon:not(.marker-icon-middle)')).toHaveCount(7);
    await shoot(page, info, 'editor');
    await editor.open('River path');
    await elsewhere.rename(id, 'Path along the river');
    await editor.form.getByLabel('Name').fill('Riverside path');
    await editor.save();
    const dialog = page.getByRole('dialog', { name: 'Somebody else saved this location' });
    await expect(dialog.getByRole('row', { name: 'Name Riverside path Path along the river' })).toBeVisible();
    await shoot(page, info, 'editor-conflict');
  });

  test('a file before it is imported, and the layers', async ({ page, server, request }, info) => {
    await (await new Elsewhere(request, server).signIn()).makeLayer('wells', 'Wells');
    const admin = new AdminPage(page);
    await page.goto(server.adminUrl);
    await admin.signIn('admin');
    await admin.open('Import and export');
    const form = page.getByRole('form', { name: 'Import and export' });
    const layer = form.getByLabel('Layer', { exact: true });
    await expect(layer.getByRole('option', { name: 'Wells' })).toBeAttached();
    await layer.selectOption('Wells');
    const rows = ['name,depth,longitude,latitude', 'Upper well,12,10,50', 'Lower well,9,12,51', 'Lost well,3,here,50', 'North well,8,11,53'];
    await form.getByLabel('File', { exact: true }).setInputFiles({ name: 'wells.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
    const report = page.getByRole('region', { name: 'What was found' });
    await expect(report.getByRole('heading', { name: '3 locations would be stored.' })).toBeFocused();
    await expect(report.getByRole('heading', { name: '1 is refused' })).toBeVisible();
    await expect(page.locator('.import-map path.drawn')).toBeVisible();
    await page.locator('.import-map').evaluate((map) => map.scrollIntoView());
    await shoot(page, info, 'import-preview');
    await admin.open('Layers');
    await expect(page.getByRole('row', { name: /^Cities/ })).toBeVisible();
    await shoot(page, info, 'admin-layers');
  });

  test('GraphiQL with an answer', async ({ page }, info) => {
    await page.goto('/graphiql/');
    await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('ViewBox');
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await expect(page.locator('.graphiql-response .view-lines')).toContainText('FeatureCollection');
    await shoot(page, info, 'graphiql');
  });
});
