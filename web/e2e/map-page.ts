// The map page as the tests speak of it: its parts by the names a screen reader gives them, and where places lie on it.
import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { expect } from './fixtures';

/** The layers of the demo, topmost first as in the legend. The empty layer for places to come is not in it. */
export const LAYERS = [
  { title: 'Cities', file: 'cities' },
  { title: 'Earthquakes', file: 'earthquakes' },
  { title: 'Borders', file: 'borders' },
  { title: 'Countries', file: 'countries' },
];

/** A view over the north of Europe: few places, and the same on every screen of the tests. */
export const EUROPE = '#5/54/10';

/** How many locations a demo layer has by its file. */
export function countIn(file: string): number {
  const text = readFileSync(new URL(`../../demo/${file}.geojson`, import.meta.url), 'utf8');
  return (JSON.parse(text) as { features: unknown[] }).features.length;
}

export class MapPage {
  readonly map: Locator;
  readonly legend: Locator;
  readonly list: Locator;
  readonly count: Locator;
  readonly popup: Locator;
  readonly loading: Locator;
  readonly error: Locator;
  readonly search: Locator;
  readonly hits: Locator;
  readonly filter: Locator;
  readonly filterCount: Locator;
  readonly nearby: Locator;
  readonly drawBar: Locator;

  constructor(readonly page: Page) {
    this.map = page.getByRole('application', { name: /^Map\./ });
    this.legend = page.getByRole('region', { name: 'Layers' });
    this.list = page.getByRole('region', { name: 'In view' });
    this.count = page.locator('.list .list-count');
    this.popup = page.locator('.place[role=dialog]');
    this.loading = page.locator('.notices').getByRole('status');
    this.error = page.locator('.notices').getByRole('alert');
    this.search = page.getByRole('combobox', { name: 'Search for a place or a coordinate' });
    this.hits = page.getByRole('listbox').getByRole('option');
    this.filter = page.locator('.filter');
    this.filterCount = this.filter.getByRole('status');
    this.nearby = page.getByRole('region', { name: /^Around / });
    this.drawBar = page.getByRole('group', { name: 'Drawing an area' });
  }

  async open(hash = ''): Promise<void> {
    await this.page.goto(`/${hash}`);
    await this.hasPlaces();
  }

  /** Waits until the places of every layer shown have arrived. */
  async hasPlaces(): Promise<void> {
    await expect(this.count).toHaveText(/^[1-9][\d,]* places? in view$/);
    await expect(this.loading).toBeEmpty();
  }

  layer(title: string): Locator {
    return this.legend.getByRole('checkbox', { name: title });
  }

  /** The part of the list that belongs to a layer. */
  group(title: string): Locator {
    return this.list.locator('.list-group').filter({ has: this.page.getByRole('heading', { name: title }) });
  }

  row(name: string): Locator {
    return this.list.locator('.row').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async openFilter(): Promise<void> {
    await this.filter.locator('summary').click();
    await expect(this.filterCount).toHaveText(/ places pass\.$/);
  }

  /** Adds a condition: property by its label within its layer, comparison, value. */
  async addCondition(layer: string, property: string, operator: string, value: string): Promise<void> {
    await this.filter.getByRole('button', { name: 'Add a condition' }).click();
    const row = this.filter.locator('.condition').last();
    const option = row.locator(`optgroup[label="${layer}"] option`).filter({ hasText: new RegExp(`^${property}$`) });
    await row.getByLabel('Property').selectOption((await option.getAttribute('value')) ?? '');
    await row.getByLabel('Comparison').selectOption(operator);
    await row.getByLabel('Value').fill(value);
  }

  /** Where a position lies in the view of the link, in pixels of the page. */
  async pixelOf(longitude: number, latitude: number): Promise<{ x: number; y: number }> {
    const box = await this.map.boundingBox();
    if (box === null) throw new Error('the map is not on the screen');
    const { x, y } = this.#inMap(longitude, latitude, box);
    return { x: box.x + x, y: box.y + y };
  }

  #inMap(longitude: number, latitude: number, box: { width: number; height: number }): { x: number; y: number } {
    const [zoom = 0, centerLatitude = 0, centerLongitude = 0] = this.viewInLink();
    const [x, y] = mercator(longitude, latitude, zoom);
    const [centerX, centerY] = mercator(centerLongitude, centerLatitude, zoom);
    return { x: box.width / 2 + x - centerX, y: box.height / 2 + y - centerY };
  }

  /** Clicks on the map where a position lies in the view of the link; longitudes beyond 180 are the next world. */
  async clickAt(longitude: number, latitude: number): Promise<void> {
    const box = await this.map.boundingBox();
    if (box === null) throw new Error('the map is not on the screen');
    await this.map.click({ position: this.#inMap(longitude, latitude, box) });
  }

  /** Zoom, latitude and longitude. */
  viewInLink(): number[] {
    return new URL(this.page.url()).hash.slice(1).split('?')[0]?.split('/').map(Number) ?? [];
  }

  /** Moves the mouse about the middle of the map until the tooltip says `text`: Leaflet skips moves that follow closely. */
  async hoverMiddle(text: string): Promise<void> {
    const box = await this.map.boundingBox();
    if (box === null) throw new Error('the map is not on the screen');
    let aside = 0;
    await expect(async () => {
      aside = 1 - aside;
      await this.page.mouse.move(box.x + box.width / 2 + aside, box.y + box.height / 2);
      await expect(this.page.getByRole('tooltip')).toHaveText(text, { timeout: 200 });
    }).toPass({ timeout: 15_000 });
  }

  /** Whether a colour, as a custom property of the style sheet, is drawn on the base map. */
  async baseMapShows(property: string): Promise<boolean> {
    return this.page.evaluate((name) => {
      const canvas = document.querySelector<HTMLCanvasElement>('.basemap canvas');
      const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
      if (pixels === undefined) return false;
      const color = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
      const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
      for (let at = 0; at < pixels.length; at += 4) {
        if (pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue && pixels[at + 3] === 255) return true;
      }
      return false;
    }, property);
  }
}

/** Pixels in web Mercator with tiles of 256 pixels. */
function mercator(longitude: number, latitude: number, zoom: number): [number, number] {
  const size = 256 * 2 ** zoom;
  const y = Math.asinh(Math.tan((latitude * Math.PI) / 180)) / (2 * Math.PI);
  return [(longitude / 360 + 0.5) * size, (0.5 - y) * size];
}
