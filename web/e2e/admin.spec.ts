import { AdminPage, COOKIE, PASSWORD } from './admin-page';
import { seriousViolations } from './axe';
import { expect, test } from './fixtures';
import { startServer, type Server } from './server';

/** Chromium writes this when a request is answered with a status of errors. */
const UNAUTHORIZED = /^console: Failed to load resource: the server responded with a status of 401 /;

const SECTIONS = ['Locations', 'Import and export', 'Layers', 'Your account', 'API tokens', 'Accounts', 'Invitations', 'Audit log', 'Server'];

test('the set-up link makes the first administrator, whose session lasts until they sign out', async ({ page, faults }) => {
  const fresh: Server = await startServer();
  try {
    faults.visit(fresh.url);
    const admin = new AdminPage(page);
    await page.goto(fresh.setupUrl ?? '');
    const form = page.getByRole('form', { name: 'Set up this server' });
    await expect(form.getByLabel('User name')).toBeFocused();
    await form.getByLabel('User name').fill('root');
    await form.getByLabel('Password').fill('short');
    await form.getByRole('button', { name: 'Make the account' }).click();
    await expect(admin.alert).toContainText('12');
    await form.getByLabel('Password').fill(PASSWORD);
    await form.getByRole('button', { name: 'Make the account' }).click();
    await admin.isSignedInAs('root', 'ADMIN');
    expect(page.url()).toBe(fresh.adminUrl);

    await page.reload();
    await admin.isSignedInAs('root', 'ADMIN');
    const first = await admin.cookie();
    expect(first).toMatchObject({ httpOnly: true, secure: true, sameSite: 'Strict', path: '/' });
    expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length])).toEqual(['', 0, 0]);

    await admin.open('Your account');
    await admin.changePassword(PASSWORD, 'rain on slate roofs');
    await expect(page.getByText('The password is changed.')).toBeVisible();
    await page.reload();
    await admin.isSignedInAs('root', 'ADMIN');
    expect((await admin.cookie())?.value).not.toBe(first?.value);

    await admin.signOut();
    expect(await admin.cookie()).toBeUndefined();
    await page.reload();
    await admin.signIn('root', PASSWORD);
    await expect(admin.alert).toHaveText('The user name or the password is wrong.');
    await admin.signIn('root', 'rain on slate roofs');
    await admin.isSignedInAs('root', 'ADMIN');

    await page.goto('about:blank');
    await page.goto(fresh.setupUrl ?? '');
    await form.getByLabel('User name').fill('mallory');
    await form.getByLabel('Password').fill(PASSWORD);
    await form.getByRole('button', { name: 'Make the account' }).click();
    await expect(admin.alert).toContainText('The set-up link is not valid any more');
  } finally {
    await fresh.stop();
  }
});

for (const host of ['127.0.0.1', 'localhost']) {
  test(`over plain HTTP the browser keeps the session of ${host}`, async ({ page, server, faults }) => {
    const address = server.adminUrl.replace('127.0.0.1', host);
    faults.visit(address);
    const admin = new AdminPage(page);
    await page.goto(address);
    await expect(page.getByText('without HTTPS')).toHaveCount(0);
    await admin.signIn('admin');
    await admin.isSignedInAs('admin', 'ADMIN');
    expect((await admin.cookie())?.value).toMatch(/^cairnr_/);
    await page.reload();
    await admin.isSignedInAs('admin', 'ADMIN');
  });
}

test('a session that was revoked elsewhere ends with a sentence', async ({ page, server, faults, request }) => {
  faults.expect(UNAUTHORIZED);
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.isSignedInAs('admin', 'ADMIN');
  const ask = async (query: string, token?: string): Promise<Record<string, { accessToken: string }>> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await request.post('/graphql', { data: { query }, headers });
    const answer = (await response.json()) as { data: Record<string, { accessToken: string }> };
    return answer.data;
  };
  const { login } = await ask(`mutation { login(username: "admin", password: "${PASSWORD}") { accessToken } }`);
  await ask('mutation { revokeSessions }', login?.accessToken);
  // Whatever the open section asks next may find it out before this one does, so no link is clicked here.
  await page.evaluate(() => {
    location.hash = '#tokens';
  });
  await expect(page.getByText('Your session has ended. Sign in again.')).toBeVisible();
  await expect(admin.signInForm).toBeVisible();
  expect(await admin.cookie()).toBeUndefined();
});

test('an API token is shown once and revoked', async ({ page, server, request }) => {
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('API tokens');
  const form = page.getByRole('form', { name: 'New token' });
  await form.getByLabel('Name').fill('nightly import');
  await form.getByLabel('locations:write').check();
  await form.getByRole('button', { name: 'Make the token' }).click();
  const token = (await page.locator('.shown code').textContent()) ?? '';
  expect(token).toMatch(/^cairn_/);
  const me = async (): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await request.post('/graphql', { data: { query: '{ me { username } }' }, headers })).status();
  };
  expect(await me()).toBe(200);
  const row = page.getByRole('row', { name: /nightly import/ });
  await expect(row).toContainText('locations:write');
  page.on('dialog', (dialog) => void dialog.accept());
  await row.getByRole('button', { name: 'Revoke nightly import' }).click();
  await expect(page.getByText('nightly import is revoked.')).toBeVisible();
  await expect(row).toHaveCount(0);
  expect(await me()).toBe(401);
});

