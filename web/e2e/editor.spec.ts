import { seriousViolations } from './axe';
import { Elsewhere, EditorPage } from './editor-page';
import { expect, test } from './fixtures';

const SQUARE = { type: 'Polygon', coordinates: [[[10, 50], [14, 50], [14, 53], [10, 53], [10, 50]]] };
const SCHEMA = {
  type: 'object',
  required: ['kind'],
  properties: { kind: { enum: ['mill', 'barn'] }, height: { type: 'number', title: 'Height in metres', minimum: 0 } },
};

test('a location is made on the map, corrected, and undone step by step', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('made', 'Made here', SCHEMA);
  const editor = new EditorPage(page);
  await editor.enter(server, 'Made here');
  await expect(editor.status).toHaveCount(1);
  await editor.button('New location').click();
  await editor.form.getByLabel('Name').fill('Mill <b>on</b> the hill');
  await editor.button('Add a point').click();
  await editor.clickMap([0.5, 0.5]);
  await expect(editor.form.getByText('1. Point')).toBeVisible();
  await editor.form.getByLabel('Kind (needed)').selectOption('mill');
  await editor.form.getByLabel('Height in metres').fill('-2');
  await editor.save();
  await expect(editor.alert).toContainText('height');
  await editor.form.getByLabel('Height in metres').fill('12,5');
  await editor.save();
  await editor.saved();
  await expect(editor.row('Mill <b>on</b> the hill')).toBeVisible();
  expect(await elsewhere.contents('made')).toMatchObject([{ name: 'Mill <b>on</b> the hill', properties: { kind: 'mill', height: 12.5 } }]);

  await editor.type('48.85, 2.29');
  await editor.form.getByLabel('Height in metres').fill('13');
  await expect(editor.button('Undo: change height')).toBeVisible();
  await editor.undo();
  await expect(editor.form.getByLabel('Height in metres')).toHaveValue('12.5');
  await editor.save();
  await editor.saved();
  expect((await elsewhere.contents('made'))[0]?.geometry).toEqual({ type: 'Point', coordinates: [2.29, 48.85] });
  await editor.undo();
  await expect(editor.status).toContainText('Undone: save');
  await expect(editor.text).not.toHaveValue('48.85, 2.29');
  await editor.undo();
  await expect(editor.status).toContainText('Undone: create');
  await expect(editor.row('Mill <b>on</b> the hill')).toHaveCount(0);
  await expect.poll(() => elsewhere.contents('made')).toEqual([]);
  await editor.button(/^Redo/).click();
  await expect(editor.row('Mill <b>on</b> the hill')).toBeVisible();
});

test('a corner of a polygon is dragged, a hole is cut, a second part is added', async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('shapes', 'Shapes');
  await elsewhere.make('shapes', 'Square', SQUARE);
  const editor = new EditorPage(page);
  await editor.enter(server, 'Shapes');
  await editor.open('Square');
  const corners = page.locator('.leaflet-marker-icon.marker-icon:not(.marker-icon-middle)');
  await expect(corners).toHaveCount(4);
  await corners.first().scrollIntoViewIfNeeded();
  const corner = await corners.first().boundingBox();
  if (corner === null) throw new Error('the polygon has no handle');
  await page.mouse.move(corner.x + corner.width / 2, corner.y + corner.height / 2);
  await page.mouse.down();
  await page.mouse.move(corner.x - 40, corner.y - 30, { steps: 5 });
  await page.mouse.up();
  await expect(editor.button('Undo: change the shape')).toBeVisible();
  await editor.button('Cut a hole').click();
  await expect(editor.button('Cut a hole')).toHaveAttribute('aria-pressed', 'true');
  await editor.clickMap([0.45, 0.45], [0.55, 0.45], [0.5, 0.55]);
  await editor.button('Finish').click();
  await expect(editor.form.getByText('1. Polygon, 7 corners, 1 hole')).toBeVisible();
  await editor.type('MULTIPOLYGON (((10 50, 14 50, 14 53, 10 53, 10 50), (11 51, 12 51, 12 52, 11 51)), ((20 50, 22 50, 22 52, 20 50)))');
  await expect(editor.form.getByText('2. Polygon, 3 corners')).toBeVisible();
  await editor.save();
  await editor.saved();
  expect((await elsewhere.contents('shapes'))[0]?.geometry).toMatchObject({ type: 'MultiPolygon' });
  await editor.undo();
  await expect(editor.form.getByText('1. Polygon, 4 corners')).toBeVisible();
  expect((await elsewhere.contents('shapes'))[0]?.geometry).toEqual(SQUARE);
});

