import { rm } from 'node:fs/promises';
import { PASSWORD } from './admin-page';
import { EditorPage, Elsewhere } from './editor-page';
import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';
import { makeFolder, startServer } from './server';

test('a server that goes and comes back is asked again by itself, and nothing of the reader is lost', async ({ page, faults }) => {
  const settings = { CAIRN_ADMIN_PASSWORD: PASSWORD };
  const first = await startServer(settings);
  faults.visit(first.url);
  const map = new MapPage(page);
  await page.goto(`${first.url}/${EUROPE}?layers=cities&where=cities,population,gte,1000000`);
  await map.hasPlaces();
  await first.stop();
  faults.expect(/^console: Failed to load resource: net::ERR_CONNECTION_REFUSED/);
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(map.error).toContainText('The server does not answer.');
  const second = await startServer({ ...settings, CAIRN_LISTEN: new URL(first.url).host });
  try {
    await expect(map.error).toBeEmpty({ timeout: 30_000 });
    await expect(map.row('Berlin')).toBeVisible();
    await expect(map.row('Bremen')).toHaveCount(0);
    await expect(page).toHaveURL(/where=cities,population,gte,1000000$/);
  } finally {
    await second.stop();
  }
});

test('a server that restarts takes nothing of the work in the editor with it', async ({ page, faults, request }) => {
  const folder = await makeFolder();
  const settings = { CAIRN_ADMIN_PASSWORD: PASSWORD };
  let server = await startServer(settings, folder);
  try {
    faults.visit(server.url);
    const elsewhere = await new Elsewhere(request, server).signIn();
    const editor = new EditorPage(page);
    await editor.beginWork(server, elsewhere);
    await server.stop();
    faults.expect(/^console: Failed to load resource: net::ERR_CONNECTION_REFUSED/);
    await editor.save();
    await expect(editor.alert).toContainText('The server does not answer.');
    await expect(editor.form.getByLabel('Name')).toHaveValue('Deep well');
    server = await startServer({ ...settings, CAIRN_LISTEN: new URL(server.url).host }, folder);
    await editor.save();
    await editor.saved();
    expect(await elsewhere.contents('kept')).toMatchObject([{ name: 'Deep well' }]);

    // The next one goes while the page does: the browser has kept the work, and the session is still good.
    await editor.form.getByLabel('Name').fill('Deeper well');
    await server.stop();
    server = await startServer({ ...settings, CAIRN_LISTEN: new URL(server.url).host }, folder);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await expect(page.getByText('Here is what you had not saved.')).toBeVisible();
    await expect(editor.form.getByLabel('Name')).toHaveValue('Deeper well');
    await editor.save();
    await editor.saved();
    expect(await elsewhere.contents('kept')).toMatchObject([{ name: 'Deeper well' }]);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test('on a slow line the page says that it loads, and an answer that is overtaken is not shown', async ({ page }) => {
  const map = new MapPage(page);
  await map.open(`${EUROPE}?layers=cities`);
  const held: (() => Promise<void>)[] = [];
  let isFree = false;
  await page.route('**/graphql', (route) => (isFree ? route.continue() : void held.push(() => route.continue())));
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect(map.loading).toHaveText('Loading places …');
  // One, or two where the steps of the zoom are slow.
  await expect.poll(() => held.length).toBeGreaterThan(0);
  const before = held.length;
  await page.goto('/#7/48.85/2.35?layers=cities');
  await expect.poll(() => held.length).toBeGreaterThan(before);
  isFree = true;
  // The newest first: what was asked before comes last.
  for (const go of held.reverse()) await go().catch(() => undefined);
  await page.unroute('**/graphql');
  await expect(map.row('Paris')).toBeVisible();
  await expect(map.row('Berlin')).toHaveCount(0);
  await expect(map.loading).toBeEmpty();
});
