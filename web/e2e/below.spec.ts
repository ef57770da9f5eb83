import { AdminPage, PASSWORD } from './admin-page';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';
import { startServer } from './server';

test('map, GraphiQL and admin page work below a path, as behind a proxy that has other sites too', async ({ page, faults }) => {
  const settings = { CAIRN_ADMIN_PASSWORD: PASSWORD };
  const first = await startServer(settings);
  await first.stop();
  const below = `${first.url}/public/maps`;
  const server = await startServer({ ...settings, CAIRN_LISTEN: new URL(first.url).host, CAIRN_PUBLIC_URL: below });
  const outside: string[] = [];
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(`${below}/`)) outside.push(request.url());
  });
  try {
    faults.visit(server.url);
    const map = new MapPage(page);
    await page.goto(`${below}/${EUROPE}?layers=cities`);
    await map.hasPlaces();
    await expect(map.row('Berlin')).toBeVisible();
    await page.getByRole('link', { name: 'GraphiQL' }).click();
    await expect(page).toHaveURL(`${below}/graphiql/`);
    await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('ViewBox');
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await expect(page.locator('.graphiql-response .view-lines')).toContainText('FeatureCollection');

    expect(server.adminUrl.startsWith(`${below}/`), server.adminUrl).toBe(true);
    await page.goto(server.adminUrl);
    const admin = new AdminPage(page);
    await admin.signIn('admin');
    await admin.isSignedInAs('admin', 'ADMIN');
    await page.reload();
    await admin.isSignedInAs('admin', 'ADMIN');
    await admin.open('API tokens');
    expect(outside).toEqual([]);
  } finally {
    await page.close();
    await server.stop();
  }
});