test('what is not saved outlives a reload', async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  const editor = new EditorPage(page);
  await editor.beginWork(server, elsewhere);
  const warned = page.waitForEvent('dialog');
  const reloaded = page.reload();
  const dialog = await warned;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.accept();
  await reloaded;
  await expect(page.getByText('Here is what you had not saved.')).toBeVisible();
  await expect(editor.form.getByLabel('Name')).toHaveValue('Deep well');
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toMatch(/cairnr_|eyJ/);
  await editor.save();
  await editor.saved();
  expect(await elsewhere.contents('kept')).toMatchObject([{ name: 'Deep well' }]);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test('somebody else saved meanwhile: both versions, and a choice', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('shared', 'Shared');
  const id = await elsewhere.make('shared', 'Bridge', { type: 'Point', coordinates: [1, 2] }, { lanes: 2 });
  const editor = new EditorPage(page);
  await editor.enter(server, 'Shared');
  await editor.open('Bridge');
  await elsewhere.rename(id, 'Their bridge');
  await editor.form.getByLabel('Name').fill('My bridge');
  await editor.save();
  const dialog = page.getByRole('dialog', { name: 'Somebody else saved this location' });
  await expect(dialog.getByRole('row', { name: 'Name My bridge Their bridge' })).toBeVisible();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Go on editing' }).click();
  await expect(editor.form.getByLabel('Name')).toHaveValue('My bridge');
  await editor.save();
  await dialog.getByRole('button', { name: 'Take the stored version' }).click();
  await expect(editor.form.getByLabel('Name')).toHaveValue('Their bridge');
  await elsewhere.rename(id, 'Newer bridge');
  await editor.form.getByRole('textbox', { name: 'Lanes' }).fill('3');
  await editor.save();
  await dialog.getByRole('button', { name: 'Save my version' }).click();
  await editor.saved();
  expect(await elsewhere.contents('shared')).toMatchObject([{ name: 'Newer bridge', properties: { lanes: 3 } }]);
});

test('a deletion is undone, and so is one of many', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('many', 'Many');
  for (const name of ['Ash', 'Beech', 'Elm']) await elsewhere.make('many', name, SQUARE, { kind: 'tree' });
  const editor = new EditorPage(page);
  await editor.enter(server, 'Many');
  await editor.open('Beech');
  await editor.form.getByRole('button', { name: 'Delete' }).click();
  await expect(editor.status).toHaveText('Beech is deleted. “Undo” brings it back.');
  await expect(editor.row('Beech')).toHaveCount(0);
  await expect(editor.button('Undo: delete Beech')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(editor.row('Beech')).toBeVisible();
  await expect(editor.form.getByRole('textbox', { name: 'Kind' })).toHaveValue('tree');

  await editor.form.getByRole('button', { name: 'Close' }).click();
  await editor.row('Ash').getByRole('checkbox').check();
  await editor.row('Elm').getByRole('checkbox').check();
  await editor.button('Change a property …').click();
  const edit = page.getByRole('dialog', { name: 'Change a property' });
  await edit.getByRole('textbox', { name: 'Property', exact: true }).fill('kind');
  await edit.getByLabel('New value').fill('felled');
  await edit.getByRole('button', { name: 'Try it out' }).click();
  await expect(edit.getByText('2 locations would be changed.')).toBeVisible();
  expect(await seriousViolations(page)).toEqual([]);
  await edit.getByRole('button', { name: 'Change them' }).click();
  await expect(editor.row('Ash')).toContainText('felled');
  await expect(editor.row('Beech')).toContainText('tree');

  await editor.button('Delete …').click();
  const remove = page.getByRole('dialog', { name: 'Delete locations' });
  await expect(remove.getByText('3 locations would be deleted.')).toBeVisible();
  expect(await seriousViolations(page)).toEqual([]);
  await remove.getByRole('button', { name: 'Delete them' }).click();
  await expect(editor.row('Ash')).toHaveCount(0);
  await editor.undo();
  await expect(editor.row('Elm')).toContainText('felled');
  expect(await elsewhere.contents('many')).toMatchObject([{ name: 'Ash' }, { name: 'Beech' }, { name: 'Elm' }]);
});

