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
