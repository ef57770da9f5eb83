import { AdminPage, PASSWORD } from './admin-page';
import { seriousViolations } from './axe';
import { Elsewhere } from './editor-page';
import { expect, test } from './fixtures';

test('an administrator makes, changes and deletes a layer', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Layers');
  const form = page.getByRole('form', { name: 'New layer' });
  await form.getByLabel('Key').fill('trees');
  await form.getByLabel('Title').fill('Trees');
  await form.getByLabel('Style (JSON)').fill('{"color":');
  await form.getByRole('button', { name: 'Make the layer' }).click();
  await expect(admin.alert).toHaveText('The style is not JSON.');
  await form.getByLabel('Style (JSON)').fill('{"color":"#00aa00"}');
  await form.getByRole('button', { name: 'Make the layer' }).click();
  const row = page.getByRole('row', { name: /^Trees/ });
  await expect(row).toContainText('Signed-in viewers');
  await elsewhere.make('trees', 'Oak', { type: 'Point', coordinates: [1, 2] });

  await row.getByRole('button', { name: 'Change Trees' }).click();
  const change = page.getByRole('dialog', { name: 'Change Trees' });
  await expect(change.getByLabel('Style (JSON)')).toHaveValue(/#00aa00/);
  await change.getByLabel('Title').fill('Old trees');
  await change.getByLabel('Visible to').selectOption('Everybody');
  expect(await seriousViolations(page)).toEqual([]);
  await change.getByRole('button', { name: 'Save' }).click();
  const renamed = page.getByRole('row', { name: /^Old trees/ });
  await expect(renamed).toContainText('Everybody');

  await renamed.getByRole('button', { name: 'Delete Old trees' }).click();
  const remove = page.getByRole('dialog', { name: 'Delete Old trees' });
  await remove.getByLabel('Delete its 1 locations too').check();
  expect(await seriousViolations(page)).toEqual([]);
  await remove.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(renamed).toHaveCount(0);
});

test('an account gets grants and a new password, and ends', async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.ask('mutation Make($password: String!) { createUser(input: { username: "berta", password: $password, role: EDITOR }) { id } }', { password: PASSWORD });
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Accounts');
  const row = page.getByRole('row', { name: /^berta/ });
  await row.getByRole('button', { name: 'More of berta' }).click();
  const dialog = page.getByRole('dialog', { name: 'More of berta' });
  await dialog.getByLabel('Cities').selectOption('EDITOR');
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('cities: EDITOR');
  await row.getByRole('button', { name: 'More of berta' }).click();
  await expect(dialog.getByLabel('Cities')).toHaveValue('EDITOR');
  await dialog.getByRole('textbox', { name: 'New password' }).fill('rain on glass roofs');
  await dialog.getByRole('button', { name: 'Set a new password' }).click();
  await expect(dialog.getByText('berta has a new password; their sessions ended.')).toBeVisible();
  page.on('dialog', (asked) => void asked.accept());
  await dialog.getByRole('button', { name: 'Delete berta' }).click();
  await expect(row).toHaveCount(0);
});

test('the log tells who did what, and the server how it is', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('logged', 'Logged');
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Audit log');
  await page.getByLabel('To what').fill('layer:logged');
  await page.getByRole('button', { name: 'Find' }).click();
  const rows = page.getByRole('row').filter({ hasText: 'layer:' });
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('admin');
  await expect(rows).toContainText('Layer created');
  await rows.getByText('Details').click();
  await expect(rows.locator('pre')).toContainText('Logged');
  await admin.open('Server');
  await expect(page.getByText(/^\d+\.\d+\.\d+/)).toBeVisible();
  await expect(page.getByText('plain HTTP')).toBeVisible();
  await expect(page.getByText('None yet')).toBeVisible();
  await admin.open('Invitations');
  await expect(page.getByText('CAIRN_REGISTRATION')).toBeVisible();
});

test('a sign-in is ended from the page of the account', async ({ page, server, request }) => {
  await new Elsewhere(request, server).signIn();
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Your account');
  const buttons = page.getByRole('button', { name: /^End the sign-in of/ });
  await expect(buttons.nth(1)).toBeVisible();
  const before = await buttons.count();
  await buttons.last().click();
  await expect(page.getByText('Ended.')).toBeVisible();
  await expect(buttons).toHaveCount(before - 1);
});
