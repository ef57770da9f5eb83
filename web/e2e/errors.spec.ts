import { expect, test } from './fixtures';
import { EUROPE, MapPage } from './map-page';

/** What Chromium itself writes to the console about a request that failed. */
const FAILED = /^console: Failed to load resource: net::ERR_FAILED .*\/graphql/;

test('a server that does not answer is said, and "Try again" tries again', async ({ page, faults }) => {
  faults.expect(FAILED);
  await page.route('**/graphql', (route) => route.abort());
  const map = new MapPage(page);
  await page.goto(`/${EUROPE}`);
  await expect(map.error).toContainText('The places could not be loaded.');
  await expect(map.error).toContainText('The server does not answer.');
  await expect(map.loading).toBeEmpty();
  const failed = page.waitForEvent('requestfailed');
  await map.error.getByRole('button', { name: 'Try again' }).click();
  await failed;
  await expect(map.error).toContainText('The server does not answer.');
  await page.unroute('**/graphql');
  await map.error.getByRole('button', { name: 'Try again' }).click();
  await map.hasPlaces();
  await expect(map.error).toBeEmpty();
  await expect(map.row('Berlin')).toBeVisible();
});

test('when one layer fails the others stay, and "Try again" asks for it alone', async ({ page, faults }) => {
  faults.expect(FAILED);
  const isCities = (text: string | null): boolean => text?.includes('"layer":"cities"') === true;
  await page.route('**/graphql', (route) => (isCities(route.request().postData()) ? route.abort() : route.continue()));
  const map = new MapPage(page);
  await page.goto(`/${EUROPE}`);
  await expect(map.error).toContainText('The places could not be loaded.');
  await expect(map.group('Countries')).toBeVisible();
  await expect(map.group('Cities')).toHaveCount(0);
  await page.unroute('**/graphql');
  const asked: (string | null)[] = [];
  page.on('request', (request) => void asked.push(request.postData()));
  await map.error.getByRole('button', { name: 'Try again' }).click();
  await expect(map.group('Cities')).toBeVisible();
  await expect(map.error).toBeEmpty();
  expect(asked.map(isCities)).toEqual([true]);
});

test('an error of the server is shown in its own words', async ({ page }) => {
  await page.route('**/graphql', (route) =>
    route.fulfill({ json: { errors: [{ message: 'the question is too deep', extensions: { code: 'BAD_INPUT' } }] } }));
  await page.goto(`/${EUROPE}`);
  await expect(new MapPage(page).error).toContainText('the question is too deep');
});

test('an answer that is no GraphQL is said with its status', async ({ page, faults }) => {
  faults.expect(/^console: Failed to load resource: the server responded with a status of 502 /);
  await page.route('**/graphql', (route) => route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }));
  await page.goto(`/${EUROPE}`);
  await expect(new MapPage(page).error).toContainText('not GraphQL (status 502)');
});
