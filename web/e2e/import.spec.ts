import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { AdminPage } from './admin-page';
import { seriousViolations } from './axe';
import { Elsewhere } from './editor-page';
import { expect, test } from './fixtures';
import type { Server } from './server';

const CSV = `title,floors,nr,longitude,latitude
Old mill,12,a1,10.1,50.1
New mill,9,a2,10.2,50.2
Broken mill,3,a3,here,50.3
Lost mill,4,a4,10.4,95
Last mill,5,a5,10.5,50.5
`;

/** Looks at the table as a file for this layer; gives the form, and the region of what was found. */
async function look(page: Page, server: Server, layer: string, file: string): Promise<{ form: Locator; report: Locator }> {
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Import and export');
  const form = page.getByRole('form', { name: 'Import and export' });
  await expect(form.getByLabel('Layer', { exact: true }).getByRole('option', { name: layer })).toBeAttached();
  await form.getByLabel('Layer', { exact: true }).selectOption(layer);
  await form.getByLabel('File', { exact: true }).setInputFiles({ name: file, mimeType: 'text/csv', buffer: Buffer.from(CSV) });
  const report = page.getByRole('region', { name: 'What was found' });
  await expect(report.getByRole('heading', { name: '3 locations would be stored.' })).toBeFocused();
  return { form, report };
}

test('a file with two broken rows is looked at, sorted, imported and taken back', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('mills', 'Mills');
  const { form, report } = await look(page, server, 'Mills', 'mills.csv');
  await expect(report).toContainText('CSV');
  await expect(report).toContainText('EPSG:4326');
  await expect(report.getByRole('heading', { name: '2 are refused' })).toBeVisible();
  await expect(page.locator('.import-map path.drawn')).toBeVisible();
  await expect.poll(() => drawnOn(page)).toBe(true);
  expect(await seriousViolations(page)).toEqual([]);

  await form.getByLabel('Use of title').selectOption('Name of the location');
  await form.getByLabel('Use of nr').selectOption('External id');
  await form.getByLabel('Name of floors in the layer').fill('levels');
  await form.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(report.getByRole('heading', { name: '3 locations are stored.' })).toBeVisible();
  expect(await elsewhere.contents('mills')).toMatchObject([{ name: 'Last mill', properties: { levels: 5 } }, { name: 'New mill' }, { name: 'Old mill' }]);
  const started = page.waitForEvent('download');
  await report.getByRole('button', { name: 'Refused as CSV' }).click();
  const text = await readFile((await (await started).path()) ?? '', 'utf8');
  expect(text.split('\r\n')).toHaveLength(4);
  expect(text).toContain('Broken mill');

  await report.getByRole('button', { name: 'Undo this import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Undo this import' });
  await expect(dialog.getByText('3 locations that the import made are deleted.')).toBeVisible();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText('The import is undone.')).toBeVisible();
  expect(await elsewhere.contents('mills')).toEqual([]);
  await expect(page.getByRole('row', { name: /mills\.csv.*3 new/ }).first()).toBeVisible();
});

test('a layer is written in the background, fetched and deleted', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('ferries', 'Ferries');
  await elsewhere.make('ferries', 'Old ferry', { type: 'Point', coordinates: [1, 2] });
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Import and export');
  const out = page.locator('section.card').filter({ has: page.getByRole('heading', { name: 'A layer as a file' }) });
  await expect(out.getByLabel('Layer', { exact: true }).getByRole('option', { name: 'Ferries' })).toBeAttached();
  await out.getByLabel('Layer', { exact: true }).selectOption('Ferries');
  const background = out.getByRole('checkbox', { name: 'Write the file in the background' });
  await background.check();
  await out.getByRole('button', { name: 'CSV', exact: true }).click();
  const row = out.getByRole('row', { name: /ferries\.csv/ });
  await expect(row).toContainText('Done');
  expect(await seriousViolations(page)).toEqual([]);
  const started = page.waitForEvent('download');
  await row.getByRole('button', { name: 'Download: ferries.csv' }).click();
  const file = await started;
  expect(file.suggestedFilename()).toBe('ferries.csv');
  expect(await readFile((await file.path()) ?? '', 'utf8')).toContain('Old ferry');
  await row.getByRole('button', { name: 'Delete: ferries.csv' }).click();
  await expect(row).toHaveCount(0);
});

test('an import that replaced a layer is taken back from the list', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('quays', 'Quays');
  await elsewhere.make('quays', 'Old quay', { type: 'Point', coordinates: [1, 2, 3.5] });
  const before = await elsewhere.contents('quays');
  const { form, report } = await look(page, server, 'Quays', 'quays.csv');
  await form.getByText('More choices').click();
  await form.getByLabel('Locations that are there').selectOption('Replace the whole layer');
  await form.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(report.getByRole('heading', { name: '3 locations are stored.' })).toBeVisible();

  const row = page.getByRole('row', { name: /quays\.csv.*3 new/ }).first();
  await row.getByRole('button', { name: 'Undo the import of quays.csv' }).click();
  const dialog = page.getByRole('dialog', { name: 'Undo this import' });
  await expect(dialog.getByText('3 locations that the import made are deleted.')).toBeVisible();
  await expect(dialog.getByText('1 location that it deleted comes back.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Take it back' }).click();
  await expect(page.getByText('The import is undone.')).toBeVisible();
  await expect(row).toContainText('Undone');
  await expect(row.getByRole('button', { name: 'Undo the import of quays.csv' })).toHaveCount(0);
  expect(await elsewhere.contents('quays')).toEqual(before);
});

test('a file is dropped into a new layer, and a private layer comes out as a file', async ({ page, server }) => {
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Import and export');
  const form = page.getByRole('form', { name: 'Import and export' });
  await form.getByLabel('Layer', { exact: true }).selectOption('A new layer …');
  await form.getByLabel('Key of the new layer').fill('dropped');
  const transfer = await page.evaluateHandle(() => {
    const files = new DataTransfer();
    const text = JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', properties: { name: 'Dropped', note: null }, geometry: { type: 'Point', coordinates: [5, 6] } }] });
    files.items.add(new File([text], 'dropped.geojson'));
    return files;
  });
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: transfer });
  await expect(page.getByRole('heading', { name: '1 location would be stored.' })).toBeVisible();
  await form.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(page.getByRole('heading', { name: '1 location is stored.' })).toBeVisible();
  await page.reload();
  const layer = page.getByRole('combobox', { name: 'Layer' }).last();
  await expect(layer.getByRole('option', { name: 'dropped' })).toBeAttached();
  await layer.selectOption('dropped');
  const started = page.waitForEvent('download');
  await page.getByRole('button', { name: 'GeoJSON', exact: true }).click();
  expect(await readFile((await (await started).path()) ?? '', 'utf8')).toContain('Dropped');
  const second = page.waitForEvent('download');
  await page.getByRole('button', { name: 'GPX', exact: true }).click();
  await second;
  await expect(page.getByText('dropped.gpx cannot hold everything:')).toBeVisible();
  await expect(page.getByText('1 × a property that is null is left out')).toBeVisible();
});

/** Whether anything is on the canvas of the shapes, which lies above the one of the base map. */
async function drawnOn(page: Page): Promise<boolean> {
  return page.locator('.import-map .leaflet-overlay-pane canvas').last().evaluate((canvas: HTMLCanvasElement) =>
    canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte !== 0) === true);
}
