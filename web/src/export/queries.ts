// What the exports in the background ask and tell the server.
import type { ResultOf, VariablesOf } from 'gql.tada';
import { graphql } from '../shared/graphql';
import type { Session } from '../shared/session';
import type { Format } from '../map/query-text';

const COUNT = graphql(`
  query ExportCount($layer: String!) {
    locationStats(filter: { layer: { eq: $layer } }) { count }
  }
`);

const EXPORT = graphql(`
  mutation ExportLayer($layer: String!, $format: ExportFormat!) {
    exportLocations(layer: $layer, format: $format) { id }
  }
`);

const JOBS = graphql(`
  query ExportJobs {
    exportJobs(first: 20) {
      id state layer format progress written bytes createdAt expiresAt
      losses { loss count }
      error { message }
    }
  }
`);

const CANCEL = graphql(`
  mutation CancelExport($id: ID!) {
    cancelExport(id: $id) { id }
  }
`);

const DELETE = graphql(`
  mutation DeleteExport($id: ID!) {
    deleteExport(id: $id)
  }
`);

export type ExportJob = ResultOf<typeof JOBS>['exportJobs'][number];
type Word = VariablesOf<typeof EXPORT>['format'];

/** The words of the server for the endings of files. */
const WORDS = {
  geojson: 'GEOJSON',
  geojsonl: 'GEOJSON_LINES',
  csv: 'CSV',
  gpx: 'GPX',
  kml: 'KML',
  fgb: 'FLATGEOBUF',
  gpkg: 'GEOPACKAGE',
} as const satisfies Record<Format, Word>;

/** What the file of a job is called. */
export function fileName({ layer, format }: Pick<ExportJob, 'layer' | 'format'>): string {
  const ending = Object.entries(WORDS).find(([, word]) => word === format)?.[0];
  return ending === undefined ? layer : `${layer}.${ending}`;
}

export class ExportApi {
  constructor(private readonly session: Session) {}

  async count(layer: string): Promise<number> {
    return (await this.session.ask(COUNT, { layer })).locationStats.count;
  }

  async begin(layer: string, format: Format): Promise<void> {
    await this.session.ask(EXPORT, { layer, format: WORDS[format] });
  }

  async jobs(): Promise<ExportJob[]> {
    return (await this.session.ask(JOBS, {})).exportJobs;
  }

  async cancel(id: string): Promise<void> {
    await this.session.ask(CANCEL, { id });
  }

  async delete(id: string): Promise<void> {
    await this.session.ask(DELETE, { id });
  }
}
