import { AdminPage, COOKIE, PASSWORD } from './admin-page';
import { seriousViolations } from './axe';
import { expect, test } from './fixtures';
import { startServer } from './server';

test('an invitation makes an account and signs its owner in', async ({ page, faults, playwright }) => {
  const server = await startServer({ CAIRN_ADMIN_PASSWORD: PASSWORD, CAIRN_REGISTRATION: 'invite' });
  try {
    faults.visit(server.url);
    const request = await playwright.request.newContext({ baseURL: server.url });
    const ask = async (query: string, token = ''): Promise<Record<string, Record<string, string>>> => {
      const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
      return ((await (await request.post('/graphql', { data: { query }, headers })).json()) as { data: Record<string, Record<string, string>> }).data;
    };
    const { login } = await ask(`mutation { login(username: "admin", password: "${PASSWORD}") { accessToken } }`);
    const { invite } = await ask('mutation { invite(email: "anna@example.org", role: EDITOR) { link } }', login?.accessToken);
    await request.dispose();
    // The server was told port 0, so the link names no port that anybody could ask.
    const link = new URL(invite?.link ?? '');

    await page.goto(`${server.url}${link.pathname}${link.hash}`);
    const form = page.getByRole('form', { name: 'You are invited' });
    await expect(form.getByLabel('User name')).toBeFocused();
    expect(await seriousViolations(page)).toEqual([]);
    await form.getByLabel('User name').fill('admin');
    await form.getByLabel('Password').fill(PASSWORD);
    await form.getByRole('button').click();
    await expect(page.getByRole('alert')).not.toBeEmpty();
    await form.getByLabel('User name').fill('anna');
    await form.getByRole('button').click();
    await expect(page.getByText('Your account is ready, and you are signed in.')).toBeFocused();
    expect(new URL(page.url()).hash).toBe('');
    expect((await page.context().cookies()).map(({ name }) => name)).toEqual([COOKIE]);

    await page.goto(server.adminUrl);
    await new AdminPage(page).isSignedInAs('anna', 'EDITOR');
    // The editor asks for its layers: it is left before its server stops.
    await page.goto('about:blank');
  } finally {
    await server.stop();
  }
});

for (const [path, title, sentence] of [
  ['/account/verify#cairnv_AAAA', 'Confirm your address', 'Nobody registers on this server'],
  ['/account/reset#cairnp_AAAA', 'Choose a new password', 'The link is not valid any more'],
] as const) {
  test(`${path} says what the server says of its token`, async ({ page }) => {
    await page.goto(path);
    const form = page.getByRole('form', { name: title });
    await expect(form.getByRole('alert')).toBeEmpty();
    expect(await seriousViolations(page)).toEqual([]);
    const password = form.getByLabel('New password');
    if (await password.isVisible()) await password.fill(PASSWORD);
    await form.getByRole('button').click();
    await expect(form.getByRole('alert')).toContainText(sentence);
  });
}

test('a link that is not whole is said, and a whole one put in its place works', async ({ page }) => {
  await page.goto('/account/reset#cairnp');
  await expect(page.getByRole('alert')).toHaveText('This link is not whole. Copy it again from the mail.');
  await page.goto('/account/reset#cairnp_AAAA');
  await expect(page.getByRole('form', { name: 'Choose a new password' })).toBeVisible();
});
