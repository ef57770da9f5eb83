import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

test('Enter in the list opens the popup, Escape closes it, and the focus returns', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.row('Berlin').focus();
  await page.keyboard.press('Enter');
  await expect(map.popup).toBeVisible();
  await expect(map.popup).toBeFocused();
  await expect(map.popup.getByRole('heading', { name: 'Berlin' })).toBeVisible();
  await expect(map.popup).toContainText('Population');
  await expect(map.row('Berlin')).toHaveAttribute('aria-current', 'true');
  await expect(page).toHaveURL(/[?&]open=\d+/);
  await page.keyboard.press('Escape');
  await expect(map.popup).toHaveCount(0);
  await expect(map.row('Berlin')).toBeFocused();
  await expect(map.row('Berlin')).toHaveAttribute('aria-current', 'false');
  await expect(page).not.toHaveURL(/open=/);
});

test('a click on a place opens it, its button closes it, and the focus goes to the map', async ({ page }) => {
  const map = new MapPage(page);
  await map.open('#7/48.85/2.35');
  await expect(map.row('Paris')).toBeVisible();
  await map.clickAt(2.3488, 48.8534);
  await expect(map.popup.getByRole('heading', { name: 'Paris' })).toBeVisible();
  await expect(map.popup).toContainText('2,138,551');
  await map.popup.getByRole('button', { name: 'Close' }).click();
  await expect(map.popup).toHaveCount(0);
  await expect(map.map).toBeFocused();
});

test('the open place stays marked in the list when the map moves', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(EUROPE);
  await map.row('Berlin').click();
  await expect(map.popup).toBeVisible();
  const before = map.viewInLink();
  const moved = page.waitForResponse((response) => response.url().endsWith('/graphql'));
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await moved;
  await expect.poll(() => map.viewInLink()[0]).toBeGreaterThan(before[0] ?? 0);
  await map.hasPlaces();
  await expect(map.row('Berlin')).toHaveAttribute('aria-current', 'true');
});

test('a hostile name is text wherever it shows', async ({ page }) => {
  const name = '<img src=x onerror=alert(1)>';
  const dialogs: string[] = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await page.route('**/graphql', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const hostile = text.replaceAll('"name":"Paris"', `"name":${JSON.stringify(name)},"link":"javascript:alert(2)"`);
    await route.fulfill({ response, body: hostile.replaceAll('"Cities"', JSON.stringify(name)) });
  });
  const map = new MapPage(page);
  await map.open('#7/48.85/2.35');
  const row = map.list.locator('.row').filter({ hasText: name });
  await expect(row).toHaveCount(1);
  await expect(map.legend).toContainText(name);
  await row.click();
  await expect(map.popup.getByRole('heading', { name })).toHaveText(name);
  await expect(map.popup).toContainText('javascript:alert(2)');
  await expect(map.popup.getByRole('link')).toHaveCount(0);
  await page.keyboard.press('Escape');
  // The place lies in the middle of the view, where the tooltip names it.
  await map.hoverMiddle(name);
  await expect(page.locator('img[src="x"]')).toHaveCount(0);
  expect(dialogs).toEqual([]);
});

test('the list moves by arrow keys and shows more on demand', async ({ page }) => {
  const map = new MapPage(page);
  await map.open();
  const rows = map.group('Cities').locator('.row');
  await expect(rows).toHaveCount(50);
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  await expect(rows.nth(1)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(rows.first()).toBeFocused();
  await map.group('Cities').getByRole('button', { name: 'Show 50 more' }).click();
  await expect(rows).toHaveCount(100);
  await expect(rows.nth(50)).toBeFocused();
});
