import { readFileSync } from 'node:fs';
import { PASSWORD } from './admin-page';
import { Elsewhere } from './editor-page';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

for (const { locale, filter, add, search } of [
  { locale: 'de-DE', filter: 'Filter', add: 'Bedingung hinzufügen', search: 'Ort oder Koordinate suchen' },
  { locale: 'es-ES', filter: 'Filtro', add: 'Añadir una condición', search: 'Buscar un lugar o una coordenada' },
  { locale: 'fr-FR', filter: 'Filtre', add: 'Ajouter une condition', search: 'Chercher un lieu ou une coordonnée' },
]) {
  test.describe(`in ${locale}`, () => {
    test.use({ locale });

    test('the page speaks the language of the browser, and another one once it is chosen', async ({ page }) => {
      await page.goto(`/${EUROPE}`);
      await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2));
      await expect(page.getByRole('combobox', { name: search })).toBeVisible();
      await page.locator('.filter summary').filter({ hasText: filter }).click();
      await page.getByRole('button', { name: add }).click();
      await expect(page.locator('.condition')).toHaveCount(1);
      await page.locator('.settings select').first().selectOption('en');
      await expect(page.locator('html')).toHaveAttribute('lang', 'en');
      await new MapPage(page).hasPlaces();
      await page.reload();
      await expect(new MapPage(page).search).toBeVisible();
    });
  });
}

for (const language of ['de', 'en', 'es', 'fr'] as const) {
  const texts = JSON.parse(readFileSync(new URL(`../src/locales/${language}.json`, import.meta.url), 'utf8')) as Record<string, string>;
  const text = (key: string): string => texts[key] ?? `no text ${key}`;

  test.describe(`the editor in ${language}`, () => {
    test.use({ locale: language });

    test('makes a location, undoes that and does it again', async ({ page, server, request }) => {
      const layer = `tongue-${language}`;
      const elsewhere = await new Elsewhere(request, server).signIn();
      await elsewhere.makeLayer(layer, layer);
      await page.goto(server.adminUrl);
      await page.getByLabel(text('account.username')).fill('admin');
      await page.getByLabel(text('account.password')).fill(PASSWORD);
      await page.getByRole('button', { name: text('signIn.submit') }).click();
      const choice = page.getByLabel(text('edit.layer'), { exact: true });
      await expect(choice.getByRole('option', { name: layer })).toBeAttached();
      await choice.selectOption(layer);
      await page.getByRole('button', { name: text('edit.newButton') }).click();
      const form = page.getByRole('form', { name: text('edit.form') });
      await form.getByLabel(text('edit.name'), { exact: true }).fill('Ostrava');
      await form.getByLabel(text('edit.asText')).fill('49.83, 18.28');
      await form.getByRole('button', { name: text('edit.take') }).click();
      await form.getByRole('button', { name: text('edit.save'), exact: true }).click();
      const status = page.locator('.editor > .done');
      await expect(status).toHaveText(text('edit.saved'));
      expect(await elsewhere.contents(layer)).toMatchObject([{ name: 'Ostrava', geometry: { coordinates: [18.28, 49.83] } }]);
      const step = text('edit.didCreate').replace('{name}', 'Ostrava');
      await page.getByRole('button', { name: new RegExp(`^${text('edit.undo')}: `) }).click();
      await expect(status).toContainText(step);
      await expect.poll(() => elsewhere.contents(layer)).toEqual([]);
      await page.getByRole('button', { name: new RegExp(`^${text('edit.redo')}: `) }).click();
      await expect(page.getByRole('region', { name: text('edit.locations') }).getByRole('button', { name: 'Ostrava' })).toBeVisible();
      expect(await elsewhere.contents(layer)).toMatchObject([{ name: 'Ostrava' }]);
    });
  });
}