test('more locations than a call takes are changed and deleted slice by slice', { tag: '@both' }, async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('forest', 'Forest');
  await elsewhere.makeMany('forest', 1_201);
  const editor = new EditorPage(page);
  await editor.enter(server, 'Forest');
  await expect(editor.row('Tree 1')).toBeVisible();

  await editor.button('Change a property …').click();
  const edit = page.getByRole('dialog', { name: 'Change a property' });
  await expect(edit.getByText('A change of more than 1,000 locations cannot be undone.')).toBeVisible();
  await edit.getByRole('textbox', { name: 'Property', exact: true }).fill('kind');
  await edit.getByLabel('New value').fill('felled');
  await edit.getByRole('button', { name: 'Try it out' }).click();
  await expect(edit.getByText('Of the first 1,000 locations 34 would be changed.')).toBeVisible();
  await edit.getByRole('button', { name: 'Change them' }).click();
  await expect(editor.status).toHaveText('41 locations are changed');
  expect(await elsewhere.count('forest', 'felled')).toBe(1_201);

  await editor.button('Delete …').click();
  const remove = page.getByRole('dialog', { name: 'Delete locations' });
  await expect(remove.getByText('1,201 locations would be deleted.')).toBeVisible();
  await remove.getByRole('button', { name: 'Delete them' }).click();
  await expect(editor.status).toHaveText('1,201 locations are deleted');
  expect(await elsewhere.count('forest', 'felled')).toBe(0);
});

test('the keyboard alone makes, changes and deletes a location', async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('keys', 'Keys');
  const editor = new EditorPage(page);
  await editor.enter(server, 'Keys');
  await editor.button('New location').focus();
  await page.keyboard.press('Enter');
  await expect(editor.form.getByLabel('Name')).toBeFocused();
  await page.keyboard.type('Oak');
  await editor.button('Add a line').focus();
  await page.keyboard.press('Enter');
  await expect(editor.map).toBeFocused();
  await page.keyboard.press('Enter');
  const moved = page.waitForResponse((response) => response.request().postData()?.includes('EditInView') === true);
  await page.keyboard.press('ArrowRight');
  await moved;
  await page.keyboard.press('Enter');
  await page.keyboard.press('Shift+Enter');
  await expect(editor.form.getByText('1. Line, 2 corners')).toBeVisible();
  await editor.text.focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('POINT (5 6)');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(editor.form.getByText('1. Point')).toBeVisible();
  await editor.form.getByLabel('Name').focus();
  await page.keyboard.press('Enter');
  await editor.saved();
  await editor.row('Oak').getByRole('button').focus();
  await editor.form.getByLabel('Name').focus();
  await page.keyboard.press('End');
  await page.keyboard.type(' tree');
  await page.keyboard.press('Enter');
  await expect(editor.row('Oak tree')).toBeVisible();
  expect(await elsewhere.contents('keys')).toMatchObject([{ name: 'Oak tree', geometry: { type: 'Point', coordinates: [5, 6] } }]);
  await editor.form.getByRole('button', { name: 'Delete' }).focus();
  await page.keyboard.press('Enter');
  await expect(editor.row('Oak tree')).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(editor.row('Oak tree')).toBeVisible();
});

test('a name that is markup stays text, and axe finds nothing serious in the editor', async ({ page, server, request }) => {
  const elsewhere = await new Elsewhere(request, server).signIn();
  await elsewhere.makeLayer('hostile', '<img src=x onerror=alert(1)>');
  const name = '<img src=x onerror="document.title=\'taken\'">';
  await elsewhere.make('hostile', name, SQUARE, { note: '<script>document.title="taken"</script>', '<b>key</b>': 1 });
  const editor = new EditorPage(page);
  await editor.enter(server, '<img src=x onerror=alert(1)>');
  await editor.open(name);
  expect(await page.locator('main img, main script, main b').count()).toBe(0);
  await expect(page).toHaveTitle('Cairn administration');
  expect(await seriousViolations(page)).toEqual([]);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });

  test('a location is made by touch, and nothing is wider than the screen', async ({ page, server, request }) => {
    const elsewhere = await new Elsewhere(request, server).signIn();
    await elsewhere.makeLayer('phone', 'Phone');
    const editor = new EditorPage(page);
    await editor.enter(server, 'Phone');
    await editor.button('New location').tap();
    await editor.form.getByLabel('Name').fill('Here');
    await editor.button('Add a point').tap();
    await editor.map.scrollIntoViewIfNeeded();
    await editor.map.tap({ position: { x: 150, y: 150 } });
    await expect(editor.form.getByText('1. Point')).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await editor.save();
    await editor.saved();
    expect(await elsewhere.contents('phone')).toMatchObject([{ name: 'Here', geometry: { type: 'Point' } }]);
  });
});
