import { expect, test } from './fixtures';
import { MapPage } from './map-page';

test('the table shows what the map shows, sorts by any column and opens places', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/52.5/13.4?layers=countries,cities');
  await map.list.getByRole('button', { name: 'Table' }).click();
  const table = page.getByRole('table');
  await expect(page.getByLabel('Layer of the table')).toBeFocused();
  await expect(table.getByRole('columnheader')).toHaveText(['Name', 'Country', 'Feature code', 'Population']);
  const names = table.locator('tbody th');
  const first = async (): Promise<string> => (await names.first().textContent()) ?? '';
  await table.getByRole('button', { name: 'Population' }).click();
  await expect(table.getByRole('columnheader', { name: 'Population' })).toHaveAttribute('aria-sort', 'ascending');
  await expect(table.getByRole('button', { name: 'Population' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(table.getByRole('columnheader', { name: 'Population' })).toHaveAttribute('aria-sort', 'descending');
  expect(await first()).toBe('Berlin');
  await names.first().getByRole('button').click();
  await expect(map.popup.getByRole('heading', { name: 'Berlin' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(names.first().getByRole('button')).toBeFocused();
  await page.getByLabel('Layer of the table').selectOption('Countries');
  await expect(table).toContainText('Germany');
  await map.layer('Countries').uncheck();
  await expect(table).toContainText('Berlin');
  await page.goto('/#8/48.85/2.35?layers=cities');
  await expect(table).toContainText('Paris');
  await expect(table).not.toContainText('Berlin');
  await page.getByRole('button', { name: 'Close the table' }).click();
  await expect(map.list.getByRole('button', { name: 'Table' })).toBeFocused();
});

test('the list is ordered by weight or by name', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/52.5/13.4?layers=cities');
  const rows = map.group('Cities').locator('.row-name');
  await expect(rows.first()).toHaveText('Berlin');
  await map.list.getByLabel('Order').selectOption('By name');
  await expect(rows.first()).not.toHaveText('Berlin');
  const names = await rows.allTextContents();
  expect(names).toEqual([...names].sort(new Intl.Collator('en', { numeric: true }).compare));
});
