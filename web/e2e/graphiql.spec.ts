import { EXAMPLES, TABS } from '../src/graphiql/examples';
import { AdminPage } from './admin-page';
import { expect, test } from './fixtures';

test('GraphiQL runs its first example against the server and shows the answer', async ({ page }) => {
  await page.goto('/graphiql/');
  await expect(page.getByRole('tab')).toHaveCount(TABS.length);
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('ViewBox');
  const answered = page.waitForResponse((response) => response.request().postData()?.includes('query ViewBox') === true);
  await page.getByRole('button', { name: /^Execute query/ }).click();
  expect((await answered).status()).toBe(200);
  await expect(page.locator('.graphiql-response .view-lines')).toContainText('FeatureCollection');
});

test('GraphiQL asks the example of another tab', async ({ page }) => {
  await page.goto('/graphiql/');
  // Until the editors are there, a tab that is chosen does not change the question.
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('ViewBox');
  await page.getByRole('tab', { name: 'Radius' }).click();
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('Radius');
  // GraphiQL reads the name of the operation a moment after the question is shown: it is asked until it has.
  await expect(async () => {
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await expect(page.locator('.graphiql-response .view-lines')).toContainText('totalCount', { timeout: 2_000 });
  }).toPass();
});

test('GraphiQL is a click away from the map', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'GraphiQL' }).click();
  await expect(page).toHaveURL(/\/graphiql\/$/);
  await expect(page.getByRole('button', { name: /^Execute query/ })).toBeVisible();
});

test('every example has an answer with places in it', async ({ request }) => {
  for (const { query } of EXAMPLES) {
    const response = await request.post('/graphql', { data: { query } });
    const answer = (await response.json()) as { data?: object; errors?: unknown };
    expect(answer.errors, query).toBeUndefined();
    expect(JSON.stringify(answer.data), query).toContain('"name":"');
  }
});

test('GraphiQL asks as who is signed in, at a click', async ({ page, server }) => {
  await page.goto('/graphiql/');
  await page.getByRole('button', { name: 'Ask as who you are signed in' }).click();
  await expect(page.getByText('Nobody is signed in on the admin page of this browser.')).toBeVisible();
  await page.goto(server.adminUrl);
  const admin = new AdminPage(page);
  await admin.signIn('admin');
  await admin.isSignedInAs('admin', 'ADMIN');
  await page.goto(`/graphiql/#${new URLSearchParams({ query: '{ me { username role } }' }).toString()}`);
  await expect(page.locator('.graphiql-query-editor .view-lines')).toContainText('me');
  await page.getByRole('button', { name: 'Ask as who you are signed in' }).click();
  await expect(page.getByText('You ask as admin.')).toBeVisible();
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await expect(page.locator('.graphiql-response .view-lines')).toContainText('ADMIN');
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }))).not.toContain('eyJ');
  await page.getByRole('button', { name: 'Ask as a visitor' }).click();
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await expect(page.locator('.graphiql-response .view-lines')).not.toContainText('ADMIN');
});
