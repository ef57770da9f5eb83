import { expect, it } from 'vitest';
import { featuresIn, sampleOf } from './sample';

const FILE = JSON.stringify({
  type: 'FeatureCollection',
  features: [
    { type: 'Feature', properties: { name: 'a' }, geometry: { type: 'Point', coordinates: [1, 2] } },
    { type: 'Feature', properties: null, geometry: null },
    { type: 'Feature', properties: null, geometry: { type: 'Point', coordinates: ['1', 2] } },
    'no feature',
  ],
});

it('reads the shapes of a feature collection and leaves out what is none', () => {
  expect(featuresIn(FILE).map(({ geometry, properties }) => [geometry, properties])).toEqual([[{ type: 'Point', coordinates: [1, 2] }, { name: 'a' }]]);
  expect(['', '{', '[]', '{"features":3}', 'name;x;y'].map(featuresIn)).toEqual([[], [], [], [], []]);
});

it('shows shapes of degrees alone', async () => {
  expect(await sampleOf(new Blob([FILE]), { crs: 'EPSG:4326', sample: [] })).toHaveLength(1);
  expect(await sampleOf(new Blob([FILE]), { crs: 'EPSG:25832', sample: [] })).toEqual([]);
});

it('shows what the server tells of a file that only the server reads', async () => {
  const sample = [{ name: 'a', geometry: { type: 'Point', coordinates: [3, 4] }, properties: {} }, { name: 'large', geometry: null }];
  const shown = await sampleOf(new Blob(['name,longitude,latitude']), { crs: 'EPSG:25832', sample });
  expect(shown.map(({ geometry }) => geometry)).toEqual([{ type: 'Point', coordinates: [3, 4] }]);
});
