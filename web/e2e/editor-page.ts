// The editor of the admin page as a person sees it.
import { expect, type APIRequestContext, type Locator, type Page } from '@playwright/test';
import { AdminPage, PASSWORD } from './admin-page';
import type { Server } from './server';

/** Asks the API as the administrator, beside the page: what somebody else does meanwhile. */
export class Elsewhere {
  #token = '';

  constructor(
    private readonly request: APIRequestContext,
    private readonly server: Server,
  ) {}

  async ask<Data>(query: string, variables: object = {}): Promise<Data> {
    const headers = this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
    const response = await this.request.post(new URL('graphql', this.server.url).href, { data: { query, variables }, headers });
    const answer = (await response.json()) as { data: Data; errors?: unknown };
    expect(answer.errors, query).toBeUndefined();
    return answer.data;
  }

  async signIn(): Promise<this> {
    const query = 'mutation Enter($password: String!) { login(username: "admin", password: $password) { accessToken } }';
    this.#token = (await this.ask<{ login: { accessToken: string } }>(query, { password: PASSWORD })).login.accessToken;
    return this;
  }

  /** A private one: the tests of the map count what visitors see. */
  async makeLayer(key: string, title: string, propertySchema: object | null = null): Promise<void> {
    await this.ask('mutation Make($input: CreateLayerInput!) { createLayer(input: $input) { layer { key } } }', { input: { key, title, propertySchema, visibility: 'PRIVATE' } });
  }

  async make(layer: string, name: string, geometry: object, properties: object = {}): Promise<string> {
    const query = 'mutation Make($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }';
    const made = await this.ask<{ createLocation: { location: { id: string } } }>(query, { input: { layer, name, geometry, properties } });
    return made.createLocation.location.id;
  }

  /** So many trees on one line, each with a number; every thirtieth stands, the others are felled. */
  async makeMany(layer: string, count: number): Promise<void> {
    const query = 'mutation Many($layer: String!, $input: [UpsertLocationInput!]!) { upsertLocations(layer: $layer, input: $input) { created } }';
    const trees = Array.from({ length: count }, (_, index) => ({ externalId: `tree-${index}`, name: `Tree ${index}`, geometry: { type: 'Point', coordinates: [index / 100, 50] }, properties: { kind: index % 30 === 0 ? 'tree' : 'felled' } }));
    for (let from = 0; from < count; from += 500) await this.ask(query, { layer, input: trees.slice(from, from + 500) });
  }

  /** How many of a layer are of a kind. */
  async count(layer: string, kind: string): Promise<number> {
    const query = 'query Count($layer: String!, $kind: JSON!) { locations(filter: { layer: { eq: $layer }, property: { path: "kind", eq: $kind } }) { totalCount } }';
    return (await this.ask<{ locations: { totalCount: number } }>(query, { layer, kind })).locations.totalCount;
  }

  async rename(id: string, name: string): Promise<void> {
    await this.ask('mutation Rename($id: ID!, $name: String!) { updateLocation(id: $id, input: { name: $name }) { location { id } } }', { id, name });
  }

  /** The locations of a layer by name. */
  async contents(layer: string): Promise<{ id: string; name: string; geometry: { type: string; coordinates: unknown }; properties: Record<string, unknown> }[]> {
    const query = 'query Contents($layer: String!) { locations(filter: { layer: { eq: $layer } }, orderBy: [{ field: NAME }]) { nodes { id name geometry properties } } }';
    return (await this.ask<{ locations: { nodes: Awaited<ReturnType<Elsewhere['contents']>> } }>(query, { layer })).locations.nodes;
  }
}

export class EditorPage {
  readonly form: Locator;
  readonly map: Locator;
  readonly table: Locator;
  readonly text: Locator;
  readonly alert: Locator;
  readonly status: Locator;

  constructor(readonly page: Page) {
    this.form = page.getByRole('form', { name: 'Location' });
    this.map = page.locator('.editor-map .map');
    this.table = page.getByRole('region', { name: 'Locations of the layer' });
    this.text = this.form.getByLabel('Shape as text');
    this.alert = page.getByRole('alert').filter({ hasText: /./ });
    this.status = page.locator('.editor > .done');
  }

  /** Opens a well of a new layer `kept`, and gives it a name that is not saved yet. */
  async beginWork(server: Server, elsewhere: Elsewhere): Promise<void> {
    await elsewhere.makeLayer('kept', 'Kept');
    await elsewhere.make('kept', 'Well', { type: 'Point', coordinates: [1, 2] });
    await this.enter(server, 'Kept');
    await this.open('Well');
    await this.form.getByLabel('Name').fill('Deep well');
  }

  /** Signs in, opens the editor and chooses a layer. */
  async enter(server: Server, layer: string): Promise<void> {
    await this.page.goto(server.adminUrl);
    const admin = new AdminPage(this.page);
    await admin.signIn('admin');
    await admin.isSignedInAs('admin', 'ADMIN');
    await this.choose(layer);
  }

  async choose(layer: string): Promise<void> {
    const choice = this.page.getByLabel('Layer', { exact: true });
    await expect(choice.getByRole('option', { name: layer })).toBeAttached();
    await choice.selectOption(layer);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name });
  }

  row(name: string): Locator {
    return this.table.getByRole('row').filter({ has: this.page.getByRole('button', { name, exact: true }) });
  }

  async open(name: string): Promise<void> {
    await this.row(name).getByRole('button').click();
    await expect(this.form.getByRole('heading', { name })).toBeVisible();
  }

  async type(shape: string): Promise<void> {
    await this.text.fill(shape);
    await this.form.getByRole('button', { name: 'Use this text' }).click();
  }

  async save(): Promise<void> {
    await this.form.getByRole('button', { name: 'Save', exact: true }).click();
  }

  async saved(): Promise<void> {
    await expect(this.status).toHaveText('Saved.');
  }

  async undo(): Promise<void> {
    await this.button(/^Undo/).click();
  }

  /** Clicks the map at parts of its size. */
  async clickMap(...places: [x: number, y: number][]): Promise<void> {
    await this.map.scrollIntoViewIfNeeded();
    const box = await this.map.boundingBox();
    if (box === null) throw new Error('the map is not on the page');
    for (const [x, y] of places) {
      await this.page.mouse.move(box.x + box.width * x, box.y + box.height * y);
      await this.page.mouse.click(box.x + box.width * x, box.y + box.height * y);
    }
  }
}