test('an administrator makes an account, gives it a role and disables it', async ({ page, server, browser }) => {
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await admin.signIn('admin');
  await admin.open('Accounts');
  const form = page.getByRole('form', { name: 'New account' });
  await form.getByLabel('User name').fill('anna');
  await form.getByLabel('Password').fill(PASSWORD);
  await form.getByRole('button', { name: 'Make the account' }).click();
  const row = page.getByRole('row', { name: /^anna/ });
  await expect(row.getByRole('combobox')).toHaveValue('VIEWER');
  await row.getByRole('combobox').selectOption('EDITOR');
  await row.getByRole('button', { name: 'Save the role of anna' }).click();
  await expect(page.getByText('anna is changed.')).toBeVisible();
  await expect(row.getByRole('combobox')).toHaveValue('EDITOR');

  const elsewhere = await browser.newContext({ locale: 'en-GB' });
  const anna = new AdminPage(await elsewhere.newPage());
  await anna.page.goto(server.adminUrl);
  await anna.signIn('anna');
  await anna.isSignedInAs('anna', 'EDITOR');
  await expect(anna.page.getByRole('link', { name: 'Accounts', exact: true })).toHaveCount(0);

  page.on('dialog', (dialog) => void dialog.accept());
  await row.getByRole('button', { name: 'Disable anna' }).click();
  await expect(row).toContainText('Disabled');
  await anna.page.reload();
  await expect(anna.signInForm).toBeVisible();
  expect((await elsewhere.cookies()).filter(({ name }) => name === COOKIE)).toEqual([]);
  await elsewhere.close();

  await page.getByRole('row', { name: /^admin/ }).getByRole('button', { name: 'Disable admin' }).click();
  await expect(admin.alert).toContainText('administrator');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in ${colorScheme} colours`, () => {
    test.use({ colorScheme });

    test('axe finds nothing serious on any view of the admin page', async ({ page, server }) => {
      const admin = new AdminPage(page);
      await page.goto(server.adminUrl);
      await expect(admin.signInForm).toBeVisible();
      expect(await seriousViolations(page)).toEqual([]);
      await admin.signIn('admin');
      for (const section of SECTIONS) {
        await admin.open(section);
        await expect(page.getByText('One moment')).toHaveCount(0);
        expect(await seriousViolations(page), section).toEqual([]);
      }
      await page.goto(`${server.adminUrl}#setup=cairns_x`);
      await expect(page.getByRole('form', { name: 'Set up this server' })).toBeVisible();
      expect(await seriousViolations(page)).toEqual([]);
    });
  });
}

test('the keyboard alone signs in, changes the section and signs out', async ({ page, server }) => {
  const admin = new AdminPage(page);
  await page.goto(server.adminUrl);
  await expect(admin.signInForm.getByLabel('User name')).toBeFocused();
  await page.keyboard.type('admin');
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await admin.isSignedInAs('admin', 'ADMIN');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  for (const name of ['Map', 'Sign out', 'Locations', 'Import and export']) {
    await page.keyboard.press('Tab');
    await expect(page.getByRole(name === 'Sign out' ? 'button' : 'link', { name })).toBeFocused();
  }
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: 'Import and export' })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
  await page.getByRole('button', { name: 'Sign out' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('You are signed out.')).toBeVisible();
  await expect(admin.signInForm.getByLabel('User name')).toBeFocused();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test('nothing is wider than the screen', async ({ page, server }) => {
    const admin = new AdminPage(page);
    await page.goto(server.adminUrl);
    await admin.signIn('admin');
    for (const section of SECTIONS) {
      await admin.open(section);
      await expect(page.getByText('One moment')).toHaveCount(0);
      expect(await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]), section).toEqual([390, 390]);
    }
  });
});

test.describe('for a reader of German', () => {
  test.use({ locale: 'de-AT' });

  test('the pages speak German', async ({ page, server }) => {
    await page.goto(server.adminUrl);
    await expect(page.getByRole('heading', { name: 'Anmelden' })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    await page.goto('/');
    await expect(page.getByRole('heading', { name: 'Ebenen' })).toBeVisible();
  });
});

test('what everybody tries is a decoy that never lets anybody in', async ({ page, faults }) => {
  faults.expect(/^console: Failed to load resource: the server responded with a status of 403 /);
  await page.goto('/admin');
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toHaveText('The username or the password is wrong.');
  expect(await page.context().cookies()).toEqual([]);
});
